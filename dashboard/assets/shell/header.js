// The bar above every page: is all well, what needs an answer first, which time is looked at.

import { loadStyle, mountView, now, Ticking } from "../page.js";
import { LiveSocket } from "../socket.js";
import { readTheme } from "../theme.js";
import { Alerts } from "./alerts.js";
import { Keys } from "./keys.js";
import { Kiosk } from "./kiosk.js";
import { Menus } from "./menus.js";
import { RangePicker } from "./range.js";
import { Search } from "./search.js";
import { Status } from "./status.js";
import { say } from "../words.js";

const LAYOUT = `
<a class="fl-skip" href="#fl-after-header" data-say="shell.skip"></a>
<div class="fl-bar-row">
  <div class="fl-status" data-is="status"></div>
  <div class="fl-range" data-is="range"></div>
  <div class="fl-tools" data-is="tools"></div>
</div>
<div class="fl-notices" data-is="notices" role="status"></div>
<span id="fl-after-header" tabindex="-1"></span>`;

export const mount = (component, version) => mountView(Header, "header", component, version);

class Header {
  constructor(root, version) {
    this.root = root;
    this.said = null;
    this.heard = 0;
    this.link = "connecting";
    loadStyle(version, "shell/shell").then(() => this.begin());
  }

  update(component) {
    this.component = component;
    this.data = { ...component.data };
    this.recolour();
    if (this.status) this.show();
  }

  begin() {
    if (this.ended) return;
    this.root.innerHTML = LAYOUT;
    document.documentElement.lang = say("shell.language_code");
    for (const element of this.root.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
    const part = (name) => this.root.querySelector(`[data-is="${name}"]`);
    this.status = new Status(part("status"), part("notices"), (query) => this.go("alarms", query));
    this.range = new RangePicker(part("range"), (words) => this.tell("range", words));
    this.search = new Search(this.root, this);
    this.alerts = new Alerts();
    this.keys = new Keys(this.root, this);
    this.menus = new Menus(part("tools"), this);
    this.kiosk = new Kiosk(this);
    this.onRange = ({ detail }) => this.showRange(detail);
    window.addEventListener("faultline-range", this.onRange);
    this.socket = new LiveSocket("header", (message) => this.receive(message), (state) => this.changed(state));
    this.ticking = new Ticking(() => this.show());
    this.recolour();
    this.show();
  }

  receive(message) {
    const said = JSON.parse(typeof message === "string" ? message : new TextDecoder().decode(message));
    this.error = said.error ?? null;
    if (!said.error) {
      this.said = { ...this.said, ...said };
      this.heard = performance.now();
      this.alerts.hear(this.said.newest);
      this.kiosk.hear(this.said);
    }
    this.show();
  }

  changed(link) {
    if (this.link === link) return;
    if (link === "lost" && this.link !== "refused") this.lostSince ??= Date.now() / 1000;
    if (link === "live") this.lostSince = null;
    this.link = link;
    this.show();
  }

  show() {
    this.ticking?.shown();
    const { said, link, lostSince, error } = this;
    this.status.show({ said, link, lostSince, error, now: now(said, this.heard) });
    this.range.show(this.data.range);
    this.menus.show(this.data);
    this.root.dataset.link = link;
  }

  // A range that was chosen in a chart: [start, end] in seconds; null: live.
  showRange(range) {
    const [from, to] = (range ?? []).map((ts) => new Date(ts * 1000).toISOString());
    this.data.range = range ? { from, to } : {};
    this.range.show(this.data.range);
  }

  recolour() {
    const theme = readTheme(this.root);
    for (const key of ["anomaly", "alarm", "text", "faint"]) this.root.style.setProperty(`--fl-${key}`, theme[key]);
    this.root.classList.toggle("fl-dark", theme.dark);
  }

  // Ask the server to open a page; the range and the kiosk mode stay with it.
  go(page, query = {}) {
    if (this.data.pages.some(({ path }) => path === page)) this.tell("go", { page, query });
  }

  tell(what, value) {
    this.component.setTriggerValue(what, value);
  }

  end() {
    this.ended = true;
    this.ticking?.end();
    this.socket?.close();
    window.removeEventListener("faultline-range", this.onRange);
    for (const part of [this.keys, this.menus, this.kiosk, this.search, this.range]) part?.end();
  }
}

