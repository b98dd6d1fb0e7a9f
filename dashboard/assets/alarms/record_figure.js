// The chart of a flight record: a row per feature and one of the score, over the moments.

import { fitting } from "../names.js";
import { say } from "../words.js";

const ROW = 84;
const SCORE_ROW = 96;
const GAP = 26; // pixels between rows, where the name of the next one stands
const MARGIN = { l: 46, r: 8, t: 22, b: 26 };

// View: theme, width, the moment of the slider and the seconds that local time is ahead of UTC.
export function recordFigure(record, view) {
  const rows = [...record.features.map((feature) => featureRow(record, feature, view)), scoreRow(record, view)];
  const heights = rows.map((_, i) => (i < rows.length - 1 ? ROW : SCORE_ROW));
  const total = heights.reduce((sum, one) => sum + one, 0) + GAP * (rows.length - 1);
  const layout = lay(record, view, total);
  let top = 0;
  rows.forEach(({ title, range }, i) => {
    const axis = i ? `yaxis${i + 1}` : "yaxis";
    layout[axis] = { ...yAxis(view.theme), domain: [1 - (top + heights[i]) / total, 1 - top / total], ...(range ? { range } : {}) };
    layout.annotations.push({ text: title, x: 0, xref: "paper", y: 1 - top / total, yref: "paper", yanchor: "bottom", xanchor: "left", showarrow: false, font: { size: 12, color: view.theme.text } });
    top += heights[i] + GAP;
  });
  const data = rows.flatMap(({ traces }, i) => traces.map((trace) => ({ ...trace, yaxis: i ? `y${i + 1}` : "y", xaxis: "x", hoverinfo: "skip", showlegend: false })));
  return { data, layout };
}

function times({ start, step_s, score }, { offset_s }) {
  return score.map((_, i) => (start + offset_s + (i + 0.5) * step_s) * 1000);
}

function featureRow(record, { name, unit, low, high, mean, model }, view) {
  const x = times(record, view);
  const { theme } = view;
  const edge = { width: 0, color: "rgba(0,0,0,0)" };
  return {
    title: escaped(`${fitting(name, view.width)}${unit ? ` (${unit})` : ""}`),
    traces: [
      { x, y: high, mode: "lines", line: edge },
      { x, y: low, mode: "lines", line: edge, fill: "tonexty", fillcolor: theme.rawBand },
      { x, y: mean, mode: "lines", line: { width: 1.1, color: theme.raw }, name: say("alarms.signal") },
      { x, y: model, mode: "lines", line: { width: 1.6, color: theme.reconstructionEdge }, name: say("alarms.reconstruction") },
    ],
  };
}

function scoreRow(record, view) {
  const x = times(record, view);
  const { theme } = view;
  const { score, threshold, above } = record;
  const top = Math.max(...score.filter((one) => one !== null), ...threshold.filter((one) => one !== null), 1) * 1.15;
  return {
    title: escaped(say("alarms.score")),
    range: [0, top],
    traces: [
      { x, y: score, mode: "lines", line: { width: 1.3, color: theme.score } },
      { x, y: threshold, mode: "lines", line: { width: 1, color: theme.text, dash: "dash" } },
      { x, y: score.map((one, i) => (above[i] ? one : null)), mode: "markers", marker: { size: 4, color: theme.anomaly } },
    ],
  };
}

function lay(record, view, total) {
  const { theme, width, at } = view;
  const x = times(record, view);
  const line = { type: "line", xref: "x", yref: "paper", y0: 0, y1: 1, line: { width: 1.5, color: theme.text } };
  const end = record.ended === null ? x[x.length - 1] : (record.ended + view.offset_s) * 1000;
  return {
    width, height: total + MARGIN.t + MARGIN.b, margin: MARGIN, dragmode: false, hovermode: false, showlegend: false,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: theme.font, size: 11, color: theme.faint },
    annotations: [],
    shapes: [
      { ...line, x0: x[at], x1: x[at] },
      { type: "rect", xref: "x", yref: "paper", y0: 0, y1: 1, x0: (record.began + view.offset_s) * 1000, x1: end, fillcolor: theme.alarm, line: { width: 0 }, layer: "below" },
    ],
    xaxis: { type: "date", range: [x[0], x[x.length - 1]], fixedrange: true, anchor: "free", position: 0, gridcolor: theme.grid, zeroline: false, nticks: Math.max(3, Math.floor(width / 110)), tickformat: "%H:%M:%S" },
  };
}

function yAxis(theme) {
  return { fixedrange: true, nticks: 3, gridcolor: theme.grid, zeroline: false };
}

// Plotly reads tags in texts.
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
