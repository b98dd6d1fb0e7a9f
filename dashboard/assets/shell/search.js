// Ctrl K: a device, an alarm by its number, or a page; found while typing, opened by Enter.

import { setText, showState } from "../shapes.js";
import { say } from "../words.js";
import { clock } from "../axes.js";

const MOST = 12;
const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;

export class Search {
  constructor(root, header) {
    this.root = root;
    this.header = header;
    this.places = { devices: [], alarms: [] };
  }

  build() {
    const dialog = document.createElement("dialog");
    dialog.className = "fl-dialog fl-search";
    dialog.innerHTML = `<input type="search" role="combobox" aria-expanded="true" aria-controls="fl-found" aria-autocomplete="list" autocomplete="off" spellcheck="false">
      <ul id="fl-found" role="listbox"></ul><p class="fl-small" role="status"></p>`;
    dialog.setAttribute("aria-label", say("shell.search"));
    this.input = dialog.querySelector("input");
    this.input.placeholder = say("shell.search_what");
    this.input.setAttribute("aria-label", say("shell.search"));
    this.list = dialog.querySelector("ul");
    this.list.setAttribute("aria-label", say("shell.search"));
    this.note = dialog.querySelector("p");
    this.input.addEventListener("input", () => this.show());
    dialog.addEventListener("keydown", (event) => this.pressed(event));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    this.root.append(dialog);
    return dialog;
  }

  async open() {
    this.dialog ??= this.build();
    if (!this.dialog.open) this.dialog.showModal();
    this.input.select();
    this.show();
    this.places = (await places()) ?? this.places;
    this.show();
  }

  show() {
    const text = this.input.value.trim().toLowerCase();
    this.found = found(text, this.places, this.header.data.pages);
    this.at = 0;
    this.list.replaceChildren(...this.found.map((one, at) => this.option(one, at)));
    this.mark();
    setText(this.note, this.found.length ? say("shell.search_keys") : say("shell.nothing_found"));
  }

  option({ kind, name, detail, state }, at) {
    const option = document.createElement("li");
    option.id = `fl-found-${at}`;
    option.setAttribute("role", "option");
    option.innerHTML = '<span class="fl-kind"></span><bdi></bdi><span class="fl-chip"></span><small></small>';
    setText(option.querySelector(".fl-kind"), say(`shell.kind_${kind}`));
    setText(option.querySelector("bdi"), name);
    setText(option.querySelector("small"), detail ?? "");
    if (state) showState(option.querySelector(".fl-chip"), state);
    option.addEventListener("click", () => this.take(at));
    return option;
  }

  pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      event.preventDefault();
      this.at = (this.at + step + this.found.length) % this.found.length;
      this.mark();
    }
    if (event.key === "Enter" && this.found.length) {
      event.preventDefault();
      this.take(this.at);
    }
  }

  mark() {
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.at)));
    const chosen = this.list.children[this.at];
    this.input.setAttribute("aria-activedescendant", chosen?.id ?? "");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  take(at) {
    const { page, query } = this.found[at];
    this.dialog.close();
    this.header.go(page, query);
  }

  end() {
    this.dialog?.remove();
  }
}

// All devices, the worst first, and the newest alarms; null: the server does not answer, or its
// store is away.
export function places() {
  return fetch("/find").then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
}

// What fits a text, the closest first: names that begin with it, then those that have it.
export function found(text, { devices, alarms }, pages) {
  const wanted = text.replace(/^#/, "");
  const all = [
    ...pages.map(({ path, title }) => ({ kind: "page", name: title, page: path, query: {} })),
    ...devices.map(({ device, shown, state }) => ({ kind: "device", name: shown, state, page: "device", query: { device } })),
    ...alarms.map(({ id, shown, start }) => ({
      kind: "alarm", name: `#${id}`, detail: `${shown} ${clock(start)}`, page: "alarms", query: { alarm: String(id) },
    })),
  ];
  const rank = ({ name }) => {
    const bare = name.toLowerCase().replace(/^#/, "");
    return bare === wanted ? 0 : bare.startsWith(wanted) ? 1 : 2;
  };
  const kinds = ["page", "device", "alarm"];
  const fits = all.filter(({ name, detail = "" }) => `${name} ${detail}`.toLowerCase().includes(wanted));
  if (/^\d+$/.test(wanted) && !alarms.some(({ id }) => String(id) === wanted)) {
    fits.push({ kind: "alarm", name: `#${wanted}`, page: "alarms", query: { alarm: wanted } });
  }
  return fits
    .sort((one, other) => rank(one) - rank(other) || kinds.indexOf(one.kind) - kinds.indexOf(other.kind) || byName(one.name, other.name))
    .slice(0, MOST);
}
