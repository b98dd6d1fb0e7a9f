// Devices as a table that draws only the rows in view, so that a thousand cost as much as thirty.

import { inert } from "../inert.js";
import { age, number, setText, showState } from "../shapes.js";
import { say } from "../words.js";
import { nextStep, scoreWords } from "./tiles.js";

const ROW = `<span role="cell"><span class="fl-chip"></span></span><span role="cell" class="fl-name"></span>
<span role="cell" class="fl-figure"></span><span role="cell" class="fl-bar"><i></i><u></u></span>
<span role="cell" class="fl-figure"></span><span role="cell" class="fl-note"></span>`;
const HEAD = ["state", "device", "score", "share", "age", "model"];
const ROW_PX = 32;
const BEYOND = 8; // rows above and below the view

export class Table {
  constructor(element, open) {
    this.open = open;
    element.innerHTML = `<div class="fl-row fl-table-head" role="row"></div>
      <div class="fl-body" role="rowgroup" tabindex="0"><div class="fl-rows"></div></div>`;
    element.setAttribute("role", "table");
    const head = element.querySelector(".fl-table-head");
    for (const word of HEAD) {
      const cell = document.createElement("span");
      cell.setAttribute("role", "columnheader");
      cell.textContent = say(`overview.head_${word}`);
      head.append(cell);
    }
    this.body = element.querySelector(".fl-body");
    this.inner = element.querySelector(".fl-rows");
    this.drawn = [];
    this.body.addEventListener("scroll", () => this.draw(), { passive: true });
    this.body.addEventListener("click", (event) => this.opened(event));
    this.body.addEventListener("keydown", (event) => event.key === "Enter" && this.opened(event));
  }

  show(rows, time) {
    this.rows = rows;
    this.time = time;
    this.inner.style.height = `${rows.length * ROW_PX}px`;
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.body.scrollTop / ROW_PX) - BEYOND);
    const seen = Math.ceil(this.body.clientHeight / ROW_PX) + 2 * BEYOND;
    const shown = this.rows.slice(first, first + seen);
    while (this.drawn.length > shown.length) this.drawn.pop().remove();
    while (this.drawn.length < shown.length) this.drawn.push(this.inner.appendChild(row()));
    shown.forEach((one, i) => fill(this.drawn[i], one, this.time, first + i));
  }

  opened(event) {
    const { device } = event.target.closest(".fl-row")?.dataset ?? {};
    if (device) this.open(device);
  }
}

function row() {
  const element = document.createElement("div");
  element.className = "fl-row";
  element.setAttribute("role", "row");
  element.innerHTML = ROW;
  return element;
}

function fill(element, one, time, at) {
  const isGroup = typeof one === "string";
  element.style.transform = `translateY(${at * ROW_PX}px)`;
  element.classList.toggle("fl-row-group", isGroup);
  element.setAttribute("aria-rowindex", String(at + 2));
  element.tabIndex = isGroup ? -1 : 0;
  const [chip, name, score, bar, old, note] = element.children;
  setText(name, inert(isGroup ? one : one.device));
  name.title = name.textContent;
  chip.hidden = score.hidden = bar.hidden = old.hidden = note.hidden = isGroup;
  if (isGroup) {
    delete element.dataset.device;
    delete element.dataset.state;
    return;
  }
  element.dataset.device = one.device;
  element.dataset.state = one.shown_state;
  showState(chip.firstElementChild, one.shown_state);
  setText(score, number(one.score));
  const share = one.score === null ? 0 : Math.min(1, one.score / (1.5 * one.threshold));
  bar.firstElementChild.style.width = `${100 * share}%`;
  setText(old, age(time - one.last_arrival));
  setText(note, noteOf(one));
  note.title = nextStep(one)?.command ?? one.reason ?? scoreWords(one);
}

function noteOf(one) {
  const step = nextStep(one)?.text;
  const model = one.model ?? say("overview.no_model");
  if (one.provisional) return `${model}, ${say("overview.provisional")}. ${step}`;
  const said = one.model && one.reason && one.state !== "unscored" ? `${model}, ${one.reason}` : one.reason ?? model;
  return step ? `${said}. ${step}` : said;
}
