// The live overview: a tile per device, worst first, the active alarms above.

import { clock } from "./axes.js";
import { loadPlotly, loadStyle, now } from "./page.js";
import { healthNotices } from "./panel.js";
import { age, number, setText, shape, showState } from "./shapes.js";
import { LiveSocket } from "./socket.js";
import { readTheme } from "./theme.js";

const views = new WeakMap();
const ALARMS_SHOWN = 5;
const QUIET = ["provisional", "drift"];
const TILE = `
<span class="fl-tile-head"><strong></strong><span class="fl-chip"></span></span>
<span class="fl-tile-score"><b></b><span></span></span>
<svg class="fl-spark" viewBox="0 0 120 30" preserveAspectRatio="none" aria-hidden="true">
  <line class="fl-spark-threshold" x1="0" x2="120"/><polyline/></svg>
<span class="fl-tile-foot"><span data-is="age"></span><span data-is="model"></span></span>`;
const PROVISIONAL = "Learnt from this device's first minutes by itself. Nobody is notified until somebody confirms it.";

export function mount(component, version) {
  const root = component.parentElement.querySelector(".faultline_overview");
  let view = views.get(root);
  if (!view) {
    view = new OverviewView(root, version);
    views.set(root, view);
  }
  view.component = component;
  view.theme = null;
  return () => setTimeout(() => {
    if (root.isConnected) return;
    view.end();
    views.delete(root);
  }, 0);
}

class OverviewView {
  constructor(root, version) {
    this.root = root;
    this.tiles = new Map();
    this.link = "connecting";
    loadStyle(version).then(() => this.begin());
    requestIdleCallback?.(() => loadPlotly(version)); // ready before a device is opened
  }

  begin() {
    if (this.ended) return;
    this.root.innerHTML = `<header class="fl-head"><h1>Overview</h1><span class="fl-link"></span></header>
      <div class="fl-notices" role="status"></div><div class="fl-alarms" role="alert"></div>
      <div class="fl-tiles"></div><div class="fl-empty" hidden></div>`;
    this.part = (name) => this.root.querySelector(`.fl-${name}`);
    const onState = (state) => {
      this.link = state;
      this.show();
    };
    this.socket = new LiveSocket("", (message) => this.receive(message), onState);
    this.clock = setInterval(() => this.show(), 500);
  }

  receive(message) {
    const said = JSON.parse(typeof message === "string" ? message : new TextDecoder().decode(message));
    this.error = said.error ?? null;
    if (!said.error) {
      this.said = said;
      this.heard = performance.now();
    }
    this.show();
  }

  show() {
    if (!this.theme) this.recolour();
    this.showNotices();
    if (!this.said) return;
    const time = now(this.said, this.heard);
    this.showAlarms();
    this.showTiles(time);
    this.showEmpty();
    Object.assign(this.root.dataset, { devices: this.said.devices.length, link: this.link });
  }

  recolour() {
    this.theme = readTheme(this.root);
    for (const key of ["anomaly", "alarm", "score", "text", "faint"]) {
      this.root.style.setProperty(`--fl-${key}`, this.theme[key]);
    }
    this.root.classList.toggle("fl-dark", this.theme.dark);
  }

  showNotices() {
    const lines = [];
    if (this.link === "lost") lines.push("Connection lost, retrying. The tiles show the last data received.");
    if (this.link === "refused") lines.push("The server refused the live connection. Reload the page.");
    if (this.error) lines.push(`The dashboard cannot read its store: ${this.error}`);
    if (this.said) lines.push(...healthNotices(this.said.health));
    const text = lines.join("\n");
    if (text === this.notices) return;
    this.notices = text;
    this.part("notices").replaceChildren(...lines.map((line) => {
      const element = document.createElement("p");
      element.textContent = line;
      return element;
    }));
  }

  showAlarms() {
    const alarms = this.said.alarms.filter((alarm) => !QUIET.includes(alarm.kind));
    const quiet = this.said.alarms.filter((alarm) => alarm.kind === "provisional");
    const moved = this.said.alarms.filter((alarm) => alarm.kind === "drift");
    const key = [...alarms, ...quiet, ...moved].map((alarm) => `${alarm.id} ${alarm.peak_score} ${alarm.life} ${alarm.priority}`).join();
    if (key === this.alarmKey) return;
    this.alarmKey = key;
    const shown = alarms.slice(0, ALARMS_SHOWN).map((alarm) => this.alarmLine(alarm));
    if (alarms.length > ALARMS_SHOWN) {
      const more = document.createElement("p");
      more.textContent = `and ${alarms.length - ALARMS_SHOWN} more alarms`;
      shown.push(more);
    }
    if (quiet.length) shown.push(quietLine("Outside what was learnt by itself, nobody notified", quiet));
    if (moved.length) shown.push(quietLine("The normal level of the score has moved", moved));
    this.part("alarms").replaceChildren(...shown);
  }

  alarmLine(alarm) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fl-banner";
    button.innerHTML = `${shape("alarm")}<div><strong></strong><span></span></div>`;
    const [worst] = Object.entries(alarm.contributions).sort((one, other) => other[1] - one[1]);
    const most = worst ? `, mostly ${worst[0]} (${Math.round(worst[1] * 100)} %)` : "";
    const whose = alarm.device || "the detector";
    const what = alarm.kind === "score" ? `peak score ${number(alarm.peak_score)}${most}` : alarm.sentence;
    setText(button.querySelector("strong"), `Alarm on ${whose} since ${clock(alarm.start)}`);
    setText(button.querySelector("span"), `${what}; ${alarm.priority} priority, ${alarm.life}`);
    if (alarm.device) button.addEventListener("click", () => this.open(alarm.device));
    return button;
  }

  showTiles(time) {
    const grid = this.part("tiles");
    const seen = new Set();
    this.said.devices.forEach((device, at) => {
      seen.add(device.device);
      const tile = this.tiles.get(device.device) ?? this.newTile(device.device);
      if (grid.children[at] !== tile) grid.insertBefore(tile, grid.children[at] ?? null);
      this.fill(tile, device, time);
    });
    for (const [name, tile] of this.tiles) {
      if (seen.has(name)) continue;
      tile.remove();
      this.tiles.delete(name);
    }
  }

  newTile(name) {
    const tile = document.createElement("button");
    tile.type = "button";
    tile.className = "fl-tile";
    tile.dataset.device = name;
    tile.innerHTML = TILE;
    tile.querySelector("strong").textContent = name;
    tile.addEventListener("click", () => this.open(name));
    this.tiles.set(name, tile);
    return tile;
  }

  fill(tile, device, time) {
    tile.dataset.state = device.shown_state;
    showState(tile.querySelector(".fl-chip"), device.shown_state);
    setText(tile.querySelector("b"), number(device.score));
    setText(tile.querySelector(".fl-tile-score span"), scoreWords(device));
    setText(tile.querySelector('[data-is="age"]'), `data ${age(time - device.last_arrival)} old`);
    const model = tile.querySelector('[data-is="model"]');
    const note = device.model && !device.provisional && device.state !== "unscored" ? device.reason ?? "" : "";
    const said = note ? `${device.model}, ${note.split(":")[0]}` : device.model ?? "no model";
    setText(model, device.provisional ? "provisional" : said);
    model.classList.toggle("fl-mark", device.provisional);
    model.title = device.provisional ? PROVISIONAL : note;
    this.drawSpark(tile, device);
  }

  drawSpark(tile, { spark, threshold }) {
    const top = Math.max(threshold * 1.3, ...spark.map((score) => score ?? 0));
    const y = (score) => 29 - (28 * score) / top;
    const step = 120 / 119;
    const from = 120 - (spark.length - 1) * step;
    const points = spark.map((score, i) => (score === null ? null : `${(from + i * step).toFixed(1)},${y(score).toFixed(1)}`));
    tile.querySelector("polyline").setAttribute("points", points.filter(Boolean).join(" "));
    const line = tile.querySelector("line");
    line.style.display = points.some(Boolean) ? "" : "none";
    line.setAttribute("y1", y(threshold));
    line.setAttribute("y2", y(threshold));
  }

  showEmpty() {
    const empty = this.part("empty");
    empty.hidden = this.said.devices.length > 0;
    if (empty.hidden || empty.childElementCount) return;
    const topic = this.said.topic.replace("{device}", "motor-600-1");
    empty.innerHTML = `<h2>No device has been seen yet</h2>
      <p>A device appears here with its first sample. Send one to the MQTT broker:</p>
      <dl><dt>Broker</dt><dd></dd><dt>Topic</dt><dd></dd><dt>Payload</dt><dd></dd></dl>
      <p>Or watch a simulated motor: <code>python -m simulator demo</code></p>`;
    const facts = [this.said.broker, topic, '{"ts": 1700000000.12, "acc_x": 0.01, "acc_y": -0.02, "acc_z": 0.98}'];
    empty.querySelectorAll("dd").forEach((element, i) => (element.textContent = facts[i]));
  }

  open(device) {
    this.component.setTriggerValue("open", device);
  }

  end() {
    this.ended = true;
    clearInterval(this.clock);
    this.socket?.close();
  }
}

// What nobody is notified of is said once, in one line, below the alarms.
function quietLine(title, alarms) {
  const line = document.createElement("p");
  line.className = "fl-quiet";
  line.innerHTML = `${shape("suspect")}<span></span>`;
  const names = alarms.slice(0, ALARMS_SHOWN).map((alarm) => alarm.device).join(", ");
  const more = alarms.length > ALARMS_SHOWN ? ` and ${alarms.length - ALARMS_SHOWN} more` : "";
  setText(line.querySelector("span"), `${title}: ${names}${more}`);
  return line;
}

function scoreWords(device) {
  if (device.shown_state === "unscored") return device.reason ?? "not scored";
  if (device.shown_state === "not-judged") return "the machine is not running";
  if (device.score === null) return "no score yet";
  return `score, threshold ${number(device.threshold)}`;
}
