// The live view of one device: socket -> ring -> figure, drawn at most once per animation frame.

import { Figure } from "./figure.js";
import { loadPlotly, loadStyle, now } from "../page.js";
import { Panel } from "../panel.js";
import { Ring } from "./ring.js";
import { LiveSocket } from "../socket.js";
import { readTheme } from "../theme.js";
import { decode } from "../wire.js";

const CONFIG = { displayModeBar: false, doubleClick: false, showTips: false };
const CLOCK_MS = 500;
const views = new WeakMap();

// Called by Streamlit for the first time and whenever `data` changes.
export function mount(component, version) {
  const root = component.parentElement.querySelector(".faultline_device");
  let view = views.get(root);
  if (!view) {
    view = new DeviceView(root, version);
    views.set(root, view);
  }
  view.update(component);
  return () => setTimeout(() => {
    if (root.isConnected) return; // drawn again in place
    view.end();
    views.delete(root);
  }, 0);
}

class DeviceView {
  constructor(root, version) {
    this.root = root;
    this.ring = new Ring();
    this.figure = new Figure();
    this.plotly = null;
    this.held = false; // between pointer down and up
    this.zoom = null; // [start, end] in seconds while zoomed
    this.counts = { draws: 0, updates: 0, snapshots: 0, draw_ms: 0 };
    this.forgetDevice(null);
    loadStyle(version)
      .then(() => this.begin())
      .then(() => loadPlotly(version)) // the words first: to run plotly.js takes half a second
      .then((library) => this.beginChart(library));
    this.clock = setInterval(() => this.showPanel(), CLOCK_MS);
  }

  forgetDevice(device) {
    this.device = device;
    this.header = null;
    this.heard = 0;
    this.card = null;
    this.alarms = [];
    this.contributions = null;
    this.command = null; // given here, not yet seen by the hub
    this.link = "connecting";
    this.error = null;
    this.ring.reset([]);
    this.figure.clear();
    this.zoom = null;
  }

  begin() {
    this.panel = new Panel(this.root);
    this.recolour();
    this.showPanel();
  }

  beginChart(plotly) {
    if (this.ended) return;
    this.plotly = plotly;
    this.graph = this.panel.is.chart;
    this.graph.addEventListener("pointerdown", () => (this.held = true));
    this.letGo = () => {
      this.held = false;
      this.requestDraw();
    };
    for (const event of ["pointerup", "pointercancel", "blur"]) window.addEventListener(event, this.letGo);
    this.panel.is.back.addEventListener("click", () => this.backToLive());
    this.resized = new ResizeObserver(() => this.requestDraw());
    this.resized.observe(this.graph);
    this.requestDraw();
  }

  // New data from Streamlit: another device or window, a moved threshold, or another theme.
  update(component) {
    this.component = component;
    const { device, window_s, revision, command, chosen } = component.data;
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
    this.requestDraw();
  }

  connect() {
    const query = new URLSearchParams({ device: this.device });
    if (this.window_s !== null) query.set("window", this.window_s);
    const onState = (state) => {
      this.link = state;
      this.showPanel();
    };
    if (this.socket) this.socket.open(query);
    else this.socket = new LiveSocket(query, (message) => this.receive(message), onState);
  }

  receive(message) {
    if (typeof message === "string") return this.receiveError(message);
    const header = decode(message);
    if (header.error) return void (this.error = header.error);
    this.error = null;
    if (!this.header || header.now >= this.header.now) this.take(header);
    if (header.full) {
      this.ring.reset([]);
      this.counts.snapshots++;
    }
    this.ring.keep_s = this.windowLength() * 1.5;
    for (const block of header.blocks) this.ring.push(block, header.gap_s);
    this.counts.updates++;
    this.report();
    this.requestDraw();
  }

  // What an update says besides samples; an older one that arrives late says nothing.
  take(header) {
    this.header = header;
    this.heard = performance.now();
    if (header.card !== undefined) this.card = header.card;
    if (header.alarms !== undefined) {
      this.alarms = header.alarms;
      if (header.alarms.length) this.figure.rows.follow(header.alarms[0].contributions, true);
    }
    if (header.contributions) {
      this.contributions = header.contributions;
      this.figure.rows.follow(header.contributions, header.status.score > header.status.threshold);
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

  windowLength() {
    return this.window_s ?? this.header?.auto_window_s ?? 60;
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

  note() {
    const status = this.header?.status;
    if (!status) return this.header ? "no data yet" : null;
    if (status.state === "unscored") return `not scored: ${status.reason ?? "no model"}`;
    if (status.state !== "warming-up" || !this.card) return null;
    const got = Math.min(this.ring.next - this.ring.sessionStart, this.card.window);
    return `warming up: ${got} of ${this.card.window} samples`;
  }

  requestDraw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = null;
      this.draw();
    });
  }

  draw() {
    if (!this.plotly || this.ended) return;
    this.showPanel();
    const width = this.graph.clientWidth;
    if (this.held || !this.header || !width) return;
    const began = performance.now();
    if (!this.theme) this.recolour();
    const end = this.ring.length ? this.ring.lastTs : this.header.now;
    const range = this.zoom ?? [end - this.windowLength(), end];
    const { theme, card, alarms, chosen } = this;
    const threshold = card ? this.threshold() : null;
    const view = { theme, card, alarms, chosen, threshold, range, width, note: this.note() };
    if (this.figure.base === null) this.figure.base = Math.floor(range[0]);
    const { data, layout, anomalies, marked, lens_s } = this.figure.build(this.ring, view);
    this.graph.style.height = `${layout.height}px`;
    this.plotly.react(this.graph, data, layout, CONFIG);
    this.listen();
    this.counts.draws++;
    this.counts.draw_ms = performance.now() - began;
    this.publish({ anomalies, marked: JSON.stringify(marked), lens_s }, threshold);
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.graph.on("plotly_relayout", (change) => {
      const start = change["xaxis.range[0]"];
      const end = change["xaxis.range[1]"];
      if (start === undefined || end === undefined) return;
      this.zoom = [start / 1000 + this.figure.base, end / 1000 + this.figure.base];
      this.panel.showZoom(true);
      this.requestDraw();
    });
    this.graph.on("plotly_doubleclick", () => this.backToLive());
  }

  backToLive() {
    this.zoom = null;
    this.panel.showZoom(false);
    this.requestDraw();
  }

  recolour() {
    this.theme = readTheme(this.root);
    for (const key of ["raw", "reconstruction", "error", "anomaly", "alarm", "notJudged", "text", "faint"]) {
      this.root.style.setProperty(`--fl-${key}`, this.theme[key]);
    }
    this.root.classList.toggle("fl-dark", this.theme.dark);
  }

  showPanel() {
    if (!this.panel) return;
    this.panel.show({
      device: this.device, header: this.header, card: this.card, alarms: this.alarms,
      shown: this.figure.rows.of(this.card?.features ?? [], this.chosen),
      contributions: this.contributions, link: this.link, error: this.error,
      threshold: this.card ? this.threshold() : null, now: now(this.header, this.heard),
    });
    this.panel.showZoom(!!this.zoom);
    this.root.dataset.link = this.link;
  }

  // Facts for tests and for whoever looks with the browser's tools.
  publish(drawn, threshold) {
    Object.assign(this.root.dataset, this.counts, drawn, {
      device: this.device,
      samples: this.ring.length,
      threshold: threshold ?? "",
      zoomed: !!this.zoom,
      state: this.header.status?.state ?? "",
    });
  }

  receiveError(message) {
    this.error = JSON.parse(message).error;
    this.showPanel();
  }

  end() {
    this.ended = true;
    clearInterval(this.clock);
    this.socket?.close();
    this.resized?.disconnect();
    for (const event of ["pointerup", "pointercancel", "blur"]) window.removeEventListener(event, this.letGo);
    if (this.plotly) this.plotly.purge(this.graph);
  }
}
