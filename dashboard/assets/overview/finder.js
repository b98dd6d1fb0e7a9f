// The bar above the devices: find by text, totals by state that choose it, tiles or table, groups.

import { setText, shape, stateWord } from "../shapes.js";

const BAR = `
<input type="search" placeholder="Find a device, model or reason" aria-label="Find a device" spellcheck="false">
<span class="fl-totals" role="group" aria-label="States"></span>
<label class="fl-grouped"><input type="checkbox"> Group by name</label>
<span class="fl-layout" role="group" aria-label="Layout">
  <button type="button" data-layout="tiles">Tiles</button><button type="button" data-layout="table">Table</button>
</span>`;
export const MANY = 60; // devices beyond which a table is easier to read
const KEY = "faultline-overview"; // what is remembered while the tab is open

export class Finder {
  // onChange is called when anything was chosen.
  constructor(element, onChange) {
    this.element = element;
    this.onChange = onChange;
    element.innerHTML = BAR;
    Object.assign(this, { text: "", states: new Set(), grouped: false, layout: null }, remembered());
    this.states = new Set(this.states);
    this.search = element.querySelector("input[type=search]");
    this.search.value = this.text;
    this.search.addEventListener("input", () => this.choose({ text: this.search.value }));
    const box = element.querySelector("input[type=checkbox]");
    box.checked = this.grouped;
    box.addEventListener("change", () => this.choose({ grouped: box.checked }));
    for (const button of element.querySelectorAll("[data-layout]")) {
      button.addEventListener("click", () => this.choose({ layout: button.dataset.layout }));
    }
  }

  choose(chosen) {
    Object.assign(this, chosen);
    const { text, states, grouped, layout } = this;
    sessionStorage.setItem(KEY, JSON.stringify({ text, states: [...states], grouped, layout }));
    this.onChange();
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
      box.children[at].setAttribute("aria-pressed", String(this.states.has(state)));
      setText(box.children[at].querySelector("b"), String(n));
    });
  }

  total(state) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fl-chip";
    button.dataset.state = state;
    button.innerHTML = `${shape(state)}<b></b><span></span>`;
    button.querySelector("span").textContent = stateWord(state);
    button.addEventListener("click", () => {
      const states = new Set(this.states);
      if (!states.delete(state)) states.add(state);
      this.choose({ states });
    });
    return button;
  }
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}
