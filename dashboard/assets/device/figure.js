// The Plotly figure of a device: the ranges it keeps from drawing to drawing, and what of the ring
// goes into the next one.

import { SteadyRange } from "../axes.js";
import { anomalies, bucketOf } from "./decimate.js";
import { BucketFrame } from "./past/bucketframe.js";
import { Frame } from "./frame.js";

const MOST_POINTS = 1000; // per trace
const FEWEST_POINTS = 2;
const ALL_POINTS = 12000; // of all line traces together
const MOST_MARKERS = 1000; // per row
export const MOST_ROWS = 8; // features drawn
const MATTERS = 0.05; // share of the score
const LENS_FROM = 620; // pixels of width that have room for a lens
const LENS_SAMPLES = 120; // at least so many,
const LENS_S = 2; // and so long

export class Figure {
  constructor() {
    this.clear();
  }

  // Forget the ranges, for another device or other features.
  clear() {
    this.ranges = new Map();
    this.revision = 0;
    this.base = null;
    this.bucket = null;
    this.rows = new Rows();
  }

  // Features drawn: those of the model, or all of them when there is no model; of many a few.
  rowsOf(ring, card, chosen) {
    const shown = (card ? card.features : ring.features).filter((name) => ring.features.includes(name));
    return this.rows.of(shown, chosen).map((name) => ring.features.indexOf(name));
  }

  // What to hand to Plotly, how many anomalies lie in the range, and the lens's seconds.
  build(ring, view) {
    const { card, threshold, range, width, chosen } = view;
    if (this.base === null && ring.length) this.base = Math.floor(ring.ts[ring.first & ring.mask]);
    this.revision++;
    const rows = this.rowsOf(ring, card, chosen);
    const part = this.stretch(ring, range, rows.length);
    const found = anomalies(ring, threshold ?? Infinity, part.from, part.to, MOST_MARKERS);
    const frame = new Frame(this, ring, view, rows, part, lensOf(ring, view, rows));
    rows.forEach((f, row) => frame.featureRow(f, row, found.shown));
    frame.scoreRow(found.shown);
    frame.stretches();
    const { data, layout } = frame.finish(width);
    return { data, layout, anomalies: found.count, marked: frame.marked, lens_s: frame.lens?.seconds ?? 0 };
  }

  // The same of a stretch of the past.
  buildPast(stretch, view) {
    if (stretch.ring) return this.build(stretch.ring, view);
    if (this.base === null) this.base = Math.floor(view.range[0]);
    this.revision++;
    const rows = this.rowsOf({ features: stretch.features }, view.card, view.chosen);
    const frame = new BucketFrame(this, stretch, view, rows);
    rows.forEach((f, row) => frame.featureRow(f, row));
    frame.scoreRow();
    frame.stretches();
    const { data, layout } = frame.finish(view.width);
    return { data, layout, anomalies: frame.count, marked: frame.marked, lens_s: 0 };
  }

  // A minute that has just begun is drawn as it will be when it is full: its part of the points.
  stretch(ring, [start, end], rows) {
    const from = Math.max(ring.first, ring.at(start) - 1);
    const to = Math.min(ring.next, ring.at(end) + 1);
    const held = to > from ? ring.ts[(to - 1) & ring.mask] - ring.ts[from & ring.mask] : 0;
    const points = Math.min(MOST_POINTS, ALL_POINTS / (2 * rows + 1)) * Math.min(1, held / (end - start));
    this.bucket = bucketOf(to - from, Math.max(FEWEST_POINTS, points), this.bucket);
    return { from, to, bucket: this.bucket };
  }

  steady(name, extentNow, from0 = false) {
    if (!this.ranges.has(name)) this.ranges.set(name, new SteadyRange(from0));
    return this.ranges.get(name).update(extentNow, performance.now());
  }
}

// The newest samples of what is live, to be drawn one by one; null where the range is hardly longer.
function lensOf(ring, { range: [start, end], card, width, isStill }, rows) {
  if (isStill || width < LENS_FROM || !ring.length || !rows.length) return null;
  const seconds = Math.max(LENS_S, LENS_SAMPLES * (card?.sampling_period_s ?? 0));
  const newest = Math.min(end, ring.lastTs);
  if (seconds * 2 > end - start || newest < start) return null;
  const from = Math.max(ring.first, ring.at(newest - seconds));
  return { from, to: Math.min(ring.next, ring.at(newest) + 1), start: newest - seconds, end: newest, seconds };
}

// Which features get a chart: all of a few; of many, as of a waveform, those that matter.
export class Rows {
  constructor() {
    this.shown = []; // the last to matter first
  }

  // The names to draw of `all`, in their order; the viewer's own choice counts, where there is one.
  of(all, chosen = []) {
    if (all.length <= MOST_ROWS) return all;
    const own = all.filter((name) => chosen.includes(name)).slice(0, MOST_ROWS);
    if (own.length) return own;
    const shown = [...new Set([...this.shown.filter((name) => all.includes(name)), ...all])].slice(0, MOST_ROWS);
    return all.filter((name) => shown.includes(name));
  }

  // What the server chose of many, where nothing was behind an anomaly yet.
  begin(names) {
    if (!this.shown.length) this.shown = names.slice(0, MOST_ROWS);
  }

  // What is behind an anomaly comes in, and stays until others have been behind later ones. Where
  // none was yet, the largest shares: a chart that changed with every update could not be read.
  follow(shares, isAnomaly) {
    if (!isAnomaly && this.shown.length) return;
    const names = Object.keys(shares).filter((name) => !isAnomaly || shares[name] >= MATTERS);
    names.sort((one, other) => shares[other] - shares[one]);
    const largest = names.slice(0, MOST_ROWS);
    const still = this.shown.filter((name) => names.includes(name)); // though others are larger now
    const others = largest.filter((name) => !still.includes(name));
    this.shown = [...new Set([...still, ...others, ...this.shown])].slice(0, MOST_ROWS);
  }
}
