// Zoom: a drag over a panel, buttons, or keys.

/** Shortest drag, in pixels of the screen, that means something. */
const DRAG = 8;

function zooming(figure, stage) {
  const { pad: element } = stage;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    stage.drag = { x: event.clientX, y: event.clientY, box: html("div", { class: "selection" }) };
    element.setPointerCapture(event.pointerId);
    clearReading(stage);
  });
  element.addEventListener("pointerup", (event) => endDrag(figure, stage, event));
  element.addEventListener("pointercancel", () => dropDrag(stage));
  element.addEventListener("dblclick", () => figure.change((view) => { view.zoom[stage.position] = null; }));
}

/** What a drag covers: all of an axis along which it is short. */
function covered(stage, event) {
  const { x, y } = stage.drag;
  const wide = Math.abs(event.clientX - x) >= DRAG;
  const high = Math.abs(event.clientY - y) >= 2 * DRAG;
  const [left, top, right, bottom] = stage.place.frame;
  const [from, to] = [placeOf(stage, { clientX: x, clientY: y }), placeOf(stage, event)];
  const clamp = (value, low, end) => Math.min(Math.max(value, low), end);
  const span = (at, used, low, end) => (used ? [from[at], to[at]].map((p) => clamp(p, low, end)).sort((a, b) => a - b) : [low, end]);
  return { wide, high, across: span(0, wide, left, right), down: span(1, high, top, bottom) };
}

function moveDrag(_, stage, event) {
  const { across, down, wide, high } = covered(stage, event);
  const { box } = stage.drag;
  if (!wide && !high) return;
  if (!box.isConnected) stage.pad.append(box);
  const [left, top, right, bottom] = stage.place.frame;
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(box.style, {
    left: percent(across[0] - left, right - left), width: percent(across[1] - across[0], right - left),
    top: percent(down[0] - top, bottom - top), height: percent(down[1] - down[0], bottom - top),
  });
}

function endDrag(figure, stage, event) {
  if (!stage.drag) return;
  const { across, down, wide, high } = covered(stage, event);
  dropDrag(stage);
  if (!wide && !high) return;
  const axes = stageAxes(figure, stage);
  figure.change((view) => {
    const before = view.zoom[stage.position] || {};
    view.zoom[stage.position] = {
      x: wide ? across.map((pixel) => axes.x.value(pixel)) : before.x,
      y: high ? [down[1], down[0]].map((pixel) => axes.y.value(pixel)) : before.y,
    };
  });
}

function dropDrag(stage) {
  stage.drag?.box.remove();
  stage.drag = null;
}

/** Zooms around the reading, or else the middle, along the horizontal axis. */
function zoomBy(figure, stage, factor) {
  if (stage.panel.kind !== "curves") return;
  const axes = stageAxes(figure, stage);
  const whole = viewAxes(stage.panel, { ...figure.view, zoom: [] }, stage.position, stage.place).x;
  const centre = stage.dot ? Number(stage.dot.getAttribute("cx")) : (axes.x.from + axes.x.to) / 2;
  const ends = [axes.x.from, axes.x.to].map((end) => axes.x.value(centre + factor * (end - centre)));
  const x = [Math.max(ends[0], whole.low), Math.min(ends[1], whole.high)];
  figure.change((view) => {
    const back = x[0] <= whole.low && x[1] >= whole.high;
    view.zoom[stage.position] = back ? null : { ...view.zoom[stage.position], x };
  });
}
