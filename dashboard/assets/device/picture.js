// The chart as a PNG file, as it is seen.

import { moment } from "../format.js";
import { inert } from "../inert.js";

const SCALE = 2; // pixels for each one of the page
const MARK = 5;

// Markers are drawn by the style sheet's round ends, which a picture does not have.
function withMarkers(shapes, color) {
  const traces = [];
  for (const { path, xref, yref } of shapes.filter((shape) => shape.type === "path")) {
    const found = [...path.matchAll(/M([^,]+),([^L]+)L/g)];
    traces.push({
      type: "scatter", mode: "markers", x: found.map((dot) => +dot[1]), y: found.map((dot) => +dot[2]),
      xaxis: xref, yaxis: yref, marker: { size: MARK, color }, hoverinfo: "skip", showlegend: false,
    });
  }
  return traces;
}

export async function savePicture(plotly, { data, layout }, { device, range, theme, width }) {
  const span = `${inert(device)}   ${moment(range[0])} – ${moment(range[1])}`;
  const title = { text: span.replaceAll("<", "&lt;"), font: { size: 13 }, x: 0.01, xanchor: "left" };
  const picture = {
    data: [...data, ...withMarkers(layout.shapes, theme.anomaly)],
    layout: {
      ...layout, shapes: layout.shapes.filter((shape) => shape.type !== "path"), title, width, height: layout.height + 30,
      margin: { ...layout.margin, t: layout.margin.t + 30 }, paper_bgcolor: theme.background, plot_bgcolor: theme.background,
    },
  };
  const url = await plotly.toImage(picture, { format: "png", scale: SCALE, width, height: picture.layout.height });
  const link = document.createElement("a");
  const name = device.replaceAll(/[^\w.-]+/g, "_");
  Object.assign(link, { href: url, download: `${name}-${moment(range[0]).replaceAll(/[^0-9]+/g, "")}.png` });
  link.click();
}
