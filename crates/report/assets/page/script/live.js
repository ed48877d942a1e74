// Figures that change while the page is open.

/** Shows a new picture with its numbers in the place of the one before, under the view of the reader. */
function renewFigure(figure, picture, numbers) {
  const { view, data, controls } = figure;
  const focused = controls.contains(document.activeElement) ? [...controls.querySelectorAll("button, select, summary")].indexOf(document.activeElement) : -1;
  const padAt = figure.stages.findIndex((stage) => stage.pad && stage.pad === document.activeElement);
  const taking = controls.querySelector(".take")?.open;
  const said = controls.querySelector(".said").textContent;
  const alike = (panel, at) => data.panels[at]?.kind === panel.kind;
  load(figure, drawnPicture(picture), numbers);
  reflow(figure);
  // A reader who looks at a part, or at some curves, goes on doing so.
  if (figure.data.panels.length === data.panels.length && figure.data.panels.every(alike)) {
    figure.view = { ...view, claim: null };
    update(figure);
  }
  figure.controls.querySelector(".said").textContent = said;
  if (taking) figure.controls.querySelector(".take").open = true;
  if (focused >= 0) figure.controls.querySelectorAll("button, select, summary")[focused]?.focus();
  if (padAt >= 0) figure.stages[padAt].pad?.focus();
  readAgain(figure);
}

/** A picture from its text. */
function drawnPicture(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  return document.importNode(parsed.documentElement, true);
}

/** The reading under a pointer that rests, of the new curves. */
function readAgain(figure) {
  if (!figure.pointed) {
    figure.pointed = {};
    figure.root.addEventListener("pointermove", (event) => { if (event.isTrusted) figure.pointed.at = event; });
    figure.root.addEventListener("pointerleave", () => { figure.pointed.at = null; });
  }
  const { at } = figure.pointed;
  if (!at) return;
  const under = document.elementFromPoint(at.clientX, at.clientY);
  const own = allStages(figure).find((stage) => stage.pad && stage.pad.contains(under));
  own?.pad.dispatchEvent(new PointerEvent("pointermove", { clientX: at.clientX, clientY: at.clientY, pointerType: at.pointerType, bubbles: true }));
}
