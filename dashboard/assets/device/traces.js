// The traces and shapes that a figure is made of.

import { band, line } from "./decimate.js";

const MARKER_WIDTH = 3.8; // pixels
const BURST_POINT = 2; // pixels wider than the line

export const SILENT = { type: "scatter", mode: "lines", connectgaps: false, hoverinfo: "skip", showlegend: false };

export function lineTrace(name, column, given, color, width, scale = null) {
  const { ring, from, to, bucket, xOf, yaxis, xaxis = "x", bridged = false } = given;
  const { x, y } = line(ring, column, from, to, bucket, xOf, bridged);
  const points = ring.isOfBursts(from, to) ? { mode: "lines+markers", marker: { color, size: width + BURST_POINT } } : {};
  return { ...SILENT, ...points, name, x, y: scale ? y.map(scale) : y, xaxis, yaxis, line: { color, width } };
}

// Where a pixel holds many samples: the raw signal as a filled band, and over it the edges of the
// reconstruction's, so that what lies outside of them is seen.
export function bandTraces(name, f, { ring, from, to, bucket, xOf, yaxis, theme }) {
  const raw = band(ring, ring.values[f], from, to, bucket, xOf);
  const model = band(ring, ring.reconstruction[f], from, to, bucket, xOf);
  const filled = (what, { x, y }, color) => ({
    ...SILENT, name: `${name} ${what}`, x, y, yaxis, xaxis: "x", fill: "toself", fillcolor: color, line: { width: 0 },
  });
  return [
    filled("reconstruction", model.outline, theme.reconstructionBand),
    filled("raw", raw.outline, theme.rawBand),
    {
      ...SILENT, name: `${name} reconstruction edges`, ...model.edges, yaxis, xaxis: "x",
      line: { color: theme.reconstructionEdge, width: 1.4 },
    },
  ];
}

export function errorTrace(name, x, y, yaxis, xaxis, theme) {
  return {
    ...SILENT, name, x, y, yaxis, xaxis, fill: "tozeroy", fillcolor: theme.errorArea,
    line: { color: theme.error, width: 1 },
  };
}

// Round markers, drawn as one path of dots without length (live.css rounds their ends): as a
// marker trace each is a node of its own, and a long alarm would cost more than all the lines.
export function dotPath(ring, column, marked, xOf, scale) {
  const { mask, ts } = ring;
  const path = marked.map((i) => {
    const dot = `${xOf(ts[i & mask]).toFixed(1)},${scale(column[i & mask])}`;
    return `M${dot}L${dot}`;
  });
  return path.join("");
}

export function dots(name, yref, xref, path, theme) {
  return { name, type: "path", xref, yref, path, line: { color: theme.anomaly, width: MARKER_WIDTH } };
}
