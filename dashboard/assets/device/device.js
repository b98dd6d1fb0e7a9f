// One device: socket -> ring -> figure, or the store's history where the chart stands still; drawn
// at most once per animation frame.

import { isEarly, loadPlotly, loadStyle, mountView, now, Ticking } from "../page.js";
import { Panel } from "../panel.js";
import { LiveSocket } from "../socket.js";
import { readTheme } from "../theme.js";
import { decode } from "../wire.js";
import { say } from "../words.js";
import { Charting } from "./charting.js";
import { Ring } from "./ring.js";

const REPORT_MS = 500; // after the last move of the range
const OTHERS_MS = 5000; // between two choices of other features by what is behind an anomaly

export const mount = (component, version) => mountView(DeviceView, "device", component, version);

class DeviceView {
  constructor(root, version) {
    this.root = root;
    this.ring = new Ring();
    this.counts = { draws: 0, updates: 0, snapshots: 0, draw_ms: 0 };
    this.chart = new Charting(this, () => loadPlotly(version));
    this.reported = new Set(); // ranges that were shown here first
    this.unsaid = []; // notes
    this.forgetDevice(null);
    loadStyle(version, "device/device")
      .then(() => this.ended || this.begin());
    this.ticking = new Ticking(() => this.showPanel());
  }

  forgetDevice(device) {
    this.device = device;
    this.header = null;
    this.heard = 0;
    this.card = null;
    this.alarms = [];
    this.notes = [];
    this.contributions = null;
    this.asked_for = []; // features; empty: the server chooses of many
    this.chose_at = -Infinity;
    this.command = null; // given here, not yet seen by the hub
    this.link = "connecting";
    this.ring.reset([]);
    this.chart.forget();
  }

  begin() {
    this.panel = new Panel(this.root);
    this.recolour();
    this.showPanel();
    this.chart.begin();
    if (!isEarly(this.root)) this.chart.surface?.prepareSoon();
  }

  // New data from Streamlit: another device, window or range, a moved threshold, or another theme.
  update(component) {
    this.component = component;
    const { device, window_s, revision, command, chosen, asked, turn } = component.data;
    this.chosen = chosen;
    this.known = revision;
    this.theme = null; // read again at the next draw
    const moved = device !== this.device;
    if (moved) this.forgetDevice(device);
    if (moved || window_s !== this.window_s) {
      const longer = (window_s ?? Infinity) > (this.window_s ?? 0);
      this.window_s = window_s;
      if (moved || longer) this.connect();
    }
    if (command) this.command = command;
    this.askForDrawn(0);
    this.show(asked, turn);
    this.chart.requestDraw();
  }

  // Drawn early, it is in its place now: what was done to it before stays.
  arrive() {
    this.asked = undefined;
    if (this.chart.view.fixed) this.reportRange(this.chart.view.fixed);
    setTimeout(() => this.say(), REPORT_MS);
    this.chart.surface?.prepareSoon();
  }

  // A range that was asked for on the page; what was shown here first is not shown again.
  show(asked, turn) {
    const key = JSON.stringify([asked ?? null, turn]);
    if (key === this.asked) return;
    const isFirst = this.asked === undefined;
    this.asked = key;
    if (this.reported.delete(keyOf(asked)) || (isFirst && !asked)) return;
    this.follows = true;
    const end = asked?.to ?? this.deviceNow();
    if (asked) this.chart.view.show([asked.last_s ? end - asked.last_s : asked.from, end]);
    else this.chart.view.live();
    this.follows = false;
  }

  // This moment by the device's clock.
  deviceNow() {
    const ahead_s = -(this.header?.status?.counters?.clock_offset_ms ?? this.component.data.behind_ms) / 1000;
    return now(this.header, this.heard) + ahead_s;
  }

  connect() {
    const query = new URLSearchParams({ device: this.device });
    if (this.window_s !== null) query.set("window", this.window_s);
    for (const name of this.asked_for) query.append("feature", name);
    const onState = (state) => {
      this.link = state;
      this.showPanel();
    };
    if (this.socket) this.socket.open(query);
    else this.socket = new LiveSocket(query, (message) => this.receive(message), onState);
  }

  receive(message) {
    const header = decode(message);
    if (header.error) return; // the header of the page says it; what was heard before stays
    if (header.full && header.blocks.length) this.chart.rows.begin(header.blocks.at(-1).features);
    if (!this.header || header.now >= this.header.now) this.take(header);
    if (header.full) {
      this.ring.reset([]);
      this.counts.snapshots++;
    }
    this.ring.keep_s = this.windowLength() * 1.5;
    for (const block of header.blocks) this.ring.push(block, header.gap_s);
    this.counts.updates++;
    this.counts.bytes = message.byteLength;
    this.askForDrawn(OTHERS_MS);
    this.report();
    this.chart.requestDraw();
  }

  // Of many features only those that are drawn are sent; others that are to be are asked for.
  askForDrawn(pause_ms) {
    const wanted = this.chart.wanted();
    const known = this.ring.features;
    if (!known.length || wanted.every((name) => known.includes(name))) return;
    if (performance.now() - this.chose_at < pause_ms || `${wanted}` === `${this.asked_for}`) return;
    this.asked_for = wanted;
    this.chose_at = performance.now();
    this.connect();
  }

  // What an update says besides samples; an older one that arrives late says nothing.
  take(header) {
    this.header = header;
    this.heard = performance.now();
    if (header.card !== undefined) this.card = header.card;
    if (header.notes !== undefined) this.notes = header.notes;
    if (header.alarms !== undefined) {
      this.alarms = header.alarms;
      if (header.alarms.length) this.chart.rows.follow(header.alarms[0].contributions, true);
    }
    if (header.contributions) {
      this.contributions = header.contributions;
      const { state, score, threshold } = header.status;
      this.chart.rows.follow(header.contributions, score > threshold && state !== "not-judged");
    }
    if (this.command && header.command && header.command.id >= this.command.id) this.command = null;
  }

  // Let Streamlit draw the page anew when something beside the chart changed.
  report() {
    const { revision } = this.header;
    if (revision === this.known) return;
    this.known = revision;
    this.component.setStateValue("revision", revision);
  }

  // Tell the page which range is shown, for its link; the chart waits for nothing.
  reportRange(fixed) {
    const own = fixed ? { from: rounded(fixed[0]), to: rounded(fixed[1]) } : { live: true };
    const shown = this.follows ? { follows: true } : own;
    clearTimeout(this.reporting);
    this.reporting = setTimeout(() => {
      if (shown.from) this.reported.add(keyOf(shown));
      this.component.setStateValue("shown", shown);
    }, REPORT_MS);
    if (!this.follows) window.dispatchEvent(new CustomEvent("faultline-range", { detail: fixed }));
  }

  write(text, [start, end]) {
    if (text) this.unsaid.push({ start: rounded(start), end: rounded(end), text });
    this.say();
  }

  // What was written; nobody hears it before this is in its place.
  say() {
    if (isEarly(this.root)) return;
    for (const note of this.unsaid.splice(0)) this.component.setTriggerValue("note", note);
  }

  windowLength() {
    return this.window_s ?? this.header?.auto_window_s ?? 60;
  }

  liveRange() {
    const end = this.ring.length ? this.ring.lastTs : this.header?.now ?? Date.now() / 1000;
    return [end - this.windowLength(), end];
  }

  // The threshold that counts now: just given, given but not applied yet, or in force.
  threshold() {
    if (!this.header?.status) return null;
    if (this.command) return this.command.threshold;
    const { command, status, now } = this.header;
    const pending = command && command.applied_at === null;
    const justApplied = command?.outcome === "applied" && now - command.applied_at < 3;
    return pending || justApplied ? command.value.threshold : status.threshold;
  }

  // What stands over a chart without a score.
  note() {
    const status = this.header?.status;
    if (!status) return this.header ? say("device.no_data_yet") : null;
    if (status.state === "unscored") return say("device.not_scored", { why: status.reason ?? say("device.no_model") });
    if (status.state !== "warming-up" || !this.card) return null;
    const got = Math.min(this.ring.next - this.ring.sessionStart, this.card.window);
    return say("device.warming_up", { got, n: this.card.window });
  }

  recolour() {
    this.theme = readTheme(this.root);
    for (const key of ["raw", "reconstruction", "error", "anomaly", "alarm", "notJudged", "text", "faint", "healthy"]) {
      this.root.style.setProperty(`--fl-${key}`, this.theme[key]);
    }
    this.root.classList.toggle("fl-dark", this.theme.dark);
  }

  showPanel() {
    if (!this.panel) return;
    this.ticking.shown();
    const { chart } = this;
    this.panel.show({
      device: this.device, header: this.header, card: this.card, alarms: this.alarms,
      shown: chart.rows.of(this.card?.features ?? [], this.chosen), shares: chart.shares(),
      contributions: this.contributions, link: this.link,
      threshold: this.card ? this.threshold() : null, now: now(this.header, this.heard),
    });
    this.panel.showComparing(chart.compare.isOn);
    this.root.dataset.link = this.link;
  }

  end() {
    this.ended = true;
    this.ticking.end();
    clearTimeout(this.reporting);
    this.socket?.close();
    this.chart.end();
  }
}

function rounded(seconds) {
  return Math.round(seconds * 1000) / 1000;
}

function keyOf(range) {
  return range ? `${rounded(range.from)} ${range.to && rounded(range.to)} ${range.last_s ?? ""}` : "live";
}
