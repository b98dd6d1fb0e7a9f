// Devices as tiles: state, score, its last minute, data age, model.

import { age, number, setText, showState } from "../shapes.js";

const TILE = `
<span class="fl-tile-head"><strong></strong><span class="fl-chip"></span></span>
<span class="fl-tile-score"><b></b><span></span></span>
<svg class="fl-spark" viewBox="0 0 120 30" preserveAspectRatio="none" aria-hidden="true">
  <line class="fl-spark-threshold" x1="0" x2="120"/><polyline/></svg>
<span class="fl-tile-foot"><span data-is="age"></span><span data-is="model"></span></span>`;
export const PROVISIONAL = "Learnt from this device's first minutes by itself. Nobody is notified until somebody confirms it.";
const MOST = 300; // drawn at once; a filter or the table shows the others

export class Tiles {
  constructor(element, open) {
    this.element = element;
    this.open = open;
    this.tiles = new Map();
  }

  // Rows are devices, and the names of groups as texts.
  show(rows, time) {
    const seen = new Set();
    const shown = rows.slice(0, MOST);
    shown.forEach((row, at) => {
      const key = typeof row === "string" ? `group ${row}` : row.device;
      const element = this.tiles.get(key) ?? this.make(key, row);
      seen.add(key);
      if (this.element.children[at] !== element) this.element.insertBefore(element, this.element.children[at] ?? null);
      if (typeof row !== "string") fill(element, row, time);
    });
    for (const [key, element] of this.tiles) {
      if (seen.has(key)) continue;
      element.remove();
      this.tiles.delete(key);
    }
    this.more(rows.length - shown.length);
  }

  make(key, row) {
    const element = typeof row === "string" ? heading(row) : this.tile(row.device);
    this.tiles.set(key, element);
    return element;
  }

  tile(name) {
    const tile = document.createElement("button");
    tile.type = "button";
    tile.className = "fl-tile";
    tile.dataset.device = name;
    tile.innerHTML = TILE;
    tile.querySelector("strong").textContent = name;
    tile.title = name;
    tile.addEventListener("click", () => this.open(name));
    return tile;
  }

  more(count) {
    if (count > 0 && !this.tiles.has("more")) this.tiles.set("more", heading(""));
    const line = this.tiles.get("more");
    if (!line) return;
    this.element.append(line);
    setText(line, count > 0 ? `${count} more: find them by name or state, or look at the table` : "");
  }
}

function heading(text) {
  const line = document.createElement("h2");
  line.className = "fl-group";
  line.textContent = text;
  return line;
}

function fill(tile, device, time) {
  tile.dataset.state = device.shown_state;
  showState(tile.querySelector(".fl-chip"), device.shown_state);
  setText(tile.querySelector("b"), number(device.score));
  setText(tile.querySelector(".fl-tile-score span"), scoreWords(device));
  setText(tile.querySelector('[data-is="age"]'), `data ${age(time - device.last_arrival)} old`);
  const model = tile.querySelector('[data-is="model"]');
  const note = noteOf(device);
  const said = note ? `${device.model}, ${note.split(":")[0]}` : device.model ?? "no model";
  setText(model, device.provisional ? "provisional" : said);
  model.classList.toggle("fl-mark", device.provisional);
  model.title = device.provisional ? PROVISIONAL : note;
  drawSpark(tile, device);
}

function noteOf(device) {
  return device.model && !device.provisional && device.state !== "unscored" ? device.reason ?? "" : "";
}

export function scoreWords(device) {
  if (device.shown_state === "unscored") return device.reason ?? "not scored";
  if (device.shown_state === "not-judged") return "the machine is not running";
  if (device.score === null) return "no score yet";
  return `score, threshold ${number(device.threshold)}`;
}

function drawSpark(tile, { spark, threshold }) {
  const top = Math.max(threshold * 1.3, ...spark.map((score) => score ?? 0));
  const y = (score) => 29 - (28 * score) / top;
  const step = 120 / 119;
  const from = 120 - (spark.length - 1) * step;
  const points = spark.map((score, i) => (score === null ? null : `${(from + i * step).toFixed(1)},${y(score).toFixed(1)}`));
  tile.querySelector("polyline").setAttribute("points", points.filter(Boolean).join(" "));
  const line = tile.querySelector("line");
  line.style.display = points.some(Boolean) ? "" : "none";
  line.setAttribute("y1", y(threshold));
  line.setAttribute("y2", y(threshold));
}
