"""What is on the painted chart of a device page, as a browser has it; JavaScript."""

from __future__ import annotations

STRIP = 30  # pixels, at three fifths of the width; lines of every row cross it

# From the element of the chart to the rows of it that have at least a line there: [full, all].
ROWS = """(chart => {
  const canvas = chart.querySelector("canvas"), {layout} = chart.figure, {height, margin} = layout;
  const ratio = canvas.height / height, rows = height - margin.t - margin.b;
  const pen = canvas.getContext("2d");
  const {data} = pen.getImageData(0.6 * canvas.width, 0, STRIP, canvas.height);
  const at = share => STRIP * Math.round(ratio * (margin.t + (1 - share) * rows));
  const axes = Object.entries(layout).filter(([name]) => name.startsWith("yaxis"));
  const isFull = ([, {domain: [bottom, top]}]) => {
    let inked = 0;
    for (let i = at(top); i < at(bottom); i++) inked += data[4 * i + 3] > 128;
    return inked >= STRIP;
  };
  return [axes.filter(isFull).length, axes.length];
})""".replace("STRIP", str(STRIP))
