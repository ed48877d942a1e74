// The bench: dials, one run at a time, and what it sends.

const { scenes, watches } = JSON.parse(document.getElementById("scene-list").textContent);
const at = (id) => document.getElementById(id);

/** Dials that are seen without opening anything. */
const FIRST = 4;
/** Ways of a dial. */
const WAYS = 1000;
/** Milliseconds in which further turns of a dial still belong to one run. */
const TOGETHER = 25;

const bench = {
  tab: Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(16)).join(""),
  scene: scenes[0],
  values: new Map(),
  figures: new Map(),
  running: null,
  run: null,
  steps: 0,
  waiting: 0,
  newest: null,
  drawing: 0,
};

// Where the dials stand, and the link that says so.

function startValues(scene) {
  return new Map(scene.dials.map((dial) => [dial.name, dial.start]));
}

/** The dials that were turned, as a query. */
function turned() {
  const changed = bench.scene.dials.filter((dial) => bench.values.get(dial.name) !== dial.start);
  return changed.map((dial) => `${dial.name}=${bench.values.get(dial.name)}`).join("&");
}

function link() {
  const query = turned();
  return `#${bench.scene.name}${query ? `?${query}` : ""}`;
}

/** Reads a link; what does not fit stands where it starts. */
function follow(hash) {
  const [name, query = ""] = hash.slice(1).split("?");
  const scene = scenes.find((one) => one.name === name) || scenes[0];
  const values = startValues(scene);
  for (const [dial, text] of new URLSearchParams(query)) {
    const own = scene.dials.find((one) => one.name === dial);
    const value = own && fitting(own, text);
    if (value !== null && value !== undefined) values.set(dial, value);
  }
  const other = scene !== bench.scene || !bench.figures.size;
  bench.scene = scene;
  bench.values = values;
  if (other) clearFigures();
  showScene();
  later();
}

/** A text as a value of a dial, or nothing. */
function fitting({ range }, text) {
  if (range.kind === "choice") return range.words.includes(text) ? text : null;
  const value = Number(text);
  const inside = text !== "" && value >= range.low && value <= range.high;
  return inside && (!range.whole || Number.isInteger(value)) ? value : null;
}

// Dials.

function showScene() {
  document.title = `${bench.scene.title} – layerwise play`;
  at("scenes").replaceChildren(...scenes.map((scene) => html("li", {},
    html("a", { href: `#${scene.name}`, ...(scene === bench.scene ? { "aria-current": "page" } : {}) }, scene.title))));
  at("invitation").replaceChildren();
  write(at("invitation"), bench.scene.invitation);
  const dials = bench.scene.dials.map(dialElement);
  const more = dials.slice(FIRST);
  const open = window.matchMedia("(min-width: 901px)").matches;
  at("dials").replaceChildren(...dials.slice(0, FIRST), ...(more.length ? [html("details", open ? { open: "" } : {}, html("summary", {}, "More dials"), ...more)] : []));
  showActs();
}

function dialElement(dial) {
  const id = `dial-${dial.name}`;
  const help = dial.help ? html("span", { class: "quiet", id: `${id}-help` }, dial.help) : null;
  const described = help ? { "aria-describedby": `${id}-help` } : {};
  const set = (value) => { bench.values.set(dial.name, value); later(); };
  if (dial.range.kind === "choice") {
    const select = html("select", { id, ...described, change: () => set(select.value) },
      ...dial.range.words.map((word) => html("option", { value: word, ...(word === bench.values.get(dial.name) ? { selected: "" } : {}) }, word)));
    return html("div", { class: "dial" }, html("label", { for: id }, dial.label), select, help);
  }
  const output = html("output", { for: id });
  const slider = html("input", { id, type: "range", min: 0, max: WAYS, step: 1, ...described });
  const say = () => {
    const text = significant(bench.values.get(dial.name), 3);
    output.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  };
  slider.value = wayOf(dial.range, bench.values.get(dial.name));
  slider.addEventListener("input", () => {
    set(valueAt(dial.range, Number(slider.value)));
    say();
  });
  say();
  return html("div", { class: "dial" }, html("label", { for: id }, dial.label, output), slider, help);
}

function wayOf({ low, high, log }, value) {
  const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.round(WAYS * share);
}

/** The value at a way of the dial, with three digits. */
function valueAt({ low, high, log, whole }, way) {
  if (way <= 0) return low;
  if (way >= WAYS) return high;
  const share = way / WAYS;
  const exactly = log ? low * (high / low) ** share : low + share * (high - low);
  const rounded = whole ? Math.round(exactly) : Number(exactly.toPrecision(3));
  return Math.min(Math.max(rounded, low), high);
}

function showActs() {
  document.body.classList.toggle("watches", watches);
  const spec = html("a", { href: "spec", download: "", id: "save-spec" }, "Save as spec");
  const act = (id, label, does) => html("button", { type: "button", id, click: does }, label);
  at("acts").replaceChildren(
    act("again", "Run again", () => start()),
    act("stop", "Stop", () => { halt(); say("Stopped."); }),
    act("reset", "Reset dials", () => { bench.values = startValues(bench.scene); showScene(); later(); }),
    spec,
    act("save-run", "Save as run", saveRun),
    act("copy-link", "Copy link", copyLink),
  );
  at("save-run").disabled = true;
}

async function saveRun() {
  const said = at("saved");
  said.textContent = "Saving …";
  try {
    const answer = await fetch(`save?run=${bench.kept}`, { method: "POST" });
    const text = await answer.text();
    said.textContent = answer.ok ? `Saved with its page: ${JSON.parse(text).report}` : text;
  } catch {
    said.textContent = "The server has stopped.";
  }
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    at("saved").textContent = "Copied. The link holds while this server runs.";
  } catch {
    at("saved").textContent = "This browser lets no page copy; the address bar has the link.";
  }
}

// Runs.

/** Runs with the dials as they stand, once they rest. */
function later() {
  if (!watches) history.replaceState(null, "", link());
  clearTimeout(bench.waiting);
  halt();
  bench.waiting = setTimeout(start, TOGETHER);
}

/** Ends the run that is in progress. */
function halt() {
  bench.running?.abort();
  bench.running = null;
  bench.newest = null;
}

function query() {
  return [`scene=${bench.scene.name}`, turned()].filter(Boolean).join("&");
}

async function start() {
  halt();
  const running = new AbortController();
  bench.running = running;
  bench.kept = null;
  for (const { root } of bench.figures.values()) root.classList.add("stale");
  at("save-run").disabled = true;
  at("save-spec").setAttribute("href", `spec?${query()}`);
  at("saved").textContent = "";
  at("problem").hidden = true;
  at("stop").disabled = false;
  at("progress").value = 0;
  say("Starting …");
  try {
    const answer = await fetch(`run?${query()}&tab=${bench.tab}`, { signal: running.signal });
    if (!answer.ok) problem(await answer.text());
    else await listen(answer.body, running);
  } catch {
    if (bench.running === running) problem("The server has stopped. Start `layerwise play` again, and open the address that it prints.");
  }
  if (bench.running === running) {
    bench.running = null;
    at("stop").disabled = true;
  }
}

/** Reads events until the stream ends. */
async function listen(body, running) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let [text, ended] = ["", false];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      if (bench.running !== running) return;
      // A comment says that the server is still there.
      if (!part.startsWith("data: ")) continue;
      const event = JSON.parse(part.replace(/^data: /, ""));
      ended = ended || event.event === "done" || event.event === "problem";
      heard(event);
    }
  }
  if (!ended) throw new Error("the stream broke");
}

function heard(event) {
  if (event.event === "begun") {
    bench.run = event.run;
    bench.steps = event.steps;
    say(`Training ${event.cells} …`);
  } else if (event.event === "drawn") {
    bench.newest = event;
    if (!bench.drawing) bench.drawing = requestAnimationFrame(drawNewest);
  } else if (event.event === "done") {
    say(event.said);
    bench.kept = event.kept ? bench.run : null;
    at("save-run").disabled = !event.kept;
    // The address has the page of the run now.
    if (watches) location.reload();
  } else {
    problem(event.problem);
  }
}

function say(text) {
  at("state").textContent = text;
}

function problem(text) {
  say("");
  const notice = at("problem");
  notice.hidden = false;
  notice.replaceChildren();
  write(notice, text);
}

// What is shown.

function drawNewest() {
  bench.drawing = 0;
  const event = bench.newest;
  if (!event) return;
  // A reader who drags over a figure is not disturbed.
  if ([...bench.figures.values()].some((figure) => figure.stages.some((stage) => stage.drag))) {
    bench.drawing = setTimeout(() => requestAnimationFrame(drawNewest), 200);
    return;
  }
  bench.newest = null;
  const names = event.figures.map(({ name }) => name);
  for (const { name, svg: picture, numbers } of event.figures) {
    if (picture) showFigure(name, picture, numbers, names);
  }
  at("text").replaceChildren(...event.text.map((sentence) => html("p", {}, sentence)));
  showClaims(event.claims);
  const share = bench.steps ? Math.min(event.steps / bench.steps, 1) : 0;
  at("progress").value = share;
  if (bench.running && !at("state").textContent.startsWith("Done")) say(`Training, ${Math.floor(100 * share)} %, ${event.seconds.toFixed(1)} s`);
}

/** Shows a figure in its place among `names`. */
function showFigure(name, picture, numbers, names) {
  const known = bench.figures.get(name);
  if (known) {
    renewFigure(known, picture, numbers);
    known.root.classList.remove("stale");
    return;
  }
  const script = html("script", { type: "application/json", class: "numbers" });
  script.textContent = numbers;
  const root = html("figure", { id: `figure-${name}` }, drawnPicture(picture), script);
  const after = names.slice(names.indexOf(name) + 1).map((other) => bench.figures.get(other)).find(Boolean);
  at("figures").insertBefore(root, after ? after.root : null);
  bench.figures.set(name, liveFigure(root));
}

function clearFigures() {
  for (const { watched } of bench.figures.values()) watched?.disconnect();
  bench.figures.clear();
  at("figures").replaceChildren();
  at("text").replaceChildren();
  at("claims").replaceChildren();
}

function showClaims(claims) {
  at("claims-head").hidden = !claims.length;
  const open = new Set([...at("claims").querySelectorAll("details[open]")].map((fold) => fold.dataset.claim));
  at("claims").replaceChildren(...claims.map(({ id, statement, word, symbol, reason }) => {
    const verdict = word ? html("span", { class: `verdict ${word}` }, `${symbol} ${word}`) : html("span", { class: "verdict undecided" }, "… training");
    const fold = html("details", { class: "claim", "data-claim": id }, html("summary", {}, verdict, " ", statement), html("p", {}, reason || "The verdict comes with the end of the run."));
    fold.open = open.has(id);
    return fold;
  }));
}

window.addEventListener("hashchange", () => follow(location.hash));
window.addEventListener("pagehide", halt);
follow(location.hash);
