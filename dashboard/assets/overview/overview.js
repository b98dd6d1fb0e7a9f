// The live overview: every device, worst first, as tiles or a table; the active alarms above.

import { clock } from "../axes.js";
import { loadPlotly, loadStyle, now } from "../page.js";
import { Finder } from "./finder.js";
import { Fleet, groupOf } from "./fleet.js";
import { healthNotices } from "../panel.js";
import { number, setText, shape } from "../shapes.js";
import { LiveSocket } from "../socket.js";
import { Table } from "./table.js";
import { readTheme } from "../theme.js";
import { Tiles } from "./tiles.js";

const views = new WeakMap();
const ALARMS_SHOWN = 3;
const NAMED = 5;
const QUIET = ["provisional", "drift"];
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
    this.fleet = new Fleet();
    this.link = "connecting";
    loadStyle(version).then(() => this.begin());
    requestIdleCallback?.(() => loadPlotly(version)); // ready before a device is opened
  }

  begin() {
    if (this.ended) return;
    this.root.innerHTML = `<header class="fl-head"><h1>Overview</h1><span class="fl-link"></span></header>
      <div class="fl-notices" role="status"></div><div class="fl-alarms" role="alert"></div>
      <div class="fl-finder" hidden></div><div class="fl-tiles"></div><div class="fl-table" hidden></div>
      <p class="fl-none" hidden>No device is like that.</p><div class="fl-empty" hidden></div>`;
    this.part = (name) => this.root.querySelector(`.fl-${name}`);
    this.finder = new Finder(this.part("finder"), () => this.show());
    this.tiles = new Tiles(this.part("tiles"), (device) => this.open(device));
    this.table = new Table(this.part("table"), (device) => this.open(device));
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
      this.said = { ...this.said, ...said };
      this.fleet.receive(said);
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
    this.showDevices(time);
    this.showEmpty();
    Object.assign(this.root.dataset, { devices: this.fleet.order.length, link: this.link });
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
      shown.push(this.moreAlarms(alarms.length - ALARMS_SHOWN));
    }
    if (quiet.length) shown.push(quietLine("Outside what was learnt by itself, nobody notified", quiet));
    if (moved.length) shown.push(quietLine("The normal level of the score has moved", moved));
    this.part("alarms").replaceChildren(...shown);
  }

  moreAlarms(count) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fl-more";
    button.textContent = `and ${count} more alarms: show the devices`;
    button.addEventListener("click", () => this.finder.choose({ states: new Set(["alarm"]) }));
    return button;
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

  showDevices(time) {
    const { finder, fleet } = this;
    const count = fleet.order.length;
    finder.show(fleet.totals(), count);
    const layout = finder.layoutFor(count);
    this.part("tiles").hidden = layout !== "tiles";
    this.part("table").hidden = layout !== "table";
    const found = fleet.found(finder.text, finder.states);
    const rows = finder.grouped ? grouped(found) : found;
    (layout === "table" ? this.table : this.tiles).show(rows, time);
    this.part("none").hidden = found.length > 0 || count === 0;
    this.root.dataset.found = found.length;
  }

  showEmpty() {
    const empty = this.part("empty");
    empty.hidden = this.fleet.order.length > 0;
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
  const names = alarms.slice(0, NAMED).map((alarm) => alarm.device).join(", ");
  const more = alarms.length > NAMED ? ` and ${alarms.length - NAMED} more` : "";
  setText(line.querySelector("span"), `${title}: ${names}${more}`);
  return line;
}

// Devices under the names of their groups, each group where its worst device stands.
function grouped(found) {
  const groups = new Map();
  for (const device of found) {
    const name = groupOf(device.device);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(device);
  }
  return [...groups].flatMap(([name, members]) => [name, ...members]);
}
