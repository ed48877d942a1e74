// Curves, drawn again under another view, as the report draws them.

const INK = "#1a1a1a";
const HAIRLINE = { fill: "none", stroke: INK, "stroke-width": 1.2 };

/** Draws a panel of curves into a group that stands as `place` says. */
function drawCurves(data, panel, view, position, place) {
  const axes = viewAxes(panel, view, position, place);
  const [left, top, right, bottom] = place.frame;
  const size = { x: left, y: top, width: right - left, height: bottom - top };
  const inside = svg("svg", { ...size, viewBox: `${left} ${top} ${size.width} ${size.height}` });
  const group = svg("g", { class: "live" }, inside);
  const visible = shown(panel, view);
  if (!view.single) {
    for (const series of visible.filter((s) => s.low.length)) {
      inside.append(band(series, panel.keys[series.key].colour, view, axes, strength(data, panel, series, view)));
    }
  }
  for (const series of visible) drawSeries(inside, data, panel, series, view, axes);
  group.append(drawAxes(panel, view, axes, place));
  group.append(...drawMarks(panel, view, axes, place));
  group.append(...drawLabels(panel, visible, view, axes, place));
  return group;
}

function points(xs, ys, axes) {
  const all = [];
  xs.forEach((x, at) => {
    const y = ys[at];
    const drawable = Number.isFinite(y) && (axes.x.scale !== "log" || x > 0) && (axes.y.scale !== "log" || y > 0);
    if (drawable) all.push([axes.x.at(x), axes.y.at(y)]);
  });
  return all;
}

const pixels = (number) => Math.round(100 * number) / 100;
const joined = (all) => all.map(([x, y]) => `${pixels(x)},${pixels(y)}`).join(" ");

function band(series, colour, view, axes, opacity) {
  const xs = places(series, view);
  const ceiling = series.high.map((value) => (value === Infinity ? axes.y.high * 10 : value));
  const outline = [...points(xs, ceiling, axes), ...points(xs, series.low, axes).reverse()];
  return svg("polygon", { points: joined(outline), fill: colour, "fill-opacity": 0.18 * opacity });
}

function drawSeries(inside, data, panel, series, view, axes) {
  const layer = panel.layers[series.layer];
  const key = panel.keys[series.key];
  const xs = places(series, view);
  const opacity = strength(data, panel, series, view);
  const curves = view.single ? seedCurves(series, view).map(([, values]) => values) : [series.median];
  const thin = view.single && series.values.length > 1;
  for (const values of thin || curves.length < 2 ? curves : curves.slice(0, 1)) {
    const all = points(xs, values, axes);
    if (all.length > 1) {
      inside.append(svg("polyline", {
        points: joined(all), fill: "none", stroke: series.colour, "stroke-linejoin": "round",
        "stroke-width": thin ? 0.55 * layer.width : layer.width,
        "stroke-dasharray": layer.dashes || null, opacity: opacity < 1 ? opacity : null,
      }));
    }
    if ((panel.dots && all.length <= 40) || all.length === 1) {
      const dot = { r: thin ? 2 : 3.2, fill: layer.theory ? key.colour : "#fff", stroke: key.colour, "stroke-width": 1.6 };
      for (const [cx, cy] of all) inside.append(svg("circle", { cx: pixels(cx), cy: pixels(cy), ...dot, opacity }));
    }
  }
  const mark = { fill: "#fff", stroke: key.colour, "stroke-width": 1.5, opacity };
  if (!view.other) {
    for (const x of series.missed) inside.append(svg("polygon", { points: shape("up", axes.x.at(x), axes.y.to + 6), ...mark }));
    for (const x of series.before) inside.append(svg("polygon", { points: shape("down", axes.x.at(x), axes.y.from - 6), ...mark }));
  }
}

/** The corners of a mark around a place. */
function shape(name, x, y) {
  const h = 5;
  const corners = {
    up: [[x, y - h], [x + h, y + h], [x - h, y + h]],
    down: [[x, y + h], [x + h, y - h], [x - h, y - h]],
    diamond: [[x, y - h], [x + h, y], [x, y + h], [x - h, y]],
    square: [[x - 4, y - 4], [x + 4, y - 4], [x + 4, y + 4], [x - 4, y + 4]],
  };
  return joined(corners[name]);
}

/** Marks on the axis of time, in rows by kind; those that lie outside are left out. */
function drawMarks(panel, view, axes, place) {
  const kinds = [...new Set(panel.marks.map((mark) => `${mark.shape}${mark.filled}`))];
  return panel.marks.flatMap((mark) => {
    const x = view.other ? otherTime(panel, mark.x) : mark.x;
    const key = panel.keys.find((key) => key.colour === mark.colour);
    if (!axes.x.has(x) || (key && view.hidden.curves.has(key.label))) return [];
    const row = kinds.indexOf(`${mark.shape}${mark.filled}`);
    const corners = shape(mark.shape, axes.x.at(x), place.frame[3] - 8 - 11.5 * row);
    return svg("polygon", { points: corners, fill: mark.filled ? mark.colour : "#fff", stroke: mark.colour, "stroke-width": 1.5 });
  });
}

/** A step as flow time or the other way round, between the records of the first curve that has both. */
function otherTime(panel, x) {
  const series = panel.series.find((s) => s.times.length > 1);
  if (!series) return NaN;
  const after = Math.max(1, series.x.findIndex((at) => at >= x));
  const [x0, x1] = [series.x[after - 1], series.x[after]];
  const [t0, t1] = [series.times[after - 1], series.times[after]];
  return t0 + ((x - x0) / (x1 - x0)) * (t1 - t0);
}

function drawAxes(panel, view, axes, place) {
  const [left, top, right, bottom] = place.frame;
  const [outerLeft, outerTop, outerRight] = place.outer;
  const small = place.size;
  const group = svg("g", { class: "axes" });
  if (panel.title) {
    group.append(svg("text", { x: place.narrow ? outerLeft + 4 : left, y: outerTop + 16, "font-size": small + 1 }, panel.title));
  }
  group.append(svg("polyline", { points: joined([[left, top], [left, bottom], [right, bottom]]), ...HAIRLINE }));
  for (const [value, label] of ticks(axes.x, (right - left) / 75)) {
    const x = pixels(axes.x.at(value));
    group.append(svg("polyline", { points: `${x},${bottom} ${x},${bottom + 5}`, ...HAIRLINE }));
    group.append(svg("text", { x, y: bottom + 8 + small, "font-size": small, "text-anchor": "middle" }, label));
  }
  for (const [value, label] of ticks(axes.y, (bottom - top) / 40)) {
    const y = pixels(axes.y.at(value));
    group.append(svg("polyline", { points: `${left},${y} ${left - 5},${y}`, ...HAIRLINE }));
    group.append(svg("text", { x: left - 9, y: y + 0.36 * small, "font-size": small, "text-anchor": "end" }, label));
  }
  const middle = Math.min((left + right) / 2, outerRight);
  group.append(svg("text", { x: middle, y: bottom + 20 + 2.1 * small, "font-size": small, "text-anchor": "middle" }, xLabel(panel, view, axes.x.scale)));
  const label = yLabel(panel, axes.y.scale);
  if (place.narrow) {
    group.append(svg("text", { x: outerLeft + 4, y: top - 8, "font-size": small }, label));
  } else {
    const [x, y] = [outerLeft + 16, (top + bottom) / 2];
    group.append(svg("text", { x, y, "font-size": small, "text-anchor": "middle", transform: `rotate(-90 ${x} ${y})` }, label));
  }
  return group;
}

/** Labels beside the right ends of curves, or above them where the picture has them there. */
function drawLabels(panel, visible, view, axes, place) {
  const [left, top, right, bottom] = place.frame;
  const above = !place.narrow && place.outer[2] - right < 24;
  const spoken = panel.keys.map((key, position) => {
    const own = visible.filter((series) => series.key === position);
    return key.label && (own.find((series) => series.low.length) || own[own.length - 1]);
  });
  const labels = spoken.flatMap((series, position) => {
    if (!series) return [];
    const all = points(places(series, view), series.median, axes).filter(([x]) => x >= left - 1 && x <= right + 1);
    if (!all.length) return [];
    const key = panel.keys[position];
    if (!above) return [{ at: Math.min(Math.max(all[all.length - 1][1], top), bottom), key }];
    const half = (all[0][1] + all[all.length - 1][1]) / 2;
    return [{ at: (all.find(([, y]) => y <= half) || all[all.length - 1])[0], key }];
  });
  labels.sort((a, b) => a.at - b.at);
  const size = place.size;
  const length = (text) => (above ? 0.6 * size * text.length + 10 : 1.15 * size);
  let end = above ? left : top - size;
  return labels.map(({ at, key }, position) => {
    const text = above || place.narrow ? (position && above ? key.short : key.label) : key.label;
    const written = place.narrow ? key.short : text;
    const half = length(written) / 2;
    const middle = Math.max(at, end + half);
    end = middle + half;
    const standing = above ? { x: middle, y: top + size, "text-anchor": "middle" } : { x: right + 8, y: middle + 0.36 * size };
    return svg("text", { ...standing, "font-size": size, fill: key.ink }, written);
  });
}
