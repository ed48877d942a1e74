// Taking a figure or its numbers along: copied or saved, as SVG, PNG or CSV.

function taking(figure) {
  const kinds = { SVG: ["image/svg+xml", svgBlob], PNG: ["image/png", pngBlob], CSV: ["text/csv", csvBlob] };
  const hasNumbers = figure.data.panels.some((panel) => panel.kind !== "still");
  const names = Object.keys(kinds).filter((kind) => kind !== "CSV" || hasNumbers);
  const said = (text) => { figure.controls.querySelector(".said").textContent = text; };
  const act = (does, done) => (kind) => html("button", {
    type: "button", "aria-label": `${done === "copied" ? "Copy" : "Save"} as ${kind}`,
    click: () => does(figure, kind, kinds[kind]).then(() => said(`${kind} ${done}.`), (error) => said(`${kind} was not ${done}: ${error.message}. ${done === "copied" ? "Save it instead." : ""}`)),
  }, kind);
  return html("details", { class: "take" }, html("summary", {}, "Copy or save"),
    html("div", {}, "Copy ", ...names.map(act(copy, "copied"))),
    html("div", {}, "Save ", ...names.map(act(save, "saved"))));
}

async function save(figure, kind, [, make]) {
  const address = URL.createObjectURL(await make(figure));
  html("a", { href: address, download: `${figure.data.run}-${figure.data.name}.${kind.toLowerCase()}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

async function copy(figure, kind, [type, make]) {
  if (!navigator.clipboard) throw new Error("this browser lets no page copy");
  if (kind !== "PNG") return navigator.clipboard.writeText(await (await make(figure)).text());
  return navigator.clipboard.write([new ClipboardItem({ [type]: make(figure) })]);
}

/** The figure as it looks now, as a document of its own. */
function svgText(figure) {
  const copied = figure.wide.cloneNode(true);
  for (const left of copied.querySelectorAll(".replaced, .reading-dot")) left.remove();
  copied.setAttribute("xmlns", SVG);
  return new XMLSerializer().serializeToString(copied);
}

const svgBlob = async (figure) => new Blob([svgText(figure)], { type: "image/svg+xml" });
const csvBlob = async (figure) => new Blob([csvText(figure)], { type: "text/csv" });

/** Twice as many pixels as the picture has on the screen. */
async function pngBlob(figure) {
  const { width, height } = figure.wide.viewBox.baseVal;
  const image = new Image();
  const address = URL.createObjectURL(await svgBlob(figure));
  try {
    await new Promise((done, failed) => {
      image.onload = done;
      image.onerror = () => failed(new Error("the browser cannot draw it"));
      image.src = address;
    });
  } finally {
    URL.revokeObjectURL(address);
  }
  const canvas = html("canvas", { width: 2 * width, height: 2 * height });
  canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
  return new Promise((done) => { canvas.toBlob(done, "image/png"); });
}

/** The numbers of what is shown, as a table. */
function csvText(figure) {
  const head = ["panel", "model", "metric", "curve", "seed", "x_name", "x", "y_name", "y", "value"];
  const cell = (value) => (/[",\n\r]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value);
  const rows = figure.data.panels.flatMap((panel, at) => {
    const make = { curves: curveRows, "heat-map": mapRows, phases: phaseRows, points: pointRows }[panel.kind];
    return make ? make(panel, figure.view, panel.title || String(at + 1)) : [];
  });
  return [head, ...rows].map((row) => row.map((value) => cell(flat(String(value)))).join(",")).join("\n") + "\n";
}

function curveRows(panel, view, title) {
  return shown(panel, view).flatMap((series) => {
    const start = [title, panel.layers[series.layer].model, series.metric, panel.keys[series.key].label];
    const lines = [["median", series.median]];
    if (series.low.length) lines.push(["10 %", series.low], ["90 %", series.high]);
    if (series.values.length) lines.push(...seedCurves(series, view));
    const other = (at) => (series.times.length ? exact(series.times[at]) : "");
    return lines.flatMap(([seed, values]) => series.x.map((x, at) =>
      [...start, seed, panel.x.name, exact(x), panel.other ? panel.other[0] : "", panel.other ? other(at) : "", exact(values[at])]));
  });
}

function mapRows(panel, _, title) {
  return cellReadings(null, panel, { x: { at: Number }, y: { at: Number } }).flat().map(({ cell: [x, y], value }) =>
    [title, panel.model, panel.log10 ? `log10 ${panel.metric}` : panel.metric, "", "median", panel.x.name, exact(x), panel.y.name, exact(y), exact(value)]);
}

function phaseRows(panel, _, title) {
  return phaseReadings(null, panel, { x: { at: Number }, y: { at: Number } }).flat().flatMap(({ cell: [x, y], counts }) =>
    counts.map((count, at) => [title, panel.model, "seeds", panel.outcomes[at], "", panel.x.name, exact(x), panel.y.name, exact(y), exact(count)]));
}

function pointRows(panel, _, title) {
  return pointReadings(null, panel, { x: { at: Number }, y: { at: Number } }).flat().map(({ point: [x, y], number }) =>
    [title, panel.model, panel.y.name, panel.classes[number] || "", panel.seed, panel.x.name, exact(x), panel.y.name, exact(y), exact(y)]);
}
