// The overview: every device, worst first, as tiles or a table; the active alarms above.

import { clock } from "../axes.js";
import { loadStyle, mountView, now, Ticking } from "../page.js";
import { percent } from "../format.js";
import { inert } from "../inert.js";
import { number, setText, shape } from "../shapes.js";
import { LiveSocket } from "../socket.js";
import { readTheme } from "../theme.js";
import { say } from "../words.js";
import { Finder } from "./finder.js";
import { Fleet, groupOf } from "./fleet.js";
import { Sparks } from "./sparks.js";
import { Table } from "./table.js";
import { Tiles } from "./tiles.js";

const ALARMS_SHOWN = 3;
const NAMED = 5;
const QUIET = ["provisional", "drift"];
export const mount = (component, version) => mountView(OverviewView, "overview", component, version);

class OverviewView {
  constructor(root, version) {
    this.root = root;
    this.fleet = new Fleet();
    this.link = "connecting";
    this.sparks = new Sparks(() => this.said && this.show());
    loadStyle(version).then(() => this.begin());
  }

  update(component) {
    this.component = component;
    this.theme = null;
    this.sparks.choose(component.data.range);
    this.hasModels = component.data.has_models;
  }

  begin() {
    if (this.ended) return;
    this.root.innerHTML = `<header class="fl-head"><h1></h1></header><div class="fl-alarms" role="alert"></div>
      <div class="fl-finder" hidden></div><div class="fl-tiles"></div><div class="fl-table" hidden></div>
      <p class="fl-none" hidden></p><div class="fl-empty" hidden></div>`;
    this.part = (name) => this.root.querySelector(`.fl-${name}`);
    setText(this.root.querySelector("h1"), say("common.overview"));
    setText(this.part("none"), say("overview.none"));
    this.finder = new Finder(this.part("finder"), () => this.show());
    this.tiles = new Tiles(this.part("tiles"), this.sparks, (page, device) => this.open(device, page), this.hasModels);
    this.table = new Table(this.part("table"), (device) => this.open(device));
    const onState = (state) => {
      this.link = state;
      this.show();
    };
    this.socket = new LiveSocket("", (message) => this.receive(message), onState);
    this.ticking = new Ticking(() => this.show());
  }

  receive(message) {
    const said = JSON.parse(typeof message === "string" ? message : new TextDecoder().decode(message));
    if (!said.error) {
      this.said = { ...this.said, ...said };
      this.fleet.receive(said);
      this.heard = performance.now();
    }
    this.show();
  }

  show() {
    if (!this.theme) this.recolour();
    if (!this.said) return;
    this.ticking?.shown();
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
    if (quiet.length) shown.push(quietLine("overview.quiet", quiet));
    if (moved.length) shown.push(quietLine("overview.moved", moved));
    this.part("alarms").replaceChildren(...shown);
  }

  moreAlarms(count) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fl-more";
    button.textContent = say("overview.more_alarms", { n: count });
    button.addEventListener("click", () => this.finder.choose({ states: new Set(["alarm"]) }));
    return button;
  }

  alarmLine(alarm) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fl-banner";
    button.innerHTML = `${shape("alarm")}<div><strong></strong><span></span></div>`;
    setText(button.querySelector("strong"), say("overview.alarm", { device: alarm.device ? inert(alarm.device) : say("shell.the_detector"), time: clock(alarm.start) }));
    setText(button.querySelector("span"), say("overview.alarm_more", {
      what: whatOf(alarm), priority: say(`shell.priority_${alarm.priority}`), life: say(`overview.life_${alarm.life.replaceAll("-", "_")}`),
    }));
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
    empty.innerHTML = `<h2></h2><p></p><dl><dt></dt><dd></dd><dt></dt><dd></dd><dt></dt><dd></dd></dl>
      <p><span></span> <code>python -m simulator demo</code></p>`;
    const words = [
      say("overview.empty"), say("overview.empty_how"), say("overview.broker"), say("overview.topic"), say("overview.payload"),
      say("overview.empty_demo"),
    ];
    empty.querySelectorAll("h2, h2 + p, dt, p span").forEach((element, i) => (element.textContent = words[i]));
    const facts = [this.said.broker, topic, '{"ts": 1700000000.12, "acc_x": 0.01, "acc_y": -0.02, "acc_z": 0.98}'];
    empty.querySelectorAll("dd").forEach((element, i) => (element.textContent = facts[i]));
  }

  open(device, page = "device") {
    this.component.setTriggerValue("open", { page, device });
  }

  end() {
    this.ended = true;
    this.ticking?.end();
    this.sparks.end();
    this.socket?.close();
  }
}

function whatOf(alarm) {
  if (alarm.kind !== "score") return alarm.sentence;
  const [worst] = Object.entries(alarm.contributions).sort((one, other) => other[1] - one[1]);
  const peak = number(alarm.peak_score);
  return worst
    ? say("overview.peak_mostly", { peak, feature: inert(worst[0]), share: percent(worst[1]) })
    : say("overview.peak", { peak });
}

// What nobody is notified of is said once, in one line, below the alarms.
function quietLine(key, alarms) {
  const line = document.createElement("p");
  line.className = "fl-quiet";
  line.innerHTML = `${shape("suspect")}<span></span>`;
  const names = alarms.slice(0, NAMED).map((alarm) => inert(alarm.device)).join(", ");
  const more = alarms.length > NAMED ? say("overview.and_more", { n: alarms.length - NAMED }) : "";
  setText(line.querySelector("span"), say(key, { names: names + more }));
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
