// A page in Chromium, as its readers use it: node check.mjs FOLDER [PAGE...]
// FOLDER is what the example `synthetic` writes; further pages get the checks that hold for every page.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import assert from "node:assert/strict";

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [folder, ...further] = process.argv.slice(2);
const flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: flags });

/** Opens a page; whatever is an error or asks for something outside ends up in `page.faults`. */
async function open(file, { width = 1400, scheme = "light", script = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 1000 }, colorScheme: scheme, javaScriptEnabled: script, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  page.faults = [];
  const address = pathToFileURL(file).href;
  page.on("console", (message) => message.type() === "error" && page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(error.stack));
  page.on("dialog", (dialog) => { page.faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== address && !/^(blob|data):/.test(request.url())) page.faults.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  return page;
}

async function close(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

const figure = (page, name) => page.locator("figure").filter({ has: page.locator(`svg[aria-label*="${name}"]`) }).first();
const lines = (shown) => shown.locator(".plot g.live polyline").count();
const button = (shown, name) => shown.getByRole("button", { name, exact: true });

/** Numbers as the page writes them, back as numbers. */
const number = (text) => Number(text.replaceAll(",", "").replace("−", "-"));
const rounded = (value) => Number(Number(value).toPrecision(4));

const report = `${folder}/report.html`;
const tests = {
  async "hover says what was recorded, in every view"() {
    const head = {};
    const recorded = new Map();
    readFileSync(`${folder}/recorded.csv`, "utf8").trim().split("\n").forEach((line, at) => {
      const cells = line.split(",");
      if (!at) cells.forEach((name, column) => { head[name] = column; });
      else recorded.set(["model", "index", "seed", "step"].map((name) => cells[head[name]]).join(), number(cells[head.value]));
    });
    const page = await open(report);
    const shown = figure(page, "Skills emerge one after another, in the order");
    const pad = shown.locator(".plot > .pad").first();
    const models = { "layerwise theory, one constant from skill 1": "theory", "ReLU MLP": "net" };
    const read = async (steps) => {
      await pad.scrollIntoViewIfNeeded();
      const box = await pad.boundingBox();
      let compared = 0;
      for (let at = 1; at < steps; at++) {
        await page.mouse.move(box.x + (box.width * at) / steps, box.y + (box.height * ((at * 7) % steps)) / steps);
        const texts = await pad.locator(".reading").allInnerTexts();
        if (!texts.length) continue;
        const [, layer, skill] = texts[0].match(/^(.*) · skill (\d)/);
        const step = number(texts[0].match(/step ([\d,]+)/)[1]);
        const pairs = [...texts[0].matchAll(/(?:by seed: |seed |, )(\d+): ([−\d.,·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]*\d)/g)].filter(([, , value]) => !value.includes("·"));
        for (const [, seed, value] of pairs) {
          const known = recorded.get([models[layer], skill, seed, step].join());
          assert.equal(rounded(known), number(value), `${texts[0]} (${known})`);
          compared += 1;
        }
      }
      return compared;
    };
    assert.ok(await read(25) > 30, "in bands");
    await button(shown, "Single seeds").click();
    assert.ok(await read(25) > 5, "of single seeds");
    await button(shown, "Flow time").click();
    await button(shown, "log x").click();
    assert.ok(await read(25) > 5, "in flow time");
    await close(page);
  },

  async "the legend hides and isolates"() {
    const page = await open(report);
    const shown = figure(page, "The layerwise twin follows the theory");
    await button(shown, "layerwise twin").click();
    const without = await lines(shown);
    assert.equal(await button(shown, "layerwise twin").getAttribute("aria-pressed"), "false");
    await button(shown, "layerwise twin").click();
    assert.equal(await lines(shown), 0, "as it was drawn");
    await button(shown, "ReLU MLP").dblclick();
    const alone = await lines(shown);
    assert.ok(alone < without && alone > 0, `${alone} ${without}`);
    assert.equal(await button(shown, "theory").getAttribute("aria-pressed"), "false");
    await button(shown, "ReLU MLP").click({ modifiers: ["Shift"] });
    assert.equal(await button(shown, "theory").getAttribute("aria-pressed"), "true");
    await button(shown, "ReLU MLP").focus();
    await page.keyboard.press("Shift+Enter");
    assert.equal(await lines(shown), alone, "Shift and Enter isolate, too");
    await page.keyboard.press("Shift+Enter");
    await shown.locator(".plot .entry.clickable").first().click();
    assert.equal(await button(shown, "theory").getAttribute("aria-pressed"), "false");
    await button(shown, "Reset").click();
    assert.equal(await shown.locator(".plot .replaced").count(), 0);
    await close(page);
  },

  async "a drag zooms and a double click goes back"() {
    const page = await open(report);
    const shown = figure(page, "Skills emerge one after another, in the order");
    const pad = shown.locator(".plot > .pad").first();
    await pad.scrollIntoViewIfNeeded();
    const box = await pad.boundingBox();
    await page.mouse.move(box.x + 200, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 300, box.y + 105, { steps: 4 });
    assert.equal(await pad.locator(".selection").count(), 1);
    await page.mouse.up();
    assert.ok(await lines(shown) > 0);
    await pad.dblclick({ position: { x: 50, y: 50 } });
    assert.equal(await lines(shown), 0);
    await close(page);
  },

  async "keys read along curves and zoom"() {
    const page = await open(report);
    const shown = figure(page, "Skills emerge one after another, in the order");
    const pad = shown.locator(".plot > .pad").first();
    await pad.focus();
    const said = [];
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "End"]) {
      await page.keyboard.press(key);
      said.push(await pad.locator(".spoken").textContent());
    }
    assert.equal(new Set(said).size, 4, said.join("\n"));
    assert.match(said[0], /step [\d,]+ .*skill|skill.*step/);
    await page.keyboard.press("+");
    assert.ok(await lines(shown) > 0);
    await page.keyboard.press("0");
    assert.equal(await lines(shown), 0);
    await page.keyboard.press("Escape");
    assert.equal(await pad.locator(".reading").count(), 0);
    // Buttons answer to keys, too.
    await button(shown, "log x").focus();
    await page.keyboard.press("Space");
    assert.equal(await button(shown, "log x").getAttribute("aria-pressed"), "false");
    await close(page);
  },

  async "a knob changes the picture"() {
    const page = await open(`${folder}/features.html`);
    const id = await figure(page, "Features of each class").getAttribute("id");
    const shown = page.locator(`#${id}`);
    const label = () => shown.locator(".plot > svg").getAttribute("aria-label");
    assert.match(await label(), /^Features of each class/);
    await shown.locator("select").selectOption("2");
    assert.match(await label(), /at scale = 2/);
    await shown.locator("select").selectOption("0.5");
    assert.match(await label(), /^Features of each class/);
    await close(page);
    // Of a knob that tells curves apart, one value is shown.
    const other = await open(report);
    const told = other.locator("figure").filter({ has: other.locator("select") }).first();
    const before = await told.locator(".plot g.panel polyline[data-series]").count();
    await told.locator("select").first().selectOption({ index: 1 });
    const after = await lines(told);
    assert.ok(after > 0 && before > 0);
    await close(other);
  },

  async "cells of planes say what they are"() {
    const page = await open(report);
    const shown = figure(page, "Four outcomes");
    const pad = shown.locator(".plot > .pad").first();
    await pad.focus();
    await page.keyboard.press("ArrowRight");
    assert.match(await pad.locator(".spoken").textContent(), /comprehension: 3 of 3 seeds.*width: .*scale: /);
    await page.keyboard.press("ArrowUp");
    assert.match(await pad.locator(".spoken").textContent(), /comprehension: 1 of 3 seeds.*grokking: 2 of 3/);
    await close(page);
  },

  async "claims are filtered and lead to their curve"() {
    const page = await open(report);
    const rows = () => page.locator("table.overview tbody tr:visible").count();
    const all = await rows();
    await page.getByLabel("Verdict").selectOption("contradicted");
    const some = await rows();
    assert.ok(some > 0 && some < all, `${some} of ${all}`);
    await page.getByLabel("Filter claims").fill("no such words");
    assert.equal(await rows(), 0);
    await page.getByLabel("Filter claims").fill("");
    await page.getByLabel("Verdict").selectOption("");
    assert.equal(await rows(), all);
    await page.locator("table.overview a.curve").first().click();
    const shown = page.locator("figure:target");
    assert.match(await shown.locator(".tools .chip").textContent(), /^Curves of /);
    await close(page);
  },

  async "figures and numbers can be taken along"() {
    const page = await open(report);
    const shown = figure(page, "Skills emerge one after another, in the order");
    await shown.locator(".take summary").click();
    const taken = async (kind) => {
      const [download] = await Promise.all([page.waitForEvent("download"), button(shown, `Save as ${kind}`).click()]);
      return readFileSync(await download.path());
    };
    assert.match((await taken("SVG")).toString(), /^<svg .*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    assert.equal((await taken("PNG")).subarray(1, 4).toString(), "PNG");
    const csv = (await taken("CSV")).toString().trim().split("\n");
    assert.equal(csv[0], "panel,model,metric,curve,seed,x_name,x,y_name,y,value");
    assert.ok(csv.length > 1000 && csv.every((line) => line.split(",").length >= 10));
    await button(shown, "ReLU MLP").click();
    assert.ok(!(await taken("CSV")).toString().includes(",net,"), "what is hidden stays here");
    await close(page);
  },

  async "what a spec says is shown as text"() {
    const page = await open(`${folder}/hostile.html`);
    const hostile = await page.locator("figure .controls").first().innerText();
    assert.ok(hostile.includes("<img src=x onerror=alert(1)>"), hostile);
    assert.equal(await page.locator("img").count(), 0);
    const pad = page.locator(".plot > .pad").first();
    await pad.focus();
    await page.keyboard.press("ArrowRight");
    await page.setViewportSize({ width: 400, height: 900 });
    await page.waitForTimeout(200);
    assert.equal(await page.locator("img").count(), 0);
    await close(page);
  },

  async "without the script the page is what it was"() {
    const page = await open(report, { script: false });
    assert.ok(await page.locator("figure > svg").first().isVisible());
    assert.equal(await page.locator(".controls, .pad, .filter").count(), 0);
    await close(page);
  },

  async "paper has no buttons"() {
    const page = await open(report);
    const shown = figure(page, "Skills emerge one after another, in the order");
    await button(shown, "log x").click();
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".controls:visible, .filter:visible, .live:visible").count(), 0);
    assert.ok(await shown.locator("g.panel").first().isVisible());
    await close(page);
  },
};

/** What holds for every page: wide and light, narrow and dark; for the first of them in all four ways. */
async function everyPage(file, all) {
  const looks = [[1400, "light"], [400, "dark"], [1400, "dark"], [400, "light"]];
  for (const [width, scheme] of looks.slice(0, all ? 4 : 2)) {
    const page = await open(file, { width, scheme });
    await page.waitForTimeout(100);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, "nothing is wider than the screen");
    await page.evaluate(() => { for (const fold of document.querySelectorAll("details")) fold.open = true; });
    await page.waitForTimeout(200);
    if (width === 400) {
      const wide = await page.evaluate(() => [...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.textContent.slice(0, 80)));
      assert.deepEqual(wide, [], "no table scrolls sideways");
    }
    const unnamed = await page.evaluate(() => document.querySelectorAll("figure .plot > svg:not([aria-label]):not([aria-hidden])").length);
    assert.equal(unnamed, 0, "every picture says what it shows");
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run({ exclude: [["figure svg"]] }, { resultTypes: ["violations"] }));
    const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.length, nodes[0].html.slice(0, 200), nodes[0].failureSummary]), [], `${width} ${scheme}`);
    await close(page);
  }
}

for (const file of [`${folder}/hostile.html`, report, ...further]) {
  tests[`every page: ${file.split("/").slice(-2).join("/")}`] = () => everyPage(file, file.endsWith("/hostile.html"));
}

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  const start = Date.now();
  try {
    await test();
    console.log(`ok    ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
