// The Plotly figure of a device: one row per feature, the score below, one time axis.

import { SteadyRange, logTicks, toLog, timeTicks, valueTicks } from "./axes.js";
import { anomalies, bucketOf, extent, line, notJudged } from "./decimate.js";

const MOST_POINTS = 1000; // per trace
const ALL_POINTS = 12000; // of all line traces together
const MOST_MARKERS = 1000; // per row
const MARKER_WIDTH = 3.8; // pixels
const MARGIN = { l: 52, r: 10, t: 4, b: 28 };
const WORDS = 16; // pixels above the first row for the words of shaded stretches
const GAP = 22; // pixels between rows, the row's name stands in it
const SCORE_HEIGHT = 130;
const LABEL_ABOVE = 46; // pixels a shaded stretch needs for its word

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
  }

  // Features drawn: those of the model, or all of them when there is no model.
  rowsOf(ring, card) {
    const shown = card ? card.features : ring.features;
    return shown.map((name) => ring.features.indexOf(name)).filter((f) => f >= 0);
  }

  heightOf(rows) {
    return MARGIN.t + MARGIN.b + WORDS + rows * (rowHeight(rows) + GAP) + GAP + SCORE_HEIGHT;
  }

  // What to hand to Plotly, and how many anomalies lie in the range.
  build(ring, view) {
    const { card, threshold, range, width } = view;
    if (this.base === null && ring.length) this.base = Math.floor(ring.ts[ring.first & ring.mask]);
    this.revision++;
    const rows = this.rowsOf(ring, card);
    const part = this.stretch(ring, range, rows.length);
    const found = anomalies(ring, threshold ?? Infinity, part.from, part.to, MOST_MARKERS);
    const frame = new Frame(this, ring, view, rows, part);
    rows.forEach((f, row) => frame.featureRow(f, row, found.shown));
    frame.scoreRow(found.shown);
    frame.stretches();
    const { data, layout } = frame.finish(width);
    return { data, layout, anomalies: found.count };
  }

  stretch(ring, [start, end], rows) {
    const from = Math.max(ring.first, ring.at(start) - 1);
    const to = Math.min(ring.next, ring.at(end) + 1);
    const points = Math.min(MOST_POINTS, ALL_POINTS / (2 * rows + 1));
    this.bucket = bucketOf(to - from, points, this.bucket);
    return { from, to, bucket: this.bucket };
  }

  steady(name, from0, extentNow) {
    if (!this.ranges.has(name)) this.ranges.set(name, new SteadyRange(from0));
    return this.ranges.get(name).update(extentNow, performance.now());
  }
}

function rowHeight(rows) {
  if (rows <= 3) return 100;
  return rows <= 5 ? 88 : 72;
}

// One drawing being put together.
class Frame {
  constructor(figure, ring, view, rows, part) {
    Object.assign(this, { figure, ring, view, rows, part });
    this.height = figure.heightOf(rows.length) - MARGIN.t - MARGIN.b;
    this.xOf = (ts) => (ts - figure.base) * 1000;
    this.data = [];
    this.shapes = [];
    this.annotations = [];
    this.axes = {};
  }

  featureRow(f, row, marked) {
    const { ring, view, part, figure } = this;
    const { theme, card } = view;
    const name = ring.features[f];
    const axis = row ? `y${row + 1}` : "y";
    const raw = ring.values[f];
    const model = ring.reconstruction[f];
    this.trace(`${name} reconstruction`, axis, model, theme.reconstruction, 2.4);
    this.trace(`${name} raw`, axis, raw, theme.raw, 0.9);
    this.markers(`${name} anomalies`, axis, raw, marked);
    const range = figure.steady(name, false, extent(ring, [raw, model], part.from, part.to));
    const unit = card ? card.units[card.features.indexOf(name)] : "";
    this.axis(row, rowHeight(this.rows.length), range, unit ? `${name} (${unit})` : name);
  }

  scoreRow(marked) {
    const { ring, view, part, figure } = this;
    const { theme, threshold, note } = view;
    const row = this.rows.length;
    const axis = row ? `y${row + 1}` : "y";
    this.trace("score", axis, ring.score, theme.score, 1.3, toLog);
    this.markers("score anomalies", axis, ring.score, marked, toLog);
    const seen = extent(ring, [ring.score], part.from, part.to);
    const top = Math.max(seen ? seen[1] : 0, (threshold ?? 1) * 2);
    const range = figure.steady("score", false, [toLog(0), toLog(top)]);
    this.axis(row, SCORE_HEIGHT, range, "Score (1 = calibrated threshold, log scale)", logTicks(range));
    if (threshold !== null) this.thresholdLine(axis, threshold);
    if (note) this.note(axis, range, note);
  }

  trace(name, yaxis, column, color, width, scale = asIs) {
    const { from, to, bucket } = this.part;
    const { x, y } = line(this.ring, column, from, to, bucket, this.xOf);
    this.data.push({
      name, x, y: scale === asIs ? y : y.map(scale), yaxis, type: "scatter", mode: "lines", line: { color, width },
      connectgaps: false, hoverinfo: "skip", showlegend: false,
    });
  }

  // Round markers, drawn as one path of dots without length (live.css rounds their ends): as a
  // marker trace each is a node of its own, and a long alarm would cost more than all the lines.
  markers(name, yref, column, marked, scale = asIs) {
    const { mask, ts } = this.ring;
    const dots = marked.map((i) => {
      const dot = `${this.xOf(ts[i & mask]).toFixed(1)},${scale(column[i & mask])}`;
      return `M${dot}L${dot}`;
    });
    if (!dots.length) return;
    this.shapes.push({
      name, type: "path", xref: "x", yref, path: dots.join(""),
      line: { color: this.view.theme.anomaly, width: MARKER_WIDTH },
    });
  }

  axis(row, height, range, title, ticks = valueTicks(range, height >= 100 ? 3 : 2)) {
    const { theme } = this.view;
    const top = WORDS + GAP + row * (rowHeight(this.rows.length) + GAP);
    const domain = [1 - (top + height) / this.height, 1 - top / this.height].map(unitInterval);
    this.axes[row ? `yaxis${row + 1}` : "yaxis"] = {
      domain, range, fixedrange: true, zeroline: false, anchor: "x",
      gridcolor: theme.grid, tickmode: "array", tickvals: ticks.at, ticktext: ticks.text,
      tickfont: { size: 11, color: theme.faint },
    };
    this.annotations.push({
      xref: "paper", yref: "paper", x: 0, y: domain[1], xanchor: "left", yanchor: "bottom",
      text: escape(title), showarrow: false, font: { size: 12, color: theme.text },
    });
  }

  thresholdLine(yref, threshold) {
    const { theme } = this.view;
    this.shapes.push({
      type: "line", xref: "paper", yref, x0: 0, x1: 1, y0: toLog(threshold), y1: toLog(threshold),
      line: { color: theme.text, width: 1.3, dash: "7px,6px" },
      label: {
        text: `threshold ${threshold.toFixed(2)}`, textposition: "start", yanchor: "bottom",
        padding: 2, font: { size: 11, color: theme.text },
      },
    });
  }

  note(yref, range, text) {
    const { theme } = this.view;
    this.annotations.push({
      xref: "paper", yref, x: 0.5, y: (range[0] + range[1]) / 2, text: escape(text), showarrow: false,
      font: { size: 13, color: theme.text }, bgcolor: theme.background, borderpad: 5,
      bordercolor: theme.border, borderwidth: 1,
    });
  }

  // Shaded behind all rows: where the machine is not judged, and the spans of alarms.
  stretches() {
    const { ring, view, part } = this;
    const [start, end] = view.range;
    const join_s = (end - start) / 200;
    if (view.card) {
      for (const [from, to] of notJudged(ring, part.from, part.to, join_s)) {
        this.shade(from, to, view.theme.notJudged, "not judged", view.theme.faint);
      }
    }
    for (const alarm of view.alarms) {
      const to = alarm.end ?? ring.lastTs;
      if (to >= start && alarm.start <= end) {
        this.shade(alarm.start, to, view.theme.alarm, "alarm", view.theme.anomaly);
      }
    }
  }

  shade(from, to, fillcolor, word, color) {
    const [start, end] = this.view.range;
    const x0 = Math.max(from, start);
    const x1 = Math.min(to, end);
    const pixels = ((x1 - x0) / (end - start)) * this.view.width;
    const shade = {
      type: "rect", xref: "x", yref: "paper", layer: "below", fillcolor,
      x0: this.xOf(x0), x1: this.xOf(x1), y0: 0, y1: 1, line: { width: 0 },
    };
    if (pixels > LABEL_ABOVE * (word.length / 6)) {
      shade.label = { text: word, textposition: "top center", font: { size: 11, color } };
    }
    this.shapes.push(shade);
  }

  finish(width) {
    const { theme, range } = this.view;
    const ticks = timeTicks(range[0], range[1], width);
    const last = this.rows.length ? `y${this.rows.length + 1}` : "y";
    const layout = {
      ...this.axes,
      xaxis: {
        range: range.map(this.xOf), anchor: last, type: "linear", zeroline: false,
        gridcolor: theme.grid, tickmode: "array", tickvals: ticks.at.map(this.xOf),
        ticktext: ticks.text, tickfont: { size: 11, color: theme.faint }, automargin: false,
      },
      shapes: this.shapes, annotations: this.annotations,
      autosize: false, width: Math.round(width), height: this.height + MARGIN.t + MARGIN.b,
      margin: MARGIN, showlegend: false, hovermode: false, dragmode: "zoom",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: theme.font, color: theme.text }, datarevision: this.figure.revision,
    };
    return { data: this.data, layout };
  }
}

function asIs(value) {
  return value;
}

function unitInterval(value) {
  return Math.min(1, Math.max(0, value));
}

// Plotly reads a few HTML tags in texts; feature names come from outside.
function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
