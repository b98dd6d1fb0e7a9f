// The time picker: live, the last so long, or from one time to another.

import { fromLocalIso, localIso, moment } from "../format.js";
import { setText } from "../shapes.js";
import { say } from "../words.js";
import { icon } from "./icons.js";
import { closesOutside } from "./menus.js";

const OFFERED = ["live", "15m", "1h", "24h", "7d"];
const HOUR_S = 3600;

export class RangePicker {
  // choose gets what a link says: {range} or {from, to}.
  constructor(element, choose) {
    this.choose = choose;
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", say("shell.range"));
    this.menu = this.fromTo();
    element.append(...this.presets(), this.menu);
    this.menu.querySelector(".fl-presets").append(...this.presets());
    this.buttons = [...element.querySelectorAll("[data-range]")];
    this.stop = closesOutside(this.menu);
  }

  presets() {
    return OFFERED.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.range = name;
      button.textContent = say(`shell.range_${name}`);
      button.addEventListener("click", () => {
        this.menu.open = false;
        this.pick(name === "live" ? {} : { range: name });
      });
      return button;
    });
  }

  fromTo() {
    const menu = document.createElement("details");
    menu.className = "fl-menu";
    menu.innerHTML = `<summary>${icon("calendar")}<span></span></summary><form class="fl-panel">
      <div class="fl-presets"></div><label><span></span><input type="datetime-local" step="1" name="from" required></label>
      <label><span></span><input type="datetime-local" step="1" name="to" required></label>
      <p class="fl-wrong" role="alert"></p><button type="submit" class="fl-act"></button></form>`;
    const [title, from, to] = menu.querySelectorAll("span");
    this.title = title;
    setText(from, say("shell.from"));
    setText(to, say("shell.to"));
    setText(menu.querySelector(".fl-act"), say("shell.show_range"));
    menu.addEventListener("toggle", () => menu.open && this.fill());
    menu.querySelector("form").addEventListener("submit", (event) => this.submit(event));
    return menu;
  }

  // The stretch that is shown now is where a change begins.
  fill() {
    const end = Date.now() / 1000;
    const { from, to } = this.shown ?? {};
    const form = this.menu.querySelector("form");
    form.from.value = localIso(from ? Date.parse(from) / 1000 : end - HOUR_S);
    form.to.value = localIso(to ? Date.parse(to) / 1000 : end);
  }

  submit(event) {
    event.preventDefault();
    const [start, end] = [event.target.from, event.target.to].map((field) => fromLocalIso(field.value));
    const isWrong = !(end > start);
    setText(this.menu.querySelector(".fl-wrong"), isWrong ? say("shell.range_order") : "");
    if (isWrong) return;
    this.menu.open = false;
    this.pick({ from: iso(start), to: iso(end) });
  }

  pick(words) {
    this.show(words); // at once; the server says the same in a moment
    this.choose(words);
  }

  show(words) {
    this.shown = words;
    const isFromTo = Boolean(words.from);
    const name = isFromTo ? "" : words.range ?? "live";
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.range === name));
    const isOffered = OFFERED.includes(name);
    this.menu.dataset.chosen = String(!isOffered);
    this.menu.firstElementChild.dataset.named = isOffered ? say(`shell.range_${name}`) : ""; // where there is no room for buttons
    setText(this.title, isFromTo ? fromToWords(words) : isOffered ? say("shell.from_to") : name);
  }

  end() {
    this.stop();
  }
}

function fromToWords({ from, to }) {
  const [start, end] = [from, to].map((text) => (text ? moment(seconds(text)) : ""));
  const isSameDay = start.slice(0, 10) === end.slice(0, 10);
  return `${start.slice(0, 16)} – ${(isSameDay ? end.slice(11) : end).slice(0, isSameDay ? 5 : 16)}`;
}

function seconds(text) {
  return /^[0-9.]+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
}

function iso(ts) {
  return new Date(ts * 1000).toISOString().replace(".000", "");
}
