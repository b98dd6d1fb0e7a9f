// A device's scores as a line against its threshold, and below it where there were anomalies.

const WIDTH = 120;
const HEIGHT = 30;
const LIVE_POINTS = 120;
const LEAST_MARK = 1.5; // of the width, so that one of 120 is seen

export const SPARK = `<svg class="fl-spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
  <line x1="0" x2="${WIDTH}"/><path/></svg>
<svg class="fl-ribbon" viewBox="0 0 ${WIDTH} 6" preserveAspectRatio="none" aria-hidden="true">
  <path class="fl-ribbon-scored"/><path class="fl-ribbon-anomaly"/></svg>`;

// `past`: scores and marks of the range, null: the last minute as it came.
export function drawSpark(tile, { spark, threshold }, past) {
  const scores = past ? past.scores : padded(spark);
  const marks = past ? past.marks : scores.map((score) => score !== null && score > threshold);
  const top = Math.max(threshold * 1.3, ...scores.map((score) => score ?? 0));
  const y = (score) => HEIGHT - 1 - ((HEIGHT - 2) * score) / top;
  set(tile.querySelector(".fl-spark path"), path(scores, y));
  const line = tile.querySelector(".fl-spark line");
  const isEmpty = scores.every((score) => score === null);
  line.style.display = isEmpty ? "none" : "";
  if (isEmpty) return [".fl-ribbon-scored", ".fl-ribbon-anomaly"].forEach((part) => set(tile.querySelector(part), ""));
  line.setAttribute("y1", y(threshold));
  line.setAttribute("y2", y(threshold));
  set(tile.querySelector(".fl-ribbon-scored"), cells(scores.map((score) => score !== null), 2.5, 1));
  set(tile.querySelector(".fl-ribbon-anomaly"), cells(marks, 0, 6));
}

function padded(spark) {
  return [...Array(Math.max(0, LIVE_POINTS - spark.length)).fill(null), ...spark];
}

// Where there is no score, there is no line.
export function path(scores, y) {
  const step = WIDTH / Math.max(1, scores.length - 1);
  return scores.map((score, i) => {
    if (score === null) return "";
    const at = `${(i * step).toFixed(1)},${y(score).toFixed(1)}`;
    const isAlone = (scores[i - 1] ?? null) === null;
    return isAlone ? `M${at}h.01` : `L${at}`;
  }).join("");
}

// Neighbours that are alike are one block.
export function cells(flags, top, height) {
  const width = WIDTH / Math.max(1, flags.length);
  let drawn = "";
  for (let i = 0; i < flags.length; i++) {
    if (!flags[i]) continue;
    const first = i;
    while (flags[i + 1]) i++;
    const long = Math.max(LEAST_MARK, (i - first + 1) * width);
    drawn += `M${(first * width).toFixed(1)},${top}h${long.toFixed(1)}v${height}h-${long.toFixed(1)}z`;
  }
  return drawn;
}

function set(element, d) {
  if (element.getAttribute("d") !== d) element.setAttribute("d", d);
}
