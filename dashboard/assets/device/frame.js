// One drawing of a device: per feature the signal with its reconstruction, the error below, and at
// the right a lens on the newest samples; the score under all of them.

import { logTicks, timeTicks, toLog, valueTicks } from "../axes.js";
import { fitting } from "../names.js";
import { say } from "../words.js";
import { caused, errors, extent, notJudged } from "./decimate.js";
import { gapsOf, markGaps, markNotes, overlay, overlayExtent } from "./marks.js";
import { bandTraces, dotPath, dots, errorTrace, lineTrace } from "./traces.js";

const SHADED = ["score", "provisional", "sensor"]; // what happened in the signal
const MARGIN = { l: 52, r: 10, t: 4, b: 28 };
const WORDS = 16; // pixels above the first row for the words of shaded stretches
const GAP = 22; // pixels between rows, the row's name stands in it
const ERROR_GAP = 8; // between a signal and its error
export const SCORE_HEIGHT = 120;
const LABEL_ABOVE = 46; // pixels a shaded stretch needs for its word
const BAND_FROM = 5; // samples in a bucket; fewer can still be told apart as lines
const LENS_SHARE = 0.27; // of the width
const LENS_GAP = 0.035;

function signalHeight(rows) {
  if (rows <= 3) return 92;
  return rows <= 5 ? 76 : 58;
}

function errorHeight(rows) {
  return rows <= 5 ? 34 : 24;
}

// Axes: y1, y2 are signal and error of the first feature, and so
// on; the score has the last. x is the range, x2 the lens.
export class Frame {
  constructor(figure, ring, view, rows, part, lens) {
    Object.assign(this, { figure, ring, view, rows, part, lens });
    this.hasErrors = !!view.card && (ring.isReconstructed || !ring.isScored); // some models have none
    const below = this.hasErrors ? ERROR_GAP + errorHeight(rows.length) : 0;
    this.row = signalHeight(rows.length) + below + GAP;
    this.height = WORDS + rows.length * this.row + GAP + SCORE_HEIGHT;
    this.xOf = (ts) => (ts - figure.base) * 1000;
    this.xEnd = lens ? 1 - LENS_SHARE - LENS_GAP : 1;
    this.pixelsPerSecond = (view.width * this.xEnd) / (view.range[1] - view.range[0]);
    this.data = [];
    this.shapes = [];
    this.annotations = [];
    this.axes = {};
    this.marked = {}; // anomalies marked, by feature
  }

  // Where the row of a feature lies.
  place(row) {
    return { top: WORDS + GAP + row * this.row, height: signalHeight(this.rows.length) };
  }

  scoreTop() {
    return WORDS + GAP + this.rows.length * this.row;
  }

  named(name) {
    const unit = this.unitOf(name);
    const shown = fitting(name, this.view.width * this.xEnd);
    return unit ? `${shown} (${unit})` : shown;
  }

  unitOf(name) {
    const { card } = this.view;
    return card?.units[card.features.indexOf(name)] ?? "";
  }

  featureRow(f, row, anomalous) {
    const { ring, view, part, figure } = this;
    const name = ring.features[f];
    const signal = 2 * row + 1;
    const { top, height } = this.place(row);
    const seen = extent(ring, [ring.values[f], ring.reconstruction[f]], part.from, part.to);
    this.signal(f, `y${signal}`, part);
    overlay(this, name, `y${signal}`);
    const range = figure.steady(name, joined(seen, overlayExtent(view.compare, name)));
    this.axis(signal, top, height, range, valueTicks(range, height >= 90 ? 3 : 2));
    this.title(this.named(name), top);
    const own = anomalous.filter((i) => caused(ring, f, i));
    this.marked[name] = own.length;
    this.markers(`${name} anomalies`, `y${signal}`, ring.values[f], own, asIs, "x");
    if (this.hasErrors) this.errorRow(f, signal + 1, top + height + ERROR_GAP, this.unitOf(name));
    if (this.lens) this.lensRow(f, signal, own);
  }

  // Signal and reconstruction: bands where a pixel holds many samples, lines where few.
  signal(f, yaxis, { from, to, bucket }) {
    const { ring, xOf, view } = this;
    const name = ring.features[f];
    const given = { ring, from, to, bucket, xOf, yaxis, theme: view.theme };
    if (bucket >= BAND_FROM) this.data.push(...bandTraces(name, f, given));
    else {
      const { theme } = view;
      this.data.push(lineTrace(`${name} reconstruction`, ring.reconstruction[f], given, theme.reconstruction, 2.4));
      this.data.push(lineTrace(`${name} raw`, ring.values[f], given, theme.raw, 0.9));
    }
  }

  errorRow(f, axis, top, unit) {
    const { ring, part, figure, rows, view, xOf } = this;
    const name = ring.features[f];
    const { x, y } = errors(ring, f, part.from, part.to, part.bucket, xOf);
    this.data.push(errorTrace(`${name} error`, x, y, `y${axis}`, "x", view.theme));
    const largest = y.reduce((most, value) => Math.max(most, value ?? 0), 0);
    const range = figure.steady(`${name} error`, [0, largest || 1e-9], true);
    const ticks = { at: [range[1]], text: [Number(range[1].toPrecision(2)).toString()] };
    this.axis(axis, top, errorHeight(rows.length), range, ticks);
    this.annotations.push({
      xref: "paper", yref: `y${axis}`, x: 0, y: range[1], xanchor: "left", yanchor: "top", xshift: 3,
      text: escape(unit ? say("device.error_unit", { unit }) : say("device.error")), showarrow: false,
      font: { size: 10, color: view.theme.faint },
    });
  }

  lensRow(f, signal, own) {
    const { ring, xOf, lens, view } = this;
    const name = ring.features[f];
    const given = { ring, from: lens.from, to: lens.to, bucket: 1, xOf, yaxis: `y${signal}`, xaxis: "x2" };
    this.data.push(lineTrace(`${name} reconstruction, lens`, ring.reconstruction[f], given, view.theme.reconstruction, 2.6));
    this.data.push(lineTrace(`${name} raw, lens`, ring.values[f], given, view.theme.raw, 1.1));
    this.markers(`${name} anomalies, lens`, `y${signal}`, ring.values[f], own.filter((i) => i >= lens.from), asIs, "x2");
    if (!this.hasErrors) return;
    const { x, y } = errors(ring, f, lens.from, lens.to, 1, xOf);
    this.data.push(errorTrace(`${name} error, lens`, x, y, `y${signal + 1}`, "x2", view.theme));
  }

  scoreRow(marked) {
    const { ring, view, part, figure } = this;
    const { theme, threshold, note } = view;
    const axis = 2 * this.rows.length + 1;
    const given = { ring, ...part, xOf: this.xOf, yaxis: `y${axis}`, bridged: true };
    this.data.push(lineTrace("score", ring.score, given, theme.score, 1.3, toLog));
    this.markers("score anomalies", `y${axis}`, ring.score, marked, toLog, "x");
    const seen = extent(ring, [ring.score], part.from, part.to);
    const top = Math.max(seen ? seen[1] : 0, (threshold ?? 1) * 2);
    const range = figure.steady("score", [toLog(0), toLog(top)]);
    const above = this.scoreTop();
    this.axis(axis, above, SCORE_HEIGHT, range, logTicks(range));
    this.title(say("device.score_axis"), above);
    if (threshold !== null) this.thresholdLine(`y${axis}`, threshold);
    if (note) this.note(`y${axis}`, range, note);
  }

  markers(name, yref, column, marked, scale, xref) {
    if (!marked.length) return;
    this.dots(name, yref, xref, dotPath(this.ring, column, marked, this.xOf, scale));
  }

  dots(name, yref, xref, path) {
    this.shapes.push(dots(name, yref, xref, path, this.view.theme));
  }

  axis(number, top, height, range, ticks) {
    const { theme } = this.view;
    const domain = [1 - (top + height) / this.height, 1 - top / this.height].map(unitInterval);
    this.axes[number === 1 ? "yaxis" : `yaxis${number}`] = {
      domain, range, fixedrange: true, zeroline: false, anchor: "x",
      gridcolor: theme.grid, tickmode: "array", tickvals: ticks.at, ticktext: ticks.text,
      tickfont: { size: 11, color: theme.faint },
    };
  }

  title(text, top, x = 0) {
    this.annotations.push({
      xref: "paper", yref: "paper", x, y: unitInterval(1 - top / this.height), xanchor: "left", yanchor: "bottom",
      text: escape(text), showarrow: false, font: { size: 12, color: this.view.theme.text },
    });
  }

  thresholdLine(yref, threshold) {
    const { theme } = this.view;
    this.shapes.push({
      type: "line", xref: "paper", yref, x0: 0, x1: this.xEnd, y0: toLog(threshold), y1: toLog(threshold),
      line: { color: theme.text, width: 1.3, dash: "7px,6px" },
      label: {
        text: say("device.threshold_line", { value: threshold.toFixed(2) }), textposition: "start", yanchor: "bottom",
        padding: 2, font: { size: 11, color: theme.text },
      },
    });
  }

  note(yref, range, text) {
    const { theme } = this.view;
    this.annotations.push({
      xref: "paper", yref, x: this.xEnd / 2, y: (range[0] + range[1]) / 2, text: escape(text), showarrow: false,
      font: { size: 13, color: theme.text }, bgcolor: theme.background, borderpad: 5,
      bordercolor: theme.border, borderwidth: 1,
    });
  }

  // Shaded behind all rows: where the machine is not judged, the spans of alarms, gaps and notes.
  stretches() {
    const { ring, view, part } = this;
    const join_s = (view.range[1] - view.range[0]) / 200;
    if (view.card) {
      for (const [from, to] of notJudged(ring, part.from, part.to, join_s)) {
        this.shade(from, to, { fill: view.theme.notJudged, word: say("device.not_judged"), color: view.theme.faint });
      }
    }
    this.alarmSpans(ring.lastTs);
    this.marks(view.gaps ?? gapsOf(ring, part, view.gap_s));
  }

  marks(gaps) {
    markGaps(this, gaps);
    markNotes(this, this.view.notes ?? []);
  }

  // What nobody is notified of has an outline only, and lies below the others.
  alarmSpans(newest) {
    const { theme, alarms, range } = this.view;
    const quiet = { fill: "rgba(0, 0, 0, 0)", word: say("device.provisional_alarm"), color: theme.faint, dash: "dash" };
    const loud = { fill: theme.alarm, word: say("device.alarm"), color: theme.anomaly };
    const isQuiet = (alarm) => alarm.kind === "provisional";
    const shown = alarms.filter((alarm) => SHADED.includes(alarm.kind));
    for (const alarm of shown.sort((one, other) => isQuiet(other) - isQuiet(one))) {
      const to = alarm.end ?? newest;
      if (to >= range[0] && alarm.start <= range[1]) this.shade(alarm.start, to, isQuiet(alarm) ? quiet : loud);
    }
  }

  shade(from, to, { fill, word, color, dash, middle }) {
    const [start, end] = this.view.range;
    const x0 = Math.max(from, start);
    const x1 = Math.min(to, end);
    if (x1 < x0) return;
    const shade = {
      type: "rect", xref: "x", yref: "paper", layer: "below", fillcolor: fill,
      x0: this.xOf(x0), x1: this.xOf(x1), y0: 0, y1: 1, line: { width: dash ? 1 : 0, color, dash },
    };
    if (word && (x1 - x0) * this.pixelsPerSecond > LABEL_ABOVE * (word.length / 6)) {
      const textposition = middle ? "middle center" : "top center";
      shade.label = { text: escape(word), textposition, font: { size: 11, color } };
    }
    this.shapes.push(shade);
  }

  escape(text) {
    return escape(text);
  }

  timeAxis(range, width, anchor, domain) {
    const { theme } = this.view;
    const ticks = timeTicks(range[0], range[1], width);
    return {
      range: range.map(this.xOf), domain, anchor, type: "linear", zeroline: false,
      gridcolor: theme.grid, tickmode: "array", tickvals: ticks.at.map(this.xOf),
      ticktext: ticks.text, tickfont: { size: 11, color: theme.faint }, automargin: false,
    };
  }

  finish(width) {
    const { theme, range } = this.view;
    const { lens, rows } = this;
    const last = 2 * rows.length + 1;
    const layout = {
      ...this.axes,
      xaxis: this.timeAxis(range, width * this.xEnd, last === 1 ? "y" : `y${last}`, [0, this.xEnd]),
      shapes: this.shapes, annotations: this.annotations,
      autosize: false, width: Math.round(width), height: this.height + MARGIN.t + MARGIN.b,
      margin: MARGIN, showlegend: false, hovermode: false, dragmode: "zoom",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: theme.font, color: theme.text }, datarevision: this.figure.revision,
    };
    if (lens) {
      const anchor = `y${this.view.card ? last - 1 : last - 2}`;
      layout.xaxis2 = this.timeAxis([lens.start, lens.end], width * LENS_SHARE, anchor, [1 - LENS_SHARE, 1]);
      layout.xaxis2.fixedrange = true;
      const seconds = lens.seconds >= 10 ? lens.seconds.toFixed(0) : lens.seconds;
      this.title(say("device.lens", { seconds }), WORDS + GAP, 1 - LENS_SHARE);
    }
    return { data: this.data, layout };
  }
}

// The range of both; either may be missing.
export function joined(one, other) {
  if (!one || !other) return one ?? other;
  return [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
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
