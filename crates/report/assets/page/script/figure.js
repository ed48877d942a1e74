// A figure that answers: its panels, where they stand, and what is drawn again after a change.

/** Makes a figure of the page answer to the reader. */
function liveFigure(root) {
  const figure = { root, listeners: [], alternatives: alternatives(root) };
  figure.change = (edit) => {
    edit(figure.view);
    update(figure);
  };
  figure.reset = () => {
    figure.view = newView(figure.data.panels);
    update(figure);
  };
  figure.plot = html("div", { class: "plot" });
  figure.narrow = html("div", { class: "narrow" });
  root.prepend(figure.plot, figure.narrow);
  figure.wide = root.querySelector(":scope > svg");
  const numbers = root.querySelector(":scope > script.numbers");
  load(figure, figure.wide, numbers.textContent);
  reflow(figure);
  return figure;
}

/** The same picture at other values of a knob, as they stand in the page. */
function alternatives(root) {
  return [...root.querySelectorAll(":scope > template")].map((template) => ({
    knob: template.dataset.knob,
    value: template.dataset.value,
    shown: template.dataset.shown,
    picture: () => template.content.querySelector("svg").cloneNode(true),
    numbers: () => template.content.querySelector("script.numbers").textContent,
  }));
}

/** Shows a picture with its numbers in the place of the one before. */
function load(figure, picture, numbers) {
  figure.data = JSON.parse(numbers);
  figure.data.panels.filter((panel) => panel.kind === "curves").forEach(unpackCurves);
  figure.view = newView(figure.data.panels);
  figure.wide = picture;
  figure.plot.replaceChildren(picture);
  figure.plot.style.maxWidth = `${picture.viewBox.baseVal.width}px`;
  const drawn = picture.querySelectorAll("g.panel");
  figure.stages = figure.data.panels.map((panel, position) => ({
    panel, position, host: picture, still: drawn[position], place: ownPlace(panel), pad: null,
  }));
  figure.plot.append(...figure.stages.filter((stage) => stage.panel.frame).map((stage) => pad(figure, stage, picture.viewBox.baseVal)));
  legendClicks(figure);
  buildControls(figure);
  buildNarrow(figure);
  update(figure);
}

/** Where a panel stands in its picture. */
function ownPlace(panel) {
  if (!panel.frame) return null;
  const { frame, outer, x, y } = panel;
  return { frame, outer, x: [x.from, x.to], y: [y.from, y.to], size: 15, narrow: false };
}

/** All stages of a figure: in its picture, and one below the other where there is little room. */
function allStages(figure) {
  return [...figure.stages, ...(figure.narrowStages || [])];
}

/** Draws again what no longer looks as it was drawn. */
function update(figure) {
  for (const stage of allStages(figure)) drawStage(figure, stage);
  for (const listener of figure.listeners) listener();
}

function drawStage(figure, stage) {
  const { panel, position, host } = stage;
  if (panel.kind !== "curves") return;
  stage.live?.remove();
  stage.live = null;
  const still = stage.still && isAsDrawn(figure.view, position);
  stage.still?.classList.toggle("replaced", !still);
  if (still) return;
  stage.live = drawCurves(figure.data, panel, figure.view, position, stage.place);
  if (stage.still) stage.still.after(stage.live);
  else host.append(stage.live);
}

/** The axes of a stage as it looks now. */
function stageAxes(figure, { panel, position, place }) {
  if (panel.kind === "curves") return viewAxes(panel, figure.view, position, place);
  return {
    x: axis(panel.x.scale, [panel.x.low, panel.x.high], place.x),
    y: axis(panel.y.scale, [panel.y.low, panel.y.high], place.y),
  };
}
