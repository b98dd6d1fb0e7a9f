// Axes that stand still: ranges that grow at once and shrink late, and time ticks.

import { moment, offset } from "./format.js";

const SHRINK_AFTER_MS = 15000;
const SHRINK_BELOW = 0.55; // of the span shown
const TIME_STEPS_S = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  86400, 172800, 604800, 1209600, 2592000,
];
const DAY_S = 86400;

// A round range around [low, high] with some air; `from0` keeps zero as the lower end.
function roundRange([low, high], from0) {
  if (from0) low = 0;
  const span = high - low || Math.abs(high) * 0.1 || 1;
  const air = span * 0.06;
  const step = 10 ** Math.floor(Math.log10(span)) / 5;
  const bottom = from0 ? 0 : Math.floor((low - air) / step) * step;
  return [bottom, Math.ceil((high + air) / step) * step];
}

export class SteadyRange {
  constructor(from0 = false) {
    this.from0 = from0;
    this.range = null;
    this.looseSince = null;
  }

  // The range to draw now for values within `extent` (null: nothing to show).
  update(extent, now) {
    if (!extent) return this.range ?? [0, 1];
    const wanted = roundRange(extent, this.from0);
    if (!this.range) return (this.range = wanted);
    const [low, high] = this.range;
    if (extent[0] < low || extent[1] > high) {
      this.range = [Math.min(low, wanted[0]), Math.max(high, wanted[1])];
      this.looseSince = null;
    } else if (wanted[1] - wanted[0] > SHRINK_BELOW * (high - low)) {
      this.looseSince = null;
    } else if (this.looseSince === null) {
      this.looseSince = now;
    } else if (now - this.looseSince > SHRINK_AFTER_MS) {
      this.range = wanted;
      this.looseSince = null;
    }
    return this.range;
  }
}

// Local-time ticks of a time axis from `start` to `end` (seconds).
export function timeTicks(start, end, width) {
  const most = Math.max(2, Math.floor(width / 95));
  const step = TIME_STEPS_S.find((s) => (end - start) / s <= most) ?? TIME_STEPS_S.at(-1);
  const ahead = offset(start);
  const ticks = [];
  for (let n = Math.ceil((start + ahead) / step); n * step - ahead <= end; n++) {
    ticks.push(n * step - ahead);
  }
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  const date = (ts) => moment(ts).slice(5, 10);
  // The day stands below the time where the range has several of them.
  const dated = (ts, i) => (!i || date(ticks[i - 1]) !== date(ts) ? `${clock(ts).slice(0, 5)}<br>${date(ts)}` : clock(ts).slice(0, 5));
  if (step >= DAY_S) return { at: ticks, text: ticks.map(date) };
  if (end - start > DAY_S / 2) return { at: ticks, text: ticks.map(dated) };
  return { at: ticks, text: ticks.map((ts) => clock(ts, digits)) };
}

// Time of day in the viewer's zone, for example 14:03:12 or with digits 14:03:12.25.
export function clock(ts, digits = 0) {
  const scale = 10 ** digits;
  const rounded = Math.round(ts * scale) / scale;
  const seconds = Math.floor(rounded) + offset(rounded);
  const two = (value) => String(value).padStart(2, "0");
  const whole = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  if (!digits) return whole;
  const rest = Math.round((rounded - Math.floor(rounded)) * scale);
  return `${whole}.${String(rest).padStart(digits, "0")}`;
}

// Round values for the y ticks: the widest step that gives at least `least` of them.
export function valueTicks([low, high], least) {
  const power = 10 ** Math.floor(Math.log10(high - low));
  const steps = [5, 2, 1, 0.5, 0.2, 0.1].map((share) => share * power);
  const step = steps.find((s) => count(low, high, s) >= least) ?? steps[5];
  const first = Math.ceil(low / step - 1e-9);
  const at = Array.from({ length: count(low, high, step) }, (_, n) => (first + n) * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return { at, text: at.map((value) => (value + 0).toFixed(Math.min(digits, 8))) };
}

function count(low, high, step) {
  return Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
}

// Scores run from a tenth of the threshold to thousands of it: on a linear axis one strong fault
// would press everything an operator compares onto the bottom line.
const LOWEST_SCORE = 0.05;

export function toLog(score) {
  return Number.isFinite(score) ? Math.log10(Math.max(score, LOWEST_SCORE)) : score;
}

// A tick per decade, or per two or three of them on a wide axis.
export function logTicks([low, high]) {
  const step = Math.ceil((high - low) / 5);
  const at = [];
  for (let decade = Math.ceil(low); decade <= high; decade += step) at.push(decade);
  return { at, text: at.map((decade) => String(Number((10 ** decade).toPrecision(1)))) };
}
