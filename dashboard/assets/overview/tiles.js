// Devices as tiles: state, score, its past, data age, model, and the next step where one is due.

import { inert } from "../inert.js";
import { age, number, setText, showState } from "../shapes.js";
import { say } from "../words.js";
import { drawSpark, SPARK } from "./spark.js";

const TILE = `
<span class="fl-tile-head"><a class="fl-tile-link"></a><span class="fl-chip"></span></span>
<span class="fl-tile-score"><b></b><span></span></span>
${SPARK}
<span class="fl-tile-foot"><span data-is="age"></span><span data-is="model"></span></span>
<a class="fl-next" hidden></a>`;
const MOST = 300; // drawn at once; a filter or the table shows the others

export class Tiles {
  // open gets a page and a device; without a page of the models, that of the device.
  constructor(element, sparks, open, hasModels) {
    this.nextPage = hasModels ? "models" : "device";
    this.element = element;
    this.sparks = sparks;
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
      if (typeof row !== "string") fill(element, row, time, this.sparks.of(row.device));
    });
    for (const [key, element] of this.tiles) {
      if (seen.has(key)) continue;
      this.sparks.forget(element);
      element.remove();
      this.tiles.delete(key);
    }
    this.more(rows.length - shown.length);
  }

  make(key, row) {
    const element = typeof row === "string" ? heading(inert(row)) : this.tile(row.device);
    this.tiles.set(key, element);
    return element;
  }

  tile(name) {
    const tile = document.createElement("div");
    tile.className = "fl-tile";
    tile.dataset.device = name;
    tile.innerHTML = TILE;
    const [link, next] = tile.querySelectorAll("a");
    link.textContent = link.title = inert(name);
    const query = new URLSearchParams({ device: name });
    link.href = `/device?${query}`;
    next.href = `/${this.nextPage}?${query}`;
    link.addEventListener("click", (event) => this.opened(event, "device", name));
    next.addEventListener("click", (event) => this.opened(event, this.nextPage, name));
    this.sparks.watch(tile);
    return tile;
  }

  // In place of the page, unless it was asked for in a tab of its own.
  opened(event, page, name) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(page, name);
  }

  more(count) {
    if (count > 0 && !this.tiles.has("more")) this.tiles.set("more", heading(""));
    const line = this.tiles.get("more");
    if (!line) return;
    this.element.append(line);
    setText(line, count > 0 ? say("overview.more_tiles", { n: count }) : "");
  }
}

function heading(text) {
  const line = document.createElement("h2");
  line.className = "fl-group";
  line.textContent = text;
  return line;
}

function fill(tile, device, time, past) {
  tile.dataset.state = device.shown_state;
  showState(tile.querySelector(".fl-chip"), device.shown_state);
  setText(tile.querySelector("b"), number(device.score));
  setText(tile.querySelector(".fl-tile-score span"), scoreWords(device));
  setText(tile.querySelector('[data-is="age"]'), say("overview.data_age", { age: age(time - device.last_arrival) }));
  const model = tile.querySelector('[data-is="model"]');
  const note = noteOf(device);
  const said = note ? `${device.model}, ${note.split(":")[0]}` : device.model ?? say("overview.no_model");
  setText(model, device.provisional ? say("overview.provisional") : said);
  model.classList.toggle("fl-mark", device.provisional);
  model.title = device.provisional ? say("overview.provisional_means") : note;
  showNext(tile.querySelector(".fl-next"), device);
  drawSpark(tile, device, past);
}

function showNext(link, device) {
  const step = nextStep(device);
  link.hidden = !step;
  setText(link, step?.text ?? "");
  link.title = step?.command ?? "";
}

// What somebody should do so that a device is judged by a model of its own; null: nothing.
export function nextStep({ device, provisional, shown_state: state }) {
  const name = inert(device);
  if (provisional) return { text: say("overview.next_confirm"), command: `faultline adopt ${name} --confirm` };
  if (state !== "unscored") return null;
  return { text: say("overview.next_learn"), command: `faultline adopt --device ${name} --minutes 10 --out models/${name}` };
}

function noteOf(device) {
  return device.model && !device.provisional && device.state !== "unscored" ? device.reason ?? "" : "";
}

export function scoreWords(device) {
  if (device.shown_state === "unscored") return device.reason ?? say("overview.not_scored");
  if (device.shown_state === "not-judged") return say("overview.not_running");
  if (device.score === null) return say("overview.no_score");
  return say("overview.score_of", { threshold: number(device.threshold) });
}
