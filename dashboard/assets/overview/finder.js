// The bar above the devices: find by text, totals by state that choose it, tiles or table, groups.

import { decimal } from "../format.js";
import { setText, shape, stateWord } from "../shapes.js";
import { say } from "../words.js";

const BAR = `
<input type="search" spellcheck="false">
<span class="fl-totals" role="group"></span>
<label class="fl-grouped"><input type="checkbox"> <span></span></label>
<span class="fl-layout" role="group">
  <button type="button" data-layout="tiles"></button><button type="button" data-layout="table"></button>
</span>`;
export const MANY = 60; // devices beyond which a table is easier to read
const KEY = "faultline-overview"; // what is remembered while the tab is open

export class Finder {
  // onChange is called when anything was chosen.
  constructor(element, onChange) {
    this.element = element;
    this.onChange = onChange;
    element.innerHTML = BAR;
    Object.assign(this, { text: "", states: [], grouped: false, layout: null }, remembered(), ofLink());
    this.states = new Set(this.states);
    this.search = element.querySelector("input[type=search]");
    this.search.placeholder = say("overview.find");
    this.search.setAttribute("aria-label", say("overview.find"));
    this.search.value = this.text;
    this.search.addEventListener("input", () => this.choose({ text: this.search.value }));
    element.querySelector(".fl-totals").setAttribute("aria-label", say("overview.states"));
    element.querySelector(".fl-layout").setAttribute("aria-label", say("overview.layout"));
    const box = element.querySelector("input[type=checkbox]");
    setText(box.nextElementSibling, say("overview.group"));
    box.checked = this.grouped;
    box.addEventListener("change", () => this.choose({ grouped: box.checked }));
    for (const button of element.querySelectorAll("[data-layout]")) {
      setText(button, say(`overview.layout_${button.dataset.layout}`));
      button.addEventListener("click", () => this.choose({ layout: button.dataset.layout }));
    }
    this.keepLink();
  }

  choose(chosen) {
    Object.assign(this, chosen);
    const { text, states, grouped, layout } = this;
    sessionStorage.setItem(KEY, JSON.stringify({ text, states: [...states], grouped, layout }));
    this.keepLink();
    this.onChange();
  }

  // What is looked for is part of the address, so that a link shows the same devices.
  keepLink() {
    const address = linkOf(this.text, this.states);
    if (address !== location.href) history.replaceState(history.state, "", address);
  }

  // Tiles or table: as chosen, otherwise by how many there are.
  layoutFor(count) {
    return this.layout ?? (count > MANY ? "table" : "tiles");
  }

  show(totals, count) {
    this.element.hidden = count === 0;
    const layout = this.layoutFor(count);
    for (const button of this.element.querySelectorAll("[data-layout]")) {
      button.setAttribute("aria-pressed", String(button.dataset.layout === layout));
    }
    const chosen = [...this.states].filter((state) => !totals.some(([one]) => one === state)).map((state) => [state, 0]);
    const shown = [...totals, ...chosen];
    const box = this.element.querySelector(".fl-totals");
    const key = shown.map(([state]) => state).join();
    if (key !== this.key) {
      this.key = key;
      box.replaceChildren(...shown.map(([state]) => this.total(state)));
    }
    shown.forEach(([state, n], at) => {
      box.children[at].setAttribute("aria-current", String(this.states.has(state)));
      setText(box.children[at].querySelector("b"), decimal(n));
    });
  }

  total(state) {
    const link = document.createElement("a");
    link.className = "fl-chip";
    link.dataset.state = state;
    link.href = linkOf("", new Set([state]));
    link.innerHTML = `${shape(state)}<b></b><span></span>`;
    link.querySelector("span").textContent = stateWord(state);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const states = new Set(this.states);
      if (!states.delete(state)) states.add(state);
      this.choose({ states });
    });
    return link;
  }
}

function linkOf(text, states) {
  const link = new URL(location.href);
  for (const [name, value] of [["q", text], ["state", [...states].join(",")]]) {
    if (value) link.searchParams.set(name, value);
    else link.searchParams.delete(name);
  }
  return link.href;
}

// What a link asks for; nothing where it asks for nothing.
function ofLink() {
  const asked = new URLSearchParams(location.search);
  if (!asked.has("q") && !asked.has("state")) return {};
  return { text: asked.get("q") ?? "", states: (asked.get("state") ?? "").split(",").filter(Boolean) };
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}
