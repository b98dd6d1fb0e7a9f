// A live figure on a canvas. Plotly needs a fifth of a second of the browser's main thread for what
// this paints in some milliseconds; it gets the chart as soon as somebody takes hold of it or it
// stands still. What is painted is the same figure, in the part of Plotly's terms that ours use.

import { Labels } from "./labels.js";
import { bars, columns, isSteep } from "./steep.js";

const MITER_LIMIT = 2; // as Plotly's: the peaks of a line stay where its values are

export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.labels = new Labels(this.pen);
  }

  paint({ data, layout }) {
    this.begin(layout);
    const plots = this.plots(data);
    for (const shape of layout.shapes) if (shape.layer === "below") this.shape(shape);
    for (const plot of plots) this.grid(plot);
    for (const plot of plots) this.within(plot, () => plot.traces.forEach((trace) => this.trace(trace, plot)));
    for (const shape of layout.shapes) if (shape.layer !== "below") this.shape(shape);
    for (const axis of this.axes.values()) this.labels.ticks(axis, this.axis(axis.anchor));
    for (const shape of layout.shapes) if (shape.label) this.labels.ofShape(shape, this.box(shape));
    for (const note of layout.annotations) this.labels.annotation(note, this.place(note));
  }

  begin({ width, height, margin, font, ...layout }) {
    const ratio = window.devicePixelRatio || 1;
    const { canvas, pen } = this;
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.miterLimit = MITER_LIMIT;
    this.labels.family = font.family;
    const area = { left: margin.l, top: margin.t, width: width - margin.l - margin.r, height: height - margin.t - margin.b };
    this.axes = new Map();
    for (const [name, axis] of Object.entries(layout)) {
      const [, letter, number] = /^([xy])axis(\d*)$/.exec(name) ?? [];
      if (letter) this.axes.set(letter + (number || 1), scale(letter, axis, area));
    }
    const whole = { domain: [0, 1], range: [0, 1] };
    this.paper = { x: scale("x", whole, area), y: scale("y", whole, area) };
  }

  // By its name; the first is x or x1.
  axis(name, letter = name[0]) {
    return name === "paper" ? this.paper[letter] : this.axes.get(name.length > 1 ? name : `${name}1`);
  }

  // The pairs of axes that traces are drawn on, with their traces.
  plots(data) {
    const found = new Map();
    for (const trace of data) {
      const key = `${trace.xaxis} ${trace.yaxis}`;
      if (!found.has(key)) found.set(key, { x: this.axis(trace.xaxis), y: this.axis(trace.yaxis), traces: [] });
      found.get(key).traces.push(trace);
    }
    return [...found.values()];
  }

  grid({ x, y }) {
    const { pen } = this;
    pen.lineWidth = 1;
    pen.setLineDash([]);
    for (const [along, across] of [[x, y], [y, x]]) {
      pen.strokeStyle = along.gridcolor;
      pen.beginPath();
      for (const value of along.tickvals) {
        const at = crisp(along.at(value));
        if (!along.holds(at)) continue;
        if (along === x) line(pen, at, across.start, at, across.end);
        else line(pen, across.start, at, across.end, at);
      }
      pen.stroke();
    }
  }

  // Draw inside a pair of axes only.
  within({ x, y }, draw) {
    const { pen } = this;
    pen.save();
    pen.beginPath();
    pen.rect(x.start, y.end, x.end - x.start, y.start - y.end);
    pen.clip();
    draw();
    pen.restore();
  }

  trace({ x, y, line: { color, width, dash }, fill, fillcolor, mode, marker }, plot) {
    const { pen } = this;
    pen.fillStyle = fillcolor ?? color;
    if (!dash && fill !== "tozeroy" && isSteep(y, plot)) return fill ? bars(pen, x, y, plot) : columns(pen, x, y, plot, width);
    const path = pathOf(x, y, plot, fill === "tozeroy" ? plot.y.at(0) : null);
    if (fill) pen.fill(path.area ?? path.line);
    if (width) this.stroke(path.line, { color, width, dash });
    if (mode.includes("markers")) this.stroke(dotsOf(x, y, plot), { color: marker.color, width: marker.size, round: true });
  }

  stroke(path, { color, width, dash, round = false }) {
    const { pen } = this;
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.lineCap = round ? "round" : "butt";
    pen.setLineDash(dashes(dash));
    pen.stroke(path);
  }

  // The rectangle of a shape, in pixels; of a line it is flat.
  box({ xref, yref, x0, x1, y0, y1 }) {
    const [x, y] = [this.axis(xref, "x"), this.axis(yref, "y")];
    return { left: x.at(x0), right: x.at(x1), top: y.at(y1), bottom: y.at(y0) };
  }

  shape(shape) {
    const { pen } = this;
    if (shape.type === "path") return this.markers(shape);
    const { left, right, top, bottom } = this.box(shape);
    const path = new Path2D();
    if (shape.type === "line") line(path, left, top, right, bottom);
    else path.rect(left, top, right - left, bottom - top);
    if (shape.fillcolor) {
      pen.fillStyle = shape.fillcolor;
      pen.fill(path);
    }
    if (shape.line.width) this.stroke(path, shape.line);
  }

  // "M3,4L3,4M…": dots where they are.
  markers({ xref, yref, path, line: { color, width } }) {
    const plot = { x: this.axis(xref), y: this.axis(yref) };
    const dots = path.split("M").slice(1).map((dot) => dot.split("L")[0].split(",").map(Number));
    const [x, y] = [dots.map((dot) => dot[0]), dots.map((dot) => dot[1])];
    this.within(plot, () => this.stroke(dotsOf(x, y, plot), { color, width, round: true }));
  }

  place({ xref, yref, x, y, xshift = 0, yshift = 0 }) {
    return [this.axis(xref, "x").at(x) + xshift, this.axis(yref, "y").at(y) - yshift];
  }
}

// Where an axis lies, in pixels, and where on it a value is.
function scale(letter, axis, { left, top, width, height }) {
  const across = letter === "x";
  const [start, end] = axis.domain.map((share) => (across ? left + share * width : top + (1 - share) * height));
  const [first, last] = axis.range;
  const step = (end - start) / (last - first);
  const [low, high] = [Math.min(start, end), Math.max(start, end)];
  return { ...axis, letter, start, end, at: (value) => start + (value - first) * step, holds: (at) => at >= low && at <= high };
}

// The line through points, which null interrupts, and what lies between it and zero.
function pathOf(x, y, plot, zero) {
  const path = new Path2D();
  const area = zero === null ? null : new Path2D();
  let began = null; // where the stretch begins
  let last = null;
  const close = () => {
    if (began !== null && area) {
      area.lineTo(last, zero);
      area.lineTo(began, zero);
    }
    began = null;
  };
  for (let i = 0; i < x.length; i++) {
    const value = y[i];
    if (value === null || value !== value) {
      close();
      continue;
    }
    const [across, up] = [plot.x.at(x[i]), plot.y.at(value)];
    for (const one of area ? [path, area] : [path]) {
      if (began === null) one.moveTo(across, up);
      else one.lineTo(across, up);
    }
    if (began === null) began = across;
    last = across;
  }
  close();
  return { line: path, area };
}

function dotsOf(x, y, plot) {
  const path = new Path2D();
  for (let i = 0; i < x.length; i++) {
    if (y[i] === null || y[i] !== y[i]) continue;
    const [across, up] = [plot.x.at(x[i]), plot.y.at(y[i])];
    line(path, across, up, across, up);
  }
  return path;
}

function line(path, x0, y0, x1, y1) {
  path.moveTo(x0, y0);
  path.lineTo(x1, y1);
}

// A line of one pixel that lies on one row of them.
function crisp(at) {
  return Math.round(at - 0.5) + 0.5;
}

function dashes(dash) {
  if (!dash || dash === "solid") return [];
  if (dash === "dot") return [3, 3];
  if (dash === "dash") return [9, 9];
  return dash.split(",").map(parseFloat);
}
