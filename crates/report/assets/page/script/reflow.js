// Figures on a narrow screen: panels one below the other, with text as large as elsewhere.

/** Width in CSS pixels below which a figure is laid out anew. */
const NARROW = 620;

function buildNarrow(figure) {
  figure.narrow.replaceChildren();
  figure.narrowStages = null;
  figure.builtFor = 0;
}

/** The smallest scale at which the text of a panel is still legible. */
const LEGIBLE = 0.6;

/** Lays a figure out for the room that it has, now and whenever that changes. */
function reflow(figure) {
  const lay = () => {
    const width = Math.floor(figure.root.clientWidth);
    const narrow = width > 0 && width < NARROW;
    figure.root.classList.toggle("is-narrow", narrow);
    if (narrow && figure.builtFor !== width) layNarrow(figure, width);
  };
  lay();
  if (!figure.watched) {
    figure.watched = new ResizeObserver(() => requestAnimationFrame(lay));
    figure.watched.observe(figure.root);
  }
}

function layNarrow(figure, width) {
  const { data, narrow } = figure;
  figure.builtFor = width;
  narrow.replaceChildren(html("p", { class: "finding" }, data.title));
  figure.narrowStages = figure.stages.map((stage) => {
    const laid = stage.panel.kind === "curves" ? curvesIn(figure, stage, width) : cropped(figure, stage, width);
    narrow.append(laid.box);
    return laid.stage;
  });
  const scale = figure.wide.querySelector(".colour-scale");
  if (scale) narrow.append(cutOut(scale, width));
  narrow.append(html("div", { class: "entries" }, ...[...figure.wide.querySelectorAll(".legend .entry")].map((entry) => cutOut(entry, width))));
  if (data.caption) narrow.append(html("p", { class: "quiet" }, data.caption));
  figure.narrowStages.forEach((stage) => drawStage(figure, stage));
}

/** A panel of curves, drawn for the width. */
function curvesIn(figure, stage, width) {
  const { panel } = stage;
  const height = Math.round(Math.min(340, 0.8 * width)) + (panel.title ? 22 : 0);
  const longest = Math.max(0, ...panel.keys.map((key) => key.short.length));
  const frame = [58, (panel.title ? 24 : 0) + 26, width - Math.min(16 + 8 * longest, 90), height - 48];
  const place = {
    frame, outer: [0, 0, width, height], x: [frame[0] + (panel.dots ? 10 : 0), frame[2] - (panel.dots ? 10 : 0)],
    y: [frame[3] - (panel.marks.length ? 32 : 10), frame[1] + 8], size: 12, narrow: true,
  };
  const host = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", "font-family": figure.wide.getAttribute("font-family"), fill: INK });
  const own = { panel, position: stage.position, host, still: null, place, pad: null };
  return { stage: own, box: html("div", { class: "plot" }, host, pad(figure, own, { width, height })) };
}

/** A panel of another kind, cut out of the picture. */
function cropped(figure, stage, width) {
  const { panel } = stage;
  const [left, top, right, bottom] = panel.outer;
  const [w, h] = [right - left, bottom - top];
  // Text stays legible: a panel that is much wider than the screen scrolls in its box.
  const shown = Math.round(Math.max(width, LEGIBLE * w));
  const host = svg("svg", {
    width: shown, height: Math.round((shown * h) / w), viewBox: `${left} ${top} ${w} ${h}`, "aria-hidden": "true",
    "font-family": figure.wide.getAttribute("font-family"), fill: INK,
  }, stage.still.cloneNode(true));
  const own = { panel, position: stage.position, host, still: null, place: stage.place, pad: null };
  const box = html("div", { class: "plot", style: `width:${shown}px` }, host);
  if (panel.frame) {
    const shifted = { ...own, place: { ...own.place, frame: own.place.frame.map((edge, at) => edge - (at % 2 ? top : left)) } };
    box.append(pad(figure, shifted, { width: w, height: h }));
    shifted.place = own.place;
    own.pad = shifted.pad;
  }
  return { stage: own, box: html("div", { class: "wide" }, box) };
}

/** A part of the picture in an SVG of its own, no wider than the screen. */
function cutOut(part, width) {
  const { x, y, width: w, height: h } = part.dataset.box ? JSON.parse(part.dataset.box) : measured(part);
  part.dataset.box = JSON.stringify({ x, y, width: w, height: h });
  const shownWidth = Math.min(w, width);
  return svg("svg", { width: shownWidth, height: (h * shownWidth) / w, viewBox: `${x} ${y} ${w} ${h}`, "font-family": part.ownerSVGElement.getAttribute("font-family"), fill: INK }, part.cloneNode(true));
}

/** The box around a part; a picture that is hidden is shown while it is measured. */
function measured(part) {
  const plot = part.ownerSVGElement.parentElement;
  plot.classList.add("measuring");
  const { x, y, width, height } = part.getBBox();
  plot.classList.remove("measuring");
  return { x: x - 2, y: y - 2, width: Math.max(width + 4, 1), height: Math.max(height + 4, 1) };
}
