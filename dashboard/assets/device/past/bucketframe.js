// One drawing of a long time: per feature the band that its samples lay in, with their mean.

import { logTicks, toLog, valueTicks } from "../../axes.js";
import { say } from "../../words.js";
import { Frame, joined, SCORE_HEIGHT } from "../frame.js";
import { overlay, overlayExtent } from "../marks.js";
import { SILENT } from "../traces.js";

const BEHIND = 0.5; // of the largest share of an alarm: a feature that caused it

export class BucketFrame extends Frame {
  constructor(figure, stretch, view, rows) {
    const { buckets } = stretch;
    super(figure, { isReconstructed: false, isScored: true, features: stretch.features }, view, rows, null, null);
    this.buckets = buckets;
    this.anomalous = []; // buckets
    this.count = 0; // anomalies in them
    this.first = buckets.ts.findIndex((ts, i) => ts + buckets.width[i] > view.range[0]);
    this.last = buckets.ts.findLastIndex((ts) => ts < view.range[1]);
    for (let i = Math.max(0, this.first); this.first >= 0 && i <= this.last; i++) {
      if (buckets.anomalies[i] > 0) this.anomalous.push(i);
      this.count += buckets.anomalies[i];
    }
  }

  featureRow(f, row) {
    const { buckets, view, figure } = this;
    const name = this.ring.features[f];
    const signal = 2 * row + 1;
    const { top, height } = this.place(row);
    const own = this.extent([buckets.low[f], buckets.high[f]]);
    const range = figure.steady(name, joined(own, overlayExtent(view.compare, name)));
    this.data.push(this.bandOf(name, buckets.low[f], buckets.high[f], `y${signal}`));
    this.data.push(this.lineOf(`${name} mean`, buckets.mean[f], `y${signal}`, view.theme.reconstructionEdge, 1.2));
    overlay(this, name, `y${signal}`);
    this.axis(signal, top, height, range, valueTicks(range, height >= 90 ? 3 : 2));
    this.title(this.named(name), top);
    const marked = this.anomalous.filter((i) => this.isBehind(name, i));
    this.marked[name] = marked.length;
    this.bucketMarkers(`${name} anomalies`, `y${signal}`, marked, (i) => buckets.high[f][i]);
  }

  // Whether a feature is behind the alarm that a bucket lies in.
  isBehind(name, i) {
    const at = this.buckets.ts[i];
    return this.view.alarms.some(({ start, end, contributions }) => {
      const most = Math.max(0, ...Object.values(contributions));
      return start <= at + this.buckets.width[i] && (end ?? Infinity) >= at && most > 0 && contributions[name] >= BEHIND * most;
    });
  }

  scoreRow() {
    const { buckets, view, figure } = this;
    const axis = 2 * this.rows.length + 1;
    const seen = this.extent([buckets.score, buckets.threshold]);
    const range = figure.steady("score", [toLog(0), toLog(Math.max(seen ? seen[1] : 0, 2))]);
    const above = this.scoreTop();
    this.data.push(this.lineOf("score", buckets.score, `y${axis}`, view.theme.score, 1.3, toLog));
    this.data.push({
      ...this.lineOf("threshold", buckets.threshold, `y${axis}`, view.theme.text, 1.3, toLog),
      line: { color: view.theme.text, width: 1.3, dash: "7px,6px" },
    });
    this.bucketMarkers("score anomalies", `y${axis}`, this.anomalous, (i) => toLog(buckets.score[i]));
    this.axis(axis, above, SCORE_HEIGHT, range, logTicks(range));
    this.title(say("device.score_axis"), above);
    if (!buckets.ts.length) this.note(`y${axis}`, range, say("device.nothing_stored"));
  }

  // Where the machine stood, what was anomalous, alarms, gaps and notes.
  stretches() {
    const { theme } = this.view;
    const { running, anomalies } = this.buckets;
    if (this.view.card) {
      this.runs((i) => running[i] === 0, { fill: theme.notJudged, word: say("device.not_judged"), color: theme.faint });
    }
    this.runs((i) => anomalies[i] > 0, { fill: theme.alarm, word: "", color: theme.anomaly });
    this.alarmSpans(this.view.range[1]);
    this.marks(this.view.gaps);
  }

  runs(isIn, look) {
    const { ts, width, breaks } = this.buckets;
    let begin = -1;
    const close = (i) => {
      if (begin >= 0) this.shade(ts[begin], ts[i - 1] + width[i - 1], look);
      begin = -1;
    };
    for (let i = Math.max(0, this.first); this.first >= 0 && i <= this.last; i++) {
      if (breaks[i] || !isIn(i)) close(i);
      if (isIn(i) && begin < 0) begin = i;
    }
    if (this.first >= 0) close(this.last + 1);
  }

  extent(columns) {
    let [low, high] = [Infinity, -Infinity];
    for (const column of columns) {
      for (let i = Math.max(0, this.first); this.first >= 0 && i <= this.last; i++) {
        if (column[i] < low) low = column[i];
        if (column[i] > high) high = column[i];
      }
    }
    return low <= high ? [low, high] : null;
  }

  lineOf(name, column, yaxis, color, width, scale = (value) => value) {
    const x = [];
    const y = [];
    for (const run of this.unbroken(column)) {
      x.push(...this.times(run), null);
      y.push(...levels(run, column).map(scale), null);
    }
    return { ...SILENT, name, x, y, xaxis: "x", yaxis, line: { color, width } };
  }

  bandOf(name, low, high, yaxis) {
    const x = [];
    const y = [];
    for (const run of this.unbroken(low)) {
      const times = this.times(run);
      x.push(...times, ...[...times].reverse(), null);
      y.push(...levels(run, high), ...levels(run, low).reverse(), null);
    }
    const { theme } = this.view;
    return {
      ...SILENT, name: `${name} band`, x, y, xaxis: "x", yaxis, fill: "toself", fillcolor: theme.rawBand,
      line: { width: 1, color: theme.rawBand },
    };
  }

  // Runs of buckets in view that have a value, cut at the gaps between them.
  unbroken(column) {
    const runs = [];
    let open = false;
    for (let i = Math.max(0, this.first); this.first >= 0 && i <= this.last; i++) {
      if (this.buckets.breaks[i]) open = false;
      if (!Number.isFinite(column[i])) open = false;
      else if (open) runs[runs.length - 1].push(i);
      else open = runs.push([i]) > 0;
    }
    return runs;
  }

  // The middle of each bucket, of the first its beginning and of the last its end, so that a
  // bucket between two gaps shows too.
  times(run) {
    const { ts, width } = this.buckets;
    const [first, last] = [run[0], run[run.length - 1]];
    const middle = run.slice(1, -1).map((i) => this.xOf(ts[i] + width[i] / 2));
    return [this.xOf(ts[first]), ...middle, this.xOf(ts[last] + width[last])];
  }

  bucketMarkers(name, yref, marked, yOf) {
    if (!marked.length) return;
    const path = marked.map((i) => {
      const dot = `${this.xOf(this.buckets.ts[i] + this.buckets.width[i] / 2).toFixed(1)},${yOf(i)}`;
      return `M${dot}L${dot}`;
    });
    this.dots(name, yref, "x", path.join(""));
  }
}

// A value for each of the times of a run.
function levels(run, column) {
  return (run.length > 1 ? run : [run[0], run[0]]).map((i) => column[i]);
}
