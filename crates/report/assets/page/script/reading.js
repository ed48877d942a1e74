// Reading values: under the pointer, or with the arrow keys.

/** What can be read of a panel now: places on the screen with what is to be said about them. */
function readings(figure, stage) {
  const axes = stageAxes(figure, stage);
  const make = { curves: curveReadings, "heat-map": cellReadings, phases: phaseReadings, points: pointReadings }[stage.panel.kind];
  const [left, top, right, bottom] = stage.place.frame;
  const inside = ({ x, y }) => x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1;
  return make(figure, stage.panel, axes).map((line) => line.filter(inside)).filter((line) => line.length);
}

/** One list per curve, or per seed of a curve. */
function curveReadings(figure, panel, axes) {
  const { view } = figure;
  return shown(panel, view).flatMap((series) => {
    const xs = places(series, view);
    const lines = view.single && series.values.length ? seedCurves(series, view) : [[null, series.median]];
    return lines.map(([seed, values]) =>
      xs.map((x, at) => ({ x: axes.x.at(x), y: axes.y.at(values[at]), series, seed, at, value: values[at] })).filter(({ value, x }) => Number.isFinite(value) && Number.isFinite(x)));
  });
}

/** One list per row of a heat map. */
function cellReadings(_, panel, axes) {
  panel.unpacked = panel.unpacked || { xs: unpack(panel.x.values), ys: unpack(panel.y.values), cells: unpack(panel.cells) };
  const { xs, ys, cells } = panel.unpacked;
  return ys.map((y, row) => xs.map((x, column) => ({
    x: axes.x.at(x), y: axes.y.at(y), cell: [x, y], value: cells[row * xs.length + column],
  })));
}

/** One list per row of a phase diagram: seeds of every outcome. */
function phaseReadings(_, panel, axes) {
  panel.unpacked = panel.unpacked || { xs: unpack(panel.x.values), ys: unpack(panel.y.values), counts: unpack(panel.counts) };
  const { xs, ys, counts } = panel.unpacked;
  return ys.map((y, row) => xs.map((x, column) => {
    const at = 4 * (row * xs.length + column);
    return { x: axes.x.at(x), y: axes.y.at(y), cell: [x, y], counts: counts.slice(at, at + 4) };
  }));
}

/** One list per class of points. */
function pointReadings(_, panel, axes) {
  panel.unpacked = panel.unpacked || { xs: unpack(panel.xs), ys: unpack(panel.ys), class: unpack(panel.class) };
  const { xs, ys, class: of } = panel.unpacked;
  const classes = panel.classes.length ? panel.classes : [""];
  return classes.map((_, number) => xs.flatMap((x, at) =>
    of[at] === number ? [{ x: axes.x.at(x), y: axes.y.at(ys[at]), point: [x, ys[at]], number }] : []));
}

/** The reading that is nearest to a place, within `reach` pixels. */
function nearest(lines, x, y, reach) {
  let [best, distance] = [null, reach];
  lines.forEach((line, row) => line.forEach((one, column) => {
    const away = Math.hypot(one.x - x, one.y - y);
    if (away < distance) [best, distance] = [{ row, column, one }, away];
  }));
  return best;
}

/** What is said about a reading, line by line. */
function sentences(figure, panel, one) {
  if (panel.kind === "heat-map") return cellSentences(panel, one);
  if (panel.kind === "phases") return phaseSentences(panel, one);
  if (panel.kind === "points") {
    const [x, y] = one.point.map((value) => significant(value, 4));
    return [panel.classes[one.number] || panel.title, `${panel.x.label}: ${x}`, `${panel.y.label}: ${y}`, `seed ${panel.seed}`].filter(Boolean);
  }
  const { series, at, seed } = one;
  const layer = panel.layers[series.layer];
  const name = [layer.label, panel.keys[series.key].label].filter(Boolean).join(" · ");
  return [name, where(panel, series, at), ...worth(series, at, seed), ...feeds(figure, series)];
}

function where(panel, series, at) {
  const x = significant(series.x[at], 6);
  const other = panel.other && series.times.length ? ` (${panel.other[1]} ${significant(series.times[at], 4)})` : "";
  const named = { step: "step", flow_time: "flow time", index: "index" }[panel.x.name];
  return named ? `${named} ${x}${other}` : `${panel.x.label}: ${x}`;
}

/** The value of one seed, or the median with its band and all seeds. */
function worth(series, at, seed) {
  const number = (value) => significant(value, 4);
  if (seed !== null) return [`seed ${seed}: ${number(series.values[series.seeds.indexOf(seed)][at])}`];
  const lines = [];
  const several = series.values.length > 1;
  const of = several ? `median of ${series.seeds.length} seeds: ` : series.seeds.length === 1 ? `seed ${series.seeds[0]}: ` : "all seeds: ";
  lines.push(`${of}${number(series.median[at])}`);
  if (series.low.length && series.low[at] < series.high[at]) lines.push(`10–90 %: ${number(series.low[at])} to ${number(series.high[at])}`);
  if (several && series.seeds.length <= 16 && series.values.every((values) => !Number.isNaN(values[at]))) {
    lines.push(`by seed: ${series.seeds.map((s, n) => `${s}: ${number(series.values[n][at])}`).join(", ")}`);
  }
  return lines;
}

function feeds(figure, series) {
  const claims = (series.claims || []).map((position) => figure.data.claims.find((claim) => claim.position === position));
  return claims.length ? [`feeds ${claims.map((claim) => `${claim.id} ${claim.symbol} ${claim.word}`).join(", ")}`] : [];
}

function cellSentences(panel, { cell, value }) {
  const [x, y] = cell.map((number) => significant(number, 4));
  const text = Number.isNaN(value) ? "no value" : value === Infinity ? "did not happen in time" : significant(panel.log10 ? 10 ** value : value, 4);
  return [`${panel.metric.replace(/_/g, " ")}: ${text}`, `${panel.x.label}: ${x}`, `${panel.y.label}: ${y}`];
}

function phaseSentences(panel, { cell, counts }) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const said = panel.outcomes.map((name, at) => [name, counts[at]]).filter(([, count]) => count > 0);
  const [x, y] = cell.map((number) => significant(number, 4));
  const outcome = said.map(([name, count]) => `${name}: ${count} of ${all} ${all === 1 ? "seed" : "seeds"}`);
  return [...(all ? outcome : ["no value"]), `${panel.x.label}: ${x}`, `${panel.y.label}: ${y}`];
}

/** Shows a reading: a dot on the curve and a box of text beside it. */
function showReading(figure, stage, found) {
  clearReading(stage);
  if (!found) return;
  const { one } = found;
  const lines = sentences(figure, stage.panel, one);
  stage.dot = svg("circle", { class: "reading-dot", cx: one.x, cy: one.y, r: 5, fill: "none", stroke: INK, "stroke-width": 2 });
  stage.host.append(stage.dot);
  stage.box = html("div", { class: "reading" }, ...lines.map((line, position) => html(position ? "div" : "b", {}, line)));
  stage.pad.append(stage.box);
  const [left, top, right, bottom] = stage.place.frame;
  const [across, down] = [(one.x - left) / (right - left), (one.y - top) / (bottom - top)];
  const side = across > 0.5 ? { right: `${100 * (1 - across)}%` } : { left: `${100 * across}%` };
  const height = down > 0.5 ? { bottom: `${100 * (1 - down)}%` } : { top: `${100 * down}%` };
  Object.assign(stage.box.style, side, height);
  return lines;
}

function clearReading(stage) {
  stage.dot?.remove();
  stage.box?.remove();
  stage.dot = stage.box = null;
}

/** The part of a panel that answers to pointer and keys: it lies over the rectangle inside the axes. */
function pad(figure, stage, { width, height }) {
  const [left, top, right, bottom] = stage.place.frame;
  const name = flat(stage.panel.title || figure.data.title);
  const element = html("div", {
    class: "pad", tabindex: 0, role: "application", "aria-roledescription": "chart",
    "aria-label": `${name}. Arrow keys read values, plus and minus zoom, 0 resets, Escape ends.`,
  });
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(element.style, {
    left: percent(left, width), top: percent(top, height), width: percent(right - left, width), height: percent(bottom - top, height),
  });
  stage.pad = element;
  pointing(figure, stage);
  keys(figure, stage);
  return element;
}

/** The place of a pointer in the pixels of the picture. */
function placeOf(stage, event) {
  const box = stage.pad.getBoundingClientRect();
  const [left, top, right, bottom] = stage.place.frame;
  return [
    left + ((event.clientX - box.left) / box.width) * (right - left),
    top + ((event.clientY - box.top) / box.height) * (bottom - top),
  ];
}

function pointing(figure, stage) {
  const read = (event) => {
    const [x, y] = placeOf(stage, event);
    showReading(figure, stage, nearest(readings(figure, stage), x, y, 60));
  };
  stage.pad.addEventListener("pointermove", (event) => {
    if (stage.drag) moveDrag(figure, stage, event);
    else read(event);
  });
  stage.pad.addEventListener("pointerleave", () => stage.drag || clearReading(stage));
  stage.pad.addEventListener("click", (event) => event.detail === 1 && read(event));
  if (stage.panel.kind === "curves") zooming(figure, stage);
}

/** Arrow keys move along a curve and between curves. */
function keys(figure, stage) {
  let at = null;
  const say = html("div", { class: "spoken", "aria-live": "polite" });
  stage.pad.append(say);
  const move = (rows, columns) => {
    const lines = readings(figure, stage);
    if (!lines.length) return;
    if (!at || !lines[at.row]) at = { row: 0, column: 0 };
    else {
      const before = lines[at.row][Math.min(at.column, lines[at.row].length - 1)];
      const row = (at.row + rows + lines.length) % lines.length;
      const column = rows ? closest(lines[row], before) : at.column + columns;
      at = { row, column: Math.min(Math.max(column, 0), lines[row].length - 1) };
    }
    const spoken = showReading(figure, stage, { one: lines[at.row][at.column] });
    say.textContent = flat(spoken.join(". "));
  };
  const along = ["heat-map", "phases"].includes(stage.panel.kind) ? -1 : 1;
  const actions = {
    ArrowRight: () => move(0, 1),
    ArrowLeft: () => move(0, -1),
    PageUp: () => move(0, -10),
    PageDown: () => move(0, 10),
    Home: () => move(0, -1e6),
    End: () => move(0, 1e6),
    ArrowDown: () => move(along, 0),
    ArrowUp: () => move(-along, 0),
    Escape: () => { at = null; clearReading(stage); },
    "+": () => zoomBy(figure, stage, 0.6),
    "=": () => zoomBy(figure, stage, 0.6),
    "-": () => zoomBy(figure, stage, 1 / 0.6),
    0: () => figure.change((view) => { view.zoom[stage.position] = null; }),
  };
  stage.pad.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
  stage.pad.addEventListener("blur", () => clearReading(stage));
}

/** Position of the reading of a line that is nearest along the axis. */
function closest(line, { x }) {
  let best = 0;
  line.forEach((one, at) => { if (Math.abs(one.x - x) < Math.abs(line[best].x - x)) best = at; });
  return best;
}
