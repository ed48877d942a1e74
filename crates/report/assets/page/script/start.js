// Everything starts here. A figure that fails stays as it was drawn.

const figures = new Map();
for (const root of document.querySelectorAll("figure[id]")) {
  if (!root.querySelector(":scope > script.numbers")) continue;
  try {
    figures.set(root.id, liveFigure(root));
  } catch (error) {
    console.error(`${root.id} does not answer:`, error);
  }
}
claimFilter();
curveLinks(figures);
openTarget();
reachableBoxes();
window.addEventListener("hashchange", openTarget);
