// What lies behind all rows of a drawing: gaps with their reason, notes, and the healthy overlay.

import { say } from "../words.js";
import { band, bucketOf, line } from "./decimate.js";
import { SILENT } from "./traces.js";

const LEAST_PIXELS = 3; // of a gap that is shaded
const NOTE_TOP = 0.006; // of the height, where a note's bar lies
const WORDS_OF_NOTE = 26; // letters beside its bar
const OVERLAY_POINTS = 1000;
const BAND_FROM = 5; // samples in a bucket
const BURSTS = 5; // pauses, from which on they are a habit
const LONGER = 1.5; // than the usual pause, which a lost burst doubles

// Gaps of a ring: holes longer than a session bears.
export function gapsOf(ring, { from, to }, gap_s) {
  if (!gap_s) return [];
  const pauses = [];
  for (let i = from + 1; i < to; i++) {
    const [start, end] = [ring.ts[(i - 1) & ring.mask], ring.ts[i & ring.mask]];
    if (end - start > gap_s) pauses.push({ start, end, reason: "silent", detail: null });
  }
  return withoutHabit(pauses);
}

// A machine that is heard in bursts is silent in between each time; that is no gap.
export function withoutHabit(gaps) {
  const length = ({ start, end }) => end - start;
  const pauses = gaps.filter(({ reason }) => reason === "silent");
  if (pauses.length < BURSTS) return gaps;
  const lengths = pauses.map(length).sort((a, b) => a - b);
  const usual = lengths[Math.floor(lengths.length / 2)];
  return gaps.filter((gap) => gap.reason !== "silent" || length(gap) > LONGER * usual);
}

export function gapReason({ reason, detail }) {
  return detail ?? say(`device.gap_${reason}`);
}

export function markGaps(frame, gaps) {
  const { theme } = frame.view;
  const pixels = ({ start, end }) => (end - start) * frame.pixelsPerSecond;
  for (const gap of gaps.filter((one) => pixels(one) >= LEAST_PIXELS)) {
    frame.shade(gap.start, gap.end, {
      fill: "rgba(0, 0, 0, 0)", word: gapReason(gap), color: theme.faint, dash: "dot", middle: true,
    });
  }
}

// A bar above the rows over the stretch that somebody wrote of.
export function markNotes(frame, notes) {
  const [start, end] = frame.view.range;
  const { theme } = frame.view;
  for (const { value, who } of notes) {
    if (value.end < start || value.start > end) continue;
    const least = (end - start) / 250;
    const x0 = frame.xOf(Math.max(start, value.start));
    const x1 = frame.xOf(Math.min(end, Math.max(value.end, value.start + least)));
    frame.shapes.push({
      name: "note", type: "rect", xref: "x", yref: "paper", x0, x1, y0: 1 - NOTE_TOP, y1: 1,
      fillcolor: theme.note, line: { width: 0 },
    });
    frame.annotations.push({
      xref: "x", yref: "paper", x: x0, y: 1 - NOTE_TOP, xanchor: "left", yanchor: "top", showarrow: false,
      text: frame.escape(short(`✎ ${who}: ${value.why}`)), font: { size: 11, color: theme.note }, yshift: -2,
    });
  }
}

function short(text) {
  return text.length > WORDS_OF_NOTE ? `${text.slice(0, WORDS_OF_NOTE)}…` : text;
}

// The healthy stretch over a row: as a line, or where a pixel holds many samples its edges.
export function overlay(frame, name, yaxis) {
  const { compare, theme } = frame.view;
  const f = compare?.stretch.features.indexOf(name) ?? -1;
  if (f < 0) return;
  const { x, y } = points(compare, f, (ts) => frame.xOf(ts + compare.shift_s));
  frame.data.push({
    ...SILENT, name: `${name} healthy`, x, y, xaxis: "x", yaxis,
    line: { color: theme.healthy, width: 1.2, dash: "4px,3px" },
  });
}

function points({ stretch, range }, f, xOf) {
  if (!stretch.ring) return bucketEdges(stretch.buckets, f, range, xOf);
  const { ring } = stretch;
  const [from, to] = [ring.at(range[0]), ring.at(range[1])];
  const bucket = bucketOf(to - from, OVERLAY_POINTS, null);
  const column = ring.values[f];
  return bucket < BAND_FROM ? line(ring, column, from, to, bucket, xOf) : band(ring, column, from, to, bucket, xOf).edges;
}

function bucketEdges(buckets, f, [start, end], xOf) {
  const x = [];
  const y = [];
  for (const edge of [buckets.low[f], buckets.high[f]]) {
    buckets.ts.forEach((ts, i) => {
      if (ts < start || ts > end) return;
      if (buckets.breaks[i] && x.length) [x.push(xOf(ts)), y.push(null)];
      x.push(xOf(ts + buckets.width[i] / 2));
      y.push(edge[i]);
    });
    x.push(null);
    y.push(null);
  }
  return { x, y };
}

// Smallest and largest of the healthy stretch of a feature; null: it has none.
export function overlayExtent(compare, name) {
  const f = compare?.stretch.features.indexOf(name) ?? -1;
  if (f < 0) return null;
  const { y } = points(compare, f, (ts) => ts);
  const finite = y.filter(Number.isFinite);
  return finite.length ? [Math.min(...finite), Math.max(...finite)] : null;
}
