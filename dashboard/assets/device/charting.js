// The chart of a device: which stretch is drawn from where, what may be done with it.

import { Bar } from "./bar.js";
import { Compare } from "./past/compare.js";
import { Figure } from "./figure.js";
import { History, told } from "./past/history.js";
import { gapsOf } from "./marks.js";
import { savePicture } from "./picture.js";
import { Surface } from "./surface/surface.js";
import { drawn, Told } from "./told.js";
import { say } from "../words.js";
import { View } from "./past/view.js";

const STEP = 0.5; // of the range, earlier or later
const SETTLED_MS = 300; // before shares are asked for

export class Charting {
  // fetchPlotly() resolves to the library, which takes its time.
  constructor(device, fetchPlotly) {
    this.device = device;
    this.fetchPlotly = fetchPlotly;
    this.live = new Figure();
    this.past = new Figure();
    this.held = false; // between pointer down and up
    this.view = new View(() => this.move());
    this.history = new History(() => this.requestDraw());
    this.compare = new Compare(() => this.requestDraw());
  }

  get rows() {
    return this.live.rows;
  }

  forget() {
    this.live.clear();
    this.past.clear();
    this.past.rows = this.live.rows;
    this.history.forget();
    this.compare.clear();
    this.view.fixed = this.drawn = null;
    this.sharesOf = null;
  }

  begin() {
    const { is } = this.device.panel;
    this.chart = is.chart;
    this.surface = new Surface(is, this.fetchPlotly, {
      onLibrary: () => this.requestDraw(),
      onRange: (start, end) => this.zoom(start, end),
      onReset: () => this.view.live(),
    });
    this.chart.addEventListener("pointerdown", () => {
      this.held = true;
      this.surface.hold();
    });
    this.letGo = () => {
      this.held = false;
      this.requestDraw();
    };
    for (const event of ["pointerup", "pointercancel", "blur"]) window.addEventListener(event, this.letGo);
    this.bar = new Bar(is.bar, this.deeds());
    this.told = new Told(is.told, (range) => this.view.show(range), (start) => this.compare.choose(start));
    this.resized = new ResizeObserver(() => this.requestDraw());
    this.resized.observe(this.chart);
    this.requestDraw();
  }

  deeds() {
    const { view } = this;
    const live = () => this.device.liveRange();
    return {
      pause: () => view.show(live()),
      live: () => view.live(),
      earlier: () => view.move(-STEP, live(), Infinity),
      later: () => view.move(STEP, live(), this.newest()),
      wider: () => view.scale(2, live(), this.newest()),
      closer: () => view.scale(0.5, live(), this.newest()),
      compare: () => {
        if (!view.fixed) view.show(live());
        this.compare.turn(!this.compare.isOn);
      },
      note: (text) => this.device.write(text, this.range()),
      picture: async () => savePicture(await this.surface.prepare(), this.made, {
        device: this.device.device, range: this.range(), theme: this.device.theme, width: this.chart.clientWidth,
      }),
      href: (format) => {
        const [from, to] = this.range().map((ts) => ts.toFixed(3));
        return `/download?${new URLSearchParams({ device: this.device.device, from, to, format })}`;
      },
    };
  }

  range() {
    return this.view.fixed ?? this.device.liveRange();
  }

  newest() {
    const { ring } = this.device;
    return ring.length ? ring.lastTs : this.device.deviceNow();
  }

  // Another range is shown: ranges of values begin anew, and the page is told.
  move() {
    this.past.ranges.clear();
    this.past.base = this.past.bucket = null;
    if (!this.view.fixed) this.compare.clear();
    this.device.reportRange(this.view.fixed);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.askShares(), SETTLED_MS);
    this.device.showPanel();
    this.requestDraw();
  }

  async askShares() {
    const { fixed } = this.view;
    if (!fixed) return void (this.sharesOf = null);
    const found = await told("shares", this.device.device, fixed);
    if (`${fixed}` !== `${this.view.fixed}`) return;
    this.sharesOf = found && { key: `${fixed}`, ...found };
    this.device.showPanel();
  }

  // Of the range that stands still; null: of what is live, or not known yet.
  shares() {
    const { fixed } = this.view;
    if (!fixed) return null;
    return this.sharesOf?.key === `${fixed}` ? this.sharesOf : { of: "asking", shares: {} };
  }

  requestDraw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = null;
      this.draw();
    });
  }

  draw() {
    const { device } = this;
    if (!this.surface || device.ended) return;
    const width = this.chart.clientWidth; // before anything is moved, or the page is laid out twice
    device.showPanel();
    if (this.held || (!device.header && !this.view.fixed) || !width) return;
    const began = performance.now();
    if (!device.theme) device.recolour();
    const range = this.range();
    const stretch = this.stretchOf(range);
    const seen = this.seen(range, stretch, width);
    if (this.view.fixed && seen === this.drawn) return this.tell(range, stretch, this.made);
    const made = this.made = this.build(range, stretch, width);
    if (made) {
      this.drawn = seen;
      this.surface.show(made, !!this.view.fixed);
      device.counts.draws++;
      device.counts.draw_ms = performance.now() - began;
    }
    this.tell(range, stretch, made);
  }

  // All that a drawing of what stands still depends on, so that it is drawn once.
  seen(range, stretch, width) {
    const { device, theme, chosen, notes, alarms, ring } = this.device;
    const over = this.compare.of(device, range, this.wanted());
    const newest = !stretch && ring.lastTs < range[1] ? ring.lastTs : null;
    return JSON.stringify([!!this.view.fixed, !!this.surface.plotly, device, range, width, stretch?.heard, over?.shift_s, over?.stretch.heard, theme.dark, chosen,
      notes.length, this.device.threshold(), stretch ? null : alarms.slice(0, 5).map(({ id, end }) => [id, end]), newest]);
  }

  // The stretch of the store to draw from; null: the ring has it, undefined: nothing is known yet.
  stretchOf(range) {
    const { ring, device } = this.device;
    if (!this.view.fixed) return null;
    const slack = (range[1] - range[0]) / 100;
    if (ring.length && ring.ts[ring.first & ring.mask] <= range[0] && ring.lastTs >= range[1] - slack) return null;
    return this.history.of(device, range, this.wanted()) ?? undefined;
  }

  // Of many features those that are drawn; none: all.
  wanted() {
    const { card, chosen } = this.device;
    const all = card?.features ?? [];
    const drawn = this.rows.of(all, chosen);
    return drawn.length < all.length ? drawn : [];
  }

  build(range, stretch, width) {
    const { ring, card, alarms, chosen, theme, header, notes } = this.device;
    const isStill = !!this.view.fixed;
    const compare = isStill ? this.compare.of(this.device.device, range, this.wanted()) : null;
    const view = {
      theme, card, chosen, range, width, isStill, compare, notes, alarms, gap_s: header?.gap_s,
      threshold: card ? this.device.threshold() : null, note: isStill ? null : this.device.note(),
    };
    if (stretch) return this.past.buildPast(stretch, { ...view, alarms: stretch.alarms, gaps: stretch.gaps });
    if (stretch === undefined && (this.history.asked || !overlaps(ring, range))) return null;
    const figure = isStill ? this.past : this.live;
    if (figure.base === null) figure.base = Math.floor(range[0]);
    return figure.build(ring, view);
  }

  // Of the x axis of the figure that is shown.
  zoom(start, end) {
    const { base } = this.view.fixed ? this.past : this.live;
    this.view.show([start / 1000 + base, end / 1000 + base]);
  }

  // What is said of the drawing, for people and for tests.
  tell(range, stretch, made) {
    const { device, view, compare, history } = this;
    const isLive = !view.fixed;
    const { ring } = device;
    this.bar.show({ range, isLive, isComparing: compare.isOn, told: made && stretch !== undefined ? drawn(stretch, made.anomalies) : [] });
    const gaps = isLive ? [] : stretch?.gaps ?? gapsOf(ring, { from: ring.first, to: ring.next }, device.header?.gap_s);
    this.told.show({
      reading: this.reading(stretch), gaps: within(gaps, range),
      compare: { isOn: compare.isOn, start: compare.isOn ? compare.start(device.device, range) : null, byHand: compare.byHand !== null, range },
      notes: device.notes,
    });
    Object.assign(device.root.dataset, device.counts, {
      device: device.device, samples: ring.length, newest: ring.lastTs, threshold: device.threshold() ?? "",
      zoomed: !isLive, state: device.header?.status?.state ?? "", from: range[0], to: range[1],
      source: stretch ? stretch.kind : "ring", reading: history.asked ? "yes" : "",
      anomalies: made?.anomalies ?? "", marked: JSON.stringify(made?.marked ?? {}), lens_s: made?.lens_s ?? 0,
    });
  }

  reading(stretch) {
    if (this.history.error && !stretch) return say("device.history_failed", { error: this.history.error });
    if (stretch === undefined) return say("device.reading");
    const lost = stretch?.lost ?? [];
    if (lost.length) return say("device.archive_lost", { error: lost[0] });
    return stretch && !stretch.samples ? say("device.nothing_stored") : "";
  }

  end() {
    clearTimeout(this.settling);
    this.resized?.disconnect();
    this.bar?.end();
    for (const event of ["pointerup", "pointercancel", "blur"]) window.removeEventListener(event, this.letGo);
    this.surface?.end();
  }
}

// Gaps as far as they lie in a range.
function within(gaps, [start, end]) {
  const seen = gaps.filter((gap) => gap.end > start && gap.start < end);
  return seen.map((gap) => ({ ...gap, start: Math.max(start, gap.start), end: Math.min(end, gap.end) }));
}

function overlaps(ring, [start, end]) {
  return ring.length > 0 && ring.ts[ring.first & ring.mask] < end && ring.lastTs > start;
}
