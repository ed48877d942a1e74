// What the reader asked to see of a figure, and what follows for the axes of a panel.

function newView(panels) {
  return {
    hidden: { models: new Set(), curves: new Set(), seeds: new Set() },
    knobs: new Map(),
    single: false,
    other: false,
    logX: null,
    logY: null,
    claim: null,
    zoom: panels.map(() => null),
  };
}

/** Whether a panel looks as it was drawn. */
function isAsDrawn(view, position) {
  const { models, curves } = view.hidden;
  const filtered = models.size || curves.size || view.knobs.size;
  const scaled = view.other || view.logX !== null || view.logY !== null;
  return !filtered && !scaled && !view.single && view.claim === null && !view.zoom[position];
}

/** The numbers of a panel of curves, unpacked once. */
function unpackCurves(panel) {
  for (const own of panel.places) {
    own.x = unpack(own.x);
    own.times = own.rate === undefined ? unpack(own.times) : own.x.map((x) => x * own.rate);
    own.of_seeds = own.of_seeds ? unpack(own.of_seeds) : own.x.map((_, at) => at);
  }
  for (const series of panel.series) {
    for (const name of ["median", "low", "high", "missed", "before"]) series[name] = unpack(series[name]);
    Object.assign(series, panel.places[series.places]);
    series.values = (series.values || []).map((values) => spread(unpack(values), series));
  }
  return panel;
}

/** The values of a seed at all places of its curve: not a number where the page has none. */
function spread(values, { x, of_seeds }) {
  if (values.length === x.length) return values;
  const all = x.map(() => NaN);
  of_seeds.forEach((at, position) => { all[at] = values[position]; });
  return all;
}

/** Where the points of a curve stand on the horizontal axis. */
function places(series, view) {
  return view.other && series.times.length ? series.times : series.x;
}

function shows(panel, series, view) {
  const key = panel.keys[series.key];
  if (view.hidden.models.has(panel.layers[series.layer].label) || view.hidden.curves.has(key.label)) return false;
  return key.knobs.every(([name, value]) => !view.knobs.has(name) || view.knobs.get(name) === value);
}

/** The curves that are shown: those of theory first, as in the picture. */
function shown(panel, view) {
  const visible = panel.series.filter((series) => shows(panel, series, view));
  const theory = (series) => panel.layers[series.layer].theory;
  return [...visible.filter(theory), ...visible.filter((series) => !theory(series))];
}

/** The curves of single seeds as [seed, values]; none that the reader hid. */
function seedCurves(series, view) {
  const all = series.values.length ? series.values : series.seeds.map(() => series.median);
  return series.seeds.map((seed, at) => [seed, all[at]]).filter(([seed]) => !view.hidden.seeds.has(seed));
}

function scales(panel, view) {
  const scale = (asked, own) => (asked === null ? own : asked ? "log" : "linear");
  return [scale(view.logX, panel.x.scale), scale(view.logY, panel.y.scale)];
}

/** The axes of a panel under a view, whose pixels are those of `place`. */
function viewAxes(panel, view, position, place) {
  const [xScale, yScale] = scales(panel, view);
  const { x, y } = viewRange(panel, view, position, xScale, yScale);
  return { x: axis(xScale, x, place.x), y: axis(yScale, y, place.y) };
}

function viewRange(panel, view, position, xScale, yScale) {
  const zoomed = view.zoom[position];
  const usable = ([low], scale) => scale === "linear" || low > 0;
  const own = (name) => [panel[name].low, panel[name].high];
  const all = (pick) => panel.series.flatMap(pick);
  let x = own("x");
  if (view.other || !usable(x, xScale)) x = rangeOf(all((series) => places(series, view)), xScale) || [0.1, 1];
  let y = own("y");
  if (!usable(y, yScale)) y = rangeOf(all((series) => series.median), yScale) || [0.1, 1];
  return { x: zoomed?.x || x, y: zoomed?.y || y };
}

/** The label of the horizontal axis under a view. */
function xLabel(panel, view, scale) {
  return scaled(view.other && panel.other ? panel.other[1] : panel.x.label, scale);
}

/** The label of the vertical axis, which says its scale only where that is not the one of the picture. */
function yLabel(panel, scale) {
  return scale === panel.y.scale ? panel.y.label : scaled(panel.y.label, scale);
}

/** A label that says its scale; panels that share a label leave it empty. */
function scaled(label, scale) {
  if (!label) return "";
  const bare = label.replace(/ \(log scale\)$/, "");
  return scale === "log" && !bare.includes("log") ? `${bare} (log scale)` : bare;
}

/** How strongly a curve is drawn where the reader asked for those that feed a claim. */
function strength(data, panel, series, view) {
  if (view.claim === null) return 1;
  if (!(series.claims || []).includes(view.claim)) return 0.15;
  const { part } = data.claims.find((claim) => claim.position === view.claim) || {};
  const decides = panel.keys.some((key) => key.label === part);
  return decides && panel.keys[series.key].label !== part ? 0.4 : 1;
}
