// Axes: from values to pixels, and where they are labelled.

/** A map from values in [low, high] to pixels in [from, to]. */
function axis(scale, [low, high], [from, to]) {
  const log = scale === "log";
  const share = (value) => (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  return {
    scale, low, high, from, to,
    /** The pixel of a value; what cannot be drawn lands far outside. */
    at(value) {
      const place = log && value <= 0 ? -5 : share(value);
      return from + Math.min(Math.max(place, -5), 6) * (to - from);
    },
    /** The value at a pixel. */
    value(pixel) {
      const place = (pixel - from) / (to - from);
      return log ? low * (high / low) ** place : low + place * (high - low);
    },
    has: (value) => value >= low && value <= high,
  };
}

/** Ticks as [value, label]: about as many as `room` pixels have room for. */
function ticks({ scale, low, high }, room) {
  const most = Math.max(2, Math.min(7, Math.floor(room)));
  return (scale === "log" && logTicks(low, high, most)) || linearTicks(low, high, most);
}

function linearTicks(low, high, most) {
  const raw = (high - low) / most;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * magnitude).find((s) => s >= raw * (1 - 1e-9));
  const all = [];
  for (let n = Math.ceil(low / step - 1e-9); n <= Math.floor(high / step + 1e-9); n++) all.push(n * step);
  const largest = Math.max(...all.map(Math.abs), step);
  if (largest >= 1e6 || step < 1e-4) return all.map((value) => [value, significant(value, 4)]);
  const decimals = [0, 1, 2, 3, 4, 5, 6].find((d) => Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6) ?? 6;
  return all.map((value) => [value, plain(value, decimals)]);
}

function logTicks(low, high, most) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const values = (multiples, stride) => {
    const all = [];
    for (let e = first; e <= last; e++) {
      if (e % stride) continue;
      for (const m of multiples) all.push(Number(`${m}e${e}`));
    }
    return all.filter((v) => v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9));
  };
  const candidates = [values([1, 2, 5], 1), values([1, 3], 1), values([1], 1), values([1], 2), values([1], 3), values([1], 5)];
  const chosen = candidates.find((all) => all.length >= 2 && all.length <= most);
  if (!chosen) return null;
  const short = chosen.every((v) => v >= 0.9e-4 && v < 1.1e6);
  return chosen.map((value) => {
    if (short) return [value, trimmed(plain(value, 4))];
    const exponent = Math.floor(Math.log10(value) + 1e-9);
    const multiple = Math.round(value / 10 ** exponent);
    return [value, multiple === 1 ? powerOfTen(exponent) : `${multiple}·${powerOfTen(exponent)}`];
  });
}

/** The range of values that a scale can show, or nothing. */
function rangeOf(values, scale) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (scale === "log" && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return null;
  if (low === high) return scale === "log" ? [low / 2, high * 2] : [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
  return [low, high];
}
