// Boxes that scroll can be reached with the keyboard; those that do not scroll need no stop.

function reachableBoxes() {
  const mark = () => {
    for (const box of document.querySelectorAll(".scroll, pre, .wide")) {
      const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
      if (scrolls) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    }
  };
  let waiting = 0;
  const later = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(mark); };
  mark();
  document.addEventListener("toggle", later, true);
  window.addEventListener("resize", later);
}
