// The buttons below a figure.

/** Builds the controls of a figure anew. */
function buildControls(figure) {
  figure.listeners = [];
  figure.controls?.remove();
  const curves = figure.data.panels.filter((panel) => panel.kind === "curves");
  figure.controls = html("div", { class: "controls", role: "group", "aria-label": "Controls of the figure" },
    modelChips(figure, curves), curveChips(figure, curves), seedChips(figure, curves),
    html("div", { class: "tools" }, ...knobs(figure, curves), ...switches(figure, curves), claimChip(figure), taking(figure)),
    html("div", { class: "said", "aria-live": "polite" }));
  figure.narrow.after(figure.controls);
}

/** A button that is pressed or not, and says so again after every change. */
function toggle(figure, label, isOn, flip, extra = {}) {
  const button = html("button", { type: "button", ...extra, click: (event) => flip(event) }, ...[label].flat());
  const say = () => button.setAttribute("aria-pressed", String(isOn()));
  figure.listeners.push(say);
  say();
  return button;
}

/** Chips that hide or isolate what they name. */
function chips(figure, title, set, names, label) {
  if (names.length < 2) return null;
  const isolate = (name) => figure.change((view) => {
    const others = names.filter((other) => other !== name);
    const alone = !view.hidden[set].has(name) && others.every((other) => view.hidden[set].has(other));
    view.hidden[set] = new Set(alone ? [] : others);
  });
  const flip = (name) => figure.change((view) => {
    const { hidden } = view;
    if (!hidden[set].delete(name)) hidden[set].add(name);
    if (names.every((other) => hidden[set].has(other))) hidden[set] = new Set();
  });
  const chip = (name) => {
    let clicks = null;
    return toggle(figure, label(name), () => !figure.view.hidden[set].has(name), (event) => {
      if (event.shiftKey) return isolate(name);
      // The second click of a double click undoes the first, then isolates.
      if (event.detail === 2 && clicks) { figure.change((view) => { view.hidden[set] = clicks; }); isolate(name); return undefined; }
      clicks = new Set(figure.view.hidden[set]);
      return flip(name);
    }, { class: "chip", title: "Click: hide or show. Double click or Shift: only this one." });
  };
  return html("div", { class: "chips", role: "group", "aria-label": title }, html("span", { class: "quiet" }, title), ...names.map(chip));
}

const unique = (all) => [...new Set(all)];

function modelChips(figure, curves) {
  const layers = curves.flatMap((panel) => panel.layers.filter((_, at) => panel.series.some((s) => s.layer === at)));
  const names = unique(layers.map((layer) => layer.label));
  return chips(figure, "Models", "models", names, (name) => {
    const { width, dashes } = layers.find((layer) => layer.label === name);
    const line = svg("line", { x1: 0, y1: 5, x2: 30, y2: 5, stroke: "currentColor", "stroke-width": width, "stroke-dasharray": dashes || null });
    return [svg("svg", { width: 30, height: 10, viewBox: "0 0 30 10", "aria-hidden": "true" }, line), name];
  });
}

function curveChips(figure, curves) {
  const drawn = (panel) => panel.keys.filter((key, at) => key.label && panel.series.some((series) => series.key === at));
  const all = curves.flatMap(drawn);
  return chips(figure, "Curves", "curves", unique(all.map((key) => key.label)), (name) => {
    const { colour } = all.find((key) => key.label === name);
    const dot = svg("rect", { width: 10, height: 10, fill: colour });
    return [svg("svg", { width: 10, height: 10, viewBox: "0 0 10 10", "aria-hidden": "true" }, dot), name];
  });
}

function seedChips(figure, curves) {
  const seeds = unique(curves.flatMap((panel) => panel.series.flatMap((s) => (s.values.length ? s.seeds : []))));
  const group = chips(figure, "Seeds", "seeds", seeds.sort((a, b) => a - b), String);
  const show = () => { if (group) group.hidden = !figure.view.single; };
  figure.listeners.push(show);
  show();
  return group;
}

/** One choice per knob that tells curves apart, and per knob at whose other values the page has the picture. */
function knobs(figure, curves) {
  const told = curves.flatMap((panel) => panel.keys.flatMap((key) => key.knobs));
  const apart = unique(told.map(([name]) => name)).flatMap((name) => {
    const values = unique(told.filter(([other]) => other === name).map(([, value]) => value));
    if (values.length < 2) return [];
    return choice(name, [["", "all"], ...values.map((value) => [value, value])], figure.view.knobs.get(name) || "", (value) =>
      figure.change((view) => { if (value) view.knobs.set(name, value); else view.knobs.delete(name); }), figure);
  });
  const swapped = unique(figure.alternatives.map((one) => one.knob)).map((knob) => {
    const own = figure.alternatives.filter((one) => one.knob === knob);
    return choice(knob, own.map((one) => [one.value, one.value === one.shown ? `${one.value} (as reported)` : one.value]), figure.chosen?.[knob] ?? own[0].shown, (value) => {
      const one = own.find((other) => other.value === value);
      figure.chosen = value === one.shown ? {} : { [knob]: value };
      load(figure, one.picture(), one.numbers());
      reflow(figure);
      figure.controls.querySelector(`select[data-knob="${CSS.escape(knob)}"]`)?.focus();
    });
  });
  return [...apart, ...swapped];
}

function choice(name, options, value, chosen, figure) {
  const select = html("select", { "data-knob": name, change: () => chosen(select.value) },
    ...options.map(([own, label]) => html("option", { value: own, ...(own === value ? { selected: "" } : {}) }, label)));
  figure?.listeners.push(() => { select.value = figure.view.knobs.get(name) || ""; });
  return html("label", {}, flat(name), " ", select);
}

function switches(figure, curves) {
  if (!curves.length) return [];
  const all = [];
  const flip = (edit) => () => figure.change(edit);
  if (curves.some((panel) => panel.series.some((s) => s.values.length > 1))) {
    all.push(toggle(figure, "Single seeds", () => figure.view.single, flip((view) => { view.single = !view.single; })));
  }
  const positive = (pick) => curves.some((panel) => panel.series.some((s) => pick(panel, s).filter((v) => v > 0).length > 1));
  if (positive((_, s) => s.x)) all.push(scaleSwitch(figure, curves, "log x", "logX", "x"));
  if (positive((_, s) => s.median)) all.push(scaleSwitch(figure, curves, "log y", "logY", "y"));
  const timed = curves.filter((panel) => panel.other);
  if (timed.length) {
    const flow = timed[0].x.name === "flow_time";
    all.push(toggle(figure, "Flow time", () => figure.view.other !== flow, flip((view) => {
      view.other = !view.other;
      view.zoom = view.zoom.map(() => null);
    })));
  }
  const zoom = (label, name, factor) => html("button", {
    type: "button", "aria-label": name, title: name,
    click: () => figure.stages.filter((stage) => stage.panel.kind === "curves").forEach((stage) => zoomBy(figure, stage, factor)),
  }, label);
  all.push(zoom("+", "Zoom in", 0.6), zoom("−", "Zoom out", 1 / 0.6));
  const reset = html("button", { type: "button", title: "The figure as it was drawn", click: figure.reset }, "Reset");
  const say = () => { reset.disabled = figure.data.panels.every((_, position) => isAsDrawn(figure.view, position)); };
  figure.listeners.push(say);
  say();
  all.push(reset);
  return all;
}

/** Between a log and a linear axis, for all panels of the figure. */
function scaleSwitch(figure, curves, label, key, name) {
  const own = curves[0][name].scale === "log";
  return toggle(figure, label, () => figure.view[key] ?? own, () => figure.change((view) => {
    const next = !(view[key] ?? own);
    view[key] = next === own && curves.every((panel) => (panel[name].scale === "log") === own) ? null : next;
    view.zoom = view.zoom.map(() => null);
  }));
}

/** Tells which claim's curves are shown in full, and takes that back. */
function claimChip(figure) {
  const button = html("button", { type: "button", class: "chip", click: () => figure.change((view) => { view.claim = null; }) });
  const say = () => {
    const claim = figure.data.claims.find((one) => one.position === figure.view.claim);
    button.hidden = !claim;
    button.textContent = claim ? `Curves of ${claim.id} ${claim.symbol} ${claim.word}: show all` : "";
  };
  figure.listeners.push(say);
  say();
  return button;
}

/** A click on the legend of the picture does what a click on its chip does. */
function legendClicks(figure) {
  const labels = unique(figure.data.panels.flatMap((panel) => (panel.layers || []).map((layer) => layer.label)));
  for (const entry of figure.wide.querySelectorAll(".legend .entry")) {
    const text = entry.textContent.trim();
    const label = labels.find((one) => text === flat(one) || text === one || text.startsWith(`${one}, `));
    if (!label) continue;
    entry.classList.add("clickable");
    entry.addEventListener("click", (event) => {
      const chip = [...figure.controls.querySelectorAll(".chips[aria-label=Models] button")].find((one) => one.textContent === label);
      chip?.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: event.shiftKey || event.detail === 2, detail: 1 }));
    });
  }
}
