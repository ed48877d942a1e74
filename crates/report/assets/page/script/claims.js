// The claims: a filter above their tables or list, and links to the curve that decided each.

/** Rows of tables over several experiments, or the claims of one. */
function claimRows() {
  const rows = [...document.querySelectorAll("table.overview tbody tr")];
  return rows.length ? rows : [...document.querySelectorAll("details.claim")];
}

function claimFilter() {
  const rows = claimRows();
  if (rows.length < 4) return;
  const words = unique(rows.map((row) => row.querySelector(".verdict")?.classList[1]).filter(Boolean));
  const text = html("input", { type: "search", id: "claim-filter", placeholder: "words, ids, experiments", input: () => filter() });
  const verdict = html("select", { id: "verdict-filter", change: () => filter() }, html("option", { value: "" }, "all verdicts"), ...words.map((word) => html("option", { value: word }, word)));
  const count = html("span", { class: "quiet", "aria-live": "polite" });
  const said = rows.map((row) => row.textContent.toLowerCase());
  function filter() {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    rows.forEach((row, at) => {
      const fits = wanted.every((word) => said[at].includes(word)) && (!verdict.value || row.querySelector(`.verdict.${verdict.value}`));
      row.hidden = !fits;
      left += fits ? 1 : 0;
    });
    for (const section of document.querySelectorAll("details.section")) {
      section.hidden = !section.querySelector("table.overview tbody tr:not([hidden])");
    }
    count.textContent = left === rows.length ? `${rows.length} claims` : `${left} of ${rows.length} claims`;
  }
  const bar = html("div", { class: "filter", role: "search", "aria-label": "Filter the claims" },
    html("label", {}, "Filter claims ", text), html("label", {}, "Verdict ", verdict), count);
  const heading = document.querySelector("[data-filter-place]");
  if (heading) heading.after(bar);
  else rows[0].before(bar);
  filter();
}

/** A link to a curve shows the curves that feed the claim, and the others faintly. */
function curveLinks(figures) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.curve");
    if (!link) return;
    const figure = figures.get(link.hash.slice(1));
    const claim = Number(link.dataset.claim);
    if (figure?.data.claims.some((one) => one.position === claim)) figure.change((view) => { view.claim = claim; });
  });
}

/** A claim that is linked to is opened. */
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target; fold; fold = fold.parentElement) {
    if (fold.tagName === "DETAILS") fold.open = true;
  }
}
