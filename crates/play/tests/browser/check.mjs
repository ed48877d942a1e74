// The bench in Chromium, as its readers use it: node check.mjs LAYERWISE OUT [SCREENSHOTS]
// LAYERWISE is the program, OUT an empty folder for saved runs.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import assert from "node:assert/strict";

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [program, out, pictures] = process.argv.slice(2);
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: flags });

/** Longest time for a run to end on a machine that does other things. */
const PATIENCE = 90_000;

/** Starts a server and gives its address. */
async function serve(...words) {
  const server = spawn(program, [...words], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  return { server, address: line.trim() };
}

async function stop({ server }) {
  if (server.exitCode !== null) return server.exitCode;
  server.kill("SIGINT");
  const [code] = await once(server, "exit");
  return code;
}

const play = (...words) => serve("play", "--no-open", "--out", out, ...words);
const main = await play();

/** Opens a page; whatever is an error or asks for another address ends up in `page.faults`. */
async function open(address, { width = 1400, scheme = "light" } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 1000 }, colorScheme: scheme, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.faults = [];
  const { origin } = new URL(address);
  page.on("console", (message) => message.type() === "error" && page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(error.stack));
  page.on("dialog", (dialog) => { page.faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`) && !/^(blob|data):/.test(request.url())) page.faults.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  return page;
}

async function close(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

const state = (page) => page.locator("#state").innerText();
const ended = (page) => page.waitForFunction(() => /^(Done|Stopped|Seed)/.test(document.getElementById("state").textContent) && !document.querySelector("figure.stale"));

/** Turns a dial to a share of its way. */
async function turn(page, dial, share) {
  await page.locator(`#dial-${dial}`).evaluate((slider, way) => {
    slider.value = way;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }, Math.round(1000 * share));
}

const number = (text) => Number(text.replaceAll(",", "").replace("−", "-"));
const rounded = (value) => Number(Number(value).toPrecision(4));
/** Values of recorded.csv, by model, index, seed and step. */
function recorded(folder, metric) {
  const lines = readFileSync(`${folder}/observations.jsonl`, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const own = lines.filter((row) => row.metric === metric);
  return new Map(own.map((row) => [[row.model, row.index, row.seed, row.step].join(), row.value]));
}

const tests = {
  async "κ turns a sigmoid into an exponential, and the page says why"() {
    const page = await open(main.address);
    await ended(page);
    assert.match(await page.locator("#text").innerText(), /sigmoid: a delay/);
    const before = await page.locator("#claims").innerText();
    assert.match(before, /supported|replicated/);
    await turn(page, "kappa", 0.98);
    await page.waitForFunction(() => /an exponential without a delay/.test(document.getElementById("text").textContent));
    await ended(page);
    const text = await page.locator("#text").innerText();
    const ratio = number(text.match(/([\d.,]+) for theory/)[1]);
    assert.ok(ratio > 15, text);
    await close(page);
  },

  async "a curve moves soon after a change"() {
    const page = await open(main.address);
    await ended(page);
    const times = [];
    for (const share of [0.3, 0.35, 0.4]) {
      times.push(await page.evaluate((way) => new Promise((done) => {
        const slider = document.getElementById("dial-kappa");
        const start = performance.now();
        new MutationObserver((_, observer) => { observer.disconnect(); done(performance.now() - start); })
          .observe(document.querySelector("#figure-skills .plot"), { childList: true });
        slider.value = way;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      }), Math.round(1000 * share)));
      await page.waitForTimeout(200);
    }
    console.log(`      first curves after ${times.map((time) => time.toFixed(0)).join(", ")} ms`);
    await ended(page);
    await close(page);
  },

  async "hover says what was recorded, while it trains and after"() {
    const page = await open(`${main.address}#emergence?seeds=1&steps=6000`);
    await page.waitForSelector("#figure-skills .pad");
    const said = [];
    const read = async (steps) => {
      // A figure may be drawn anew at any time, so its place is read at once.
      const box = await page.evaluate(() => {
        document.getElementById("figure-skills").scrollIntoView();
        return document.querySelector("#figure-skills .plot > .pad").getBoundingClientRect().toJSON();
      });
      for (let at = 1; at < steps; at++) {
        await page.mouse.move(box.x + (box.width * at) / steps, box.y + (box.height * ((at * 7) % steps)) / steps);
        const texts = await page.locator("#figure-skills .plot .reading").allInnerTexts();
        if (texts.length) said.push(texts[0]);
      }
    };
    await read(12);
    await ended(page);
    await read(30);
    await page.locator("#save-run").click();
    await page.waitForFunction(() => /report\.html/.test(document.getElementById("saved").textContent));
    const folder = (await page.locator("#saved").innerText()).replace(/^Saved with its page: /, "").replace(/\/report\.html$/, "");
    const known = recorded(folder, "skill_strength");
    const models = { "layerwise theory": "theory", "ReLU net": "net", "layered twin": "twin", "plain linear model": "linear" };
    let compared = 0;
    for (const text of said) {
      const [, layer, skill] = text.match(/^(.*) · skill (\d)/);
      const step = number(text.match(/step ([\d,]+)/)[1]);
      const [, seed, value] = text.match(/seed (\d+): (.*)/);
      if (value.includes("·")) continue;
      assert.equal(number(value), rounded(known.get([models[layer], skill, seed, step].join())), text);
      compared += 1;
    }
    assert.ok(compared > 10, `${compared} of ${said.length}`);
    await close(page);
  },

  async "legend, keys and a view stay over a change"() {
    const page = await open(main.address);
    await ended(page);
    const figure = page.locator("#figure-skills");
    const chip = () => figure.getByRole("button", { name: "plain linear model", exact: true });
    await chip().click();
    assert.equal(await chip().getAttribute("aria-pressed"), "false");
    await page.locator("#dial-kappa").focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => !/^Done/.test(document.getElementById("state").textContent));
    await ended(page);
    assert.equal(await chip().getAttribute("aria-pressed"), "false");
    assert.equal(await page.evaluate(() => document.activeElement.id), "dial-kappa");
    const pad = figure.locator(".plot > .pad").first();
    await pad.focus();
    await page.keyboard.press("ArrowRight");
    assert.match(await pad.locator(".spoken").textContent(), /step [\d,]+ .*skill|skill.*step/);
    await close(page);
  },

  async "a link holds the state, and wrong ones do no harm"() {
    const page = await open(main.address);
    await ended(page);
    await turn(page, "alpha", 0.5);
    await page.waitForFunction(() => /alpha=/.test(location.hash));
    const link = page.url();
    assert.match(link, /#emergence\?alpha=1\.05$/);
    const other = await open(link);
    await ended(other);
    assert.equal(await other.locator("#dial-alpha + output, label[for=dial-alpha] output").first().innerText(), "1.05");
    await close(other);
    const wrong = await open(`${main.address}#emergence?kappa=1e9&nope=<img src=x onerror=alert(1)>&seeds=1`);
    await ended(wrong);
    assert.equal(await wrong.locator("label[for=dial-kappa] output").innerText(), "1");
    assert.equal(await wrong.locator("img").count(), 0);
    await close(wrong);
    await close(page);
  },

  async "save as spec gives a spec that runs the same"() {
    const page = await open(`${main.address}#emergence?seeds=1&kappa=3&steps=1000`);
    await ended(page);
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#save-spec").click()]);
    const file = `${out}/saved.toml`;
    writeFileSync(file, readFileSync(await download.path()));
    await new Promise((done, failed) => { execFile(program, ["run", file, "--dry-run"], (error) => (error ? failed(error) : done())); });
    assert.match(readFileSync(file, "utf8"), /weight_scale = 3/);
    await close(page);
  },

  async "two tabs run at once, and one does not end the other"() {
    const pages = [await open(`${main.address}#emergence?seeds=8`), await open(`${main.address}#emergence?seeds=7`)];
    await Promise.all(pages.map(ended));
    for (const page of pages) {
      assert.match(await state(page), /^Done/);
      await close(page);
    }
  },

  async "fifty turns of a dial end in one run"() {
    const page = await open(main.address);
    await page.waitForSelector("#figure-skills .pad");
    for (let at = 0; at < 50; at++) {
      await turn(page, "kappa", at / 60);
      await page.waitForTimeout(at % 3 ? 5 : 45);
    }
    await ended(page);
    const runs = await page.evaluate(() => performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/run?")).length);
    assert.ok(runs > 5, `${runs} runs`);
    const value = await page.locator("label[for=dial-kappa] output").innerText();
    assert.match(await page.locator("#figure-skills svg").first().getAttribute("aria-label"), /Skill strengths/);
    assert.ok(number(value) > 10, value);
    const threads = readdirSync(`/proc/${main.server.pid}/task`).map((id) => readFileSync(`/proc/${main.server.pid}/task/${id}/comm`, "utf8").trim());
    assert.equal(threads.filter((name) => name === "run").length, 0, threads.join());
    await close(page);
  },

  async "stop stops, and a dial that cannot be says why"() {
    const page = await open(`${main.address}#emergence?steps=30000&kappa=0.3&seeds=8`);
    await page.waitForSelector("#figure-skills .pad");
    await page.locator("#stop").click();
    assert.equal(await state(page), "Stopped.");
    await close(page);
  },

  async "all scenes show their figures, sentences and claims"() {
    const page = await open(main.address);
    await ended(page);
    for (const [name, words] of [["collapse", /NC1/], ["lazy-rich", /Rich: the tangent kernel/], ["grokking", /fitted its rows|answers/]]) {
      await page.evaluate((hash) => { location.hash = hash; }, `#${name}?seeds=1`);
      await page.waitForFunction((own) => document.querySelector("#scenes a[aria-current]")?.hash === `#${own}`, name);
      await page.waitForFunction(() => document.querySelectorAll("#figures figure").length > 1);
      await ended(page);
      assert.equal(await page.locator("#problem").isHidden(), true, await page.locator("#problem").innerText());
      assert.match(await page.locator("#text").innerText(), words);
      assert.ok(await page.locator("#claims details").count() > 0);
    }
    await close(page);
  },

  async "what a spec says is shown as text"() {
    const file = `${out}/hostile.toml`;
    const evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>";
    writeFileSync(file, `name = "hostile"
title = "${evil}"
summary = "${evil}"
source = "none"
minutes = 0.1
[task]
kind = "modes"
input_powers = [1.0]
targets = [1.0]
[models.linear]
kind = "linear-skills"
[training]
seeds = 1
steps = 200
lr = 0.01
[[measure]]
kind = "skills"
schedule = { kind = "linear", every = 10 }
[[measure]]
kind = "loss"
schedule = { kind = "ends" }
[[claims]]
id = "H1"
statement = "${evil}"
source = "none"
metric = "skill_strength"
model = "linear"
statistic = { kind = "final-value" }
threshold = { above = 0.5 }
origin = "theory"
controls = [{ name = "${evil}", metric = "test_loss", must = "contradicted" }]
[[pictures]]
name = "skills"
title = "${evil}"
caption = "${evil}"
[[pictures.panels]]
kind = "curves"
metric = "skill_strength"
x = "step"
x_label = "${evil}"
y_label = "strength"
layers = [{ model = "linear", label = "${evil}" }]
`);
    const own = await play(file);
    const page = await open(own.address);
    await ended(page);
    assert.equal(await page.locator("img").count(), 0);
    assert.ok((await page.locator("#text").innerText()).includes("<img src=x"));
    assert.ok(await page.locator("#dial-models-linear-lr-scale").count() === 1);
    await close(page);
    assert.equal(await stop(own), 0);
  },

  async "a server that stops while a run streams is noticed"() {
    const own = await play();
    const page = await open(`${own.address}#emergence?steps=30000&kappa=0.3&seeds=8`);
    await page.waitForSelector("#figure-skills .pad");
    const start = Date.now();
    assert.equal(await stop(own), 0);
    assert.ok(Date.now() - start < 10_000, "it ends at once");
    await page.waitForFunction(() => /server has stopped/.test(document.getElementById("problem").textContent));
    page.faults = page.faults.filter((fault) => !/ERR_(CONNECTION|INCOMPLETE)/.test(fault));
    await close(page);
  },

  async "run --open shows the run and then its page"() {
    const folder = `${out}/watched`;
    const server = spawn(program, ["run", "emergence", "--quick", "--open", "--seeds", "6", "--out", folder], { stdio: ["ignore", "ignore", "pipe"] });
    const lines = createInterface({ input: server.stderr });
    const exit = once(server, "exit");
    let address = null;
    for await (const line of lines) {
      [, address] = line.match(/(http:\/\/\S+) shows the run/) || [];
      if (address) break;
    }
    server.stderr.resume();
    const page = await open(address);
    await page.waitForSelector("figure .pad");
    assert.match(await page.locator("#text").innerText(), /cells are done/);
    await page.waitForSelector("details.claim .verdict:is(.supported, .replicated, .contradicted)");
    assert.match(await page.title(), /emergence/);
    page.faults = page.faults.filter((fault) => !/ERR_(CONNECTION|INCOMPLETE)/.test(fault));
    await close(page);
    await exit;
  },
};

for (const [width, scheme] of [[1400, "light"], [400, "dark"], [1400, "dark"], [400, "light"]]) {
  for (const scene of ["emergence", "collapse", "lazy-rich", "grokking"]) {
    tests[`every look: ${scene} ${width} ${scheme}`] = async () => {
      const page = await open(`${main.address}#${scene}`, { width, scheme });
      await page.waitForSelector("figure .controls");
      await ended(page);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, "nothing is wider than the screen");
      if (pictures) {
        mkdirSync(pictures, { recursive: true });
        await page.screenshot({ path: `${pictures}/${scene}-${width}-${scheme}.png`, fullPage: true });
      }
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run({ exclude: [["figure svg"]] }, { resultTypes: ["violations"] }));
      const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes.length, nodes[0].html.slice(0, 200), nodes[0].failureSummary]), []);
      await close(page);
    };
  }
}

const wanted = process.env.ONLY ? new RegExp(process.env.ONLY) : /./;
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  if (!wanted.test(name)) continue;
  const start = Date.now();
  try {
    await test();
    console.log(`ok    ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack}`);
  }
}
assert.equal(await stop(main), 0);
await browser.close();
process.exit(failed ? 1 : 0);
