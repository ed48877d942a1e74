// Numbers: unpacked as they stand in the page, and written as readers write them.

/** Unpacks what `Packed` of the report made: base64 over 32-bit floats, or a list. */
function unpack(packed) {
  if (!packed) return [];
  if (Array.isArray(packed)) {
    const infinite = { "∞": Infinity, "−∞": -Infinity };
    return packed.map((value) => (value === null ? NaN : infinite[value] ?? value));
  }
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10⁻³ */
function powerOfTen(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => RAISED[digit]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** A number with so many decimals, thousands separated, and a real minus sign. */
function plain(value, decimals) {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A number with about so many significant digits; very large and very small ones as a power of ten. */
function significant(value, digits) {
  if (Number.isNaN(value)) return "no value";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent < -4 || exponent > 6) {
    return `${significant(value / 10 ** exponent, digits)}·${powerOfTen(exponent)}`;
  }
  return trimmed(plain(value, Math.max(digits - 1 - exponent, 0)));
}

/** A number for a table that programs read: the seven digits that are embedded. */
function exact(value) {
  if (Number.isNaN(value)) return "";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(Number(value.toPrecision(7)));
}
