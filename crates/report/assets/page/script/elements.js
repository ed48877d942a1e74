// Elements. Text is always set as text, so that nothing a spec says can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with attributes; functions become listeners. */
function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element with attributes. */
function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value);
  }
  for (const child of children) {
    if (child === null || child === undefined) continue;
    if (typeof child === "string") write(element, child);
    else element.append(child);
  }
  return element;
}

const LOWERED = /([\ue030-\ue039\ue041-\ue05a\ue061-\ue07a])/;

/** Appends text. Private characters are indices without a form of their own: small and low. */
function write(element, text) {
  const inSvg = element.namespaceURI === SVG;
  let low = false;
  for (const part of text.split(LOWERED)) {
    if (!part) continue;
    const index = LOWERED.test(part);
    const letters = index ? String.fromCharCode(part.charCodeAt(0) - 0xe000) : part;
    if (inSvg && (index || low)) {
      const size = index ? { "font-size": "70%", dy: "0.25em" } : { dy: "-0.18em" };
      const piece = document.createElementNS(SVG, "tspan");
      for (const [key, value] of Object.entries(size)) piece.setAttribute(key, value);
      piece.textContent = letters;
      element.append(piece);
    } else if (index) {
      const piece = document.createElement("sub");
      piece.textContent = letters;
      element.append(piece);
    } else {
      element.append(letters);
    }
    low = index;
  }
}

/** Text with indices as R_k, where nothing can be small and low. */
function flat(text) {
  return text.replace(new RegExp(LOWERED, "g"), (c) => `_${String.fromCharCode(c.charCodeAt(0) - 0xe000)}`);
}
