// A list of alarms: select several, answer them at once, open one; all of it by keyboard too.

import { loadStyle, mountView } from "../page.js";
import { isTyped, tellKeys } from "../shell/keys.js";
import { readTheme } from "../theme.js";
import { say } from "../words.js";
import { Bar } from "./bar.js";
import { fill, rowElement } from "./row.js";


export const mount = (component, version) => mountView(ListView, "alarms", component, version);

class ListView {
  constructor(root, version) {
    this.root = root;
    this.chosen = new Set(); // ids
    this.asked = new Map(); // by id, what was asked for and is not drawn yet
    this.cursor = null;
    this.drawn = new Map(); // elements by id
    loadStyle(version, "alarms/alarms").then(() => this.begin());
  }

  begin() {
    if (this.ended) return;
    this.root.innerHTML = '<div class="fl-alarm-bar"></div><ul class="fl-alarm-list"></ul><p class="fl-none"></p>';
    this.list = this.root.querySelector("ul");
    this.bar = new Bar(this.root.firstChild, this);
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("focusin", (event) => this.moveTo(idOf(event.target), false));
    this.press = (event) => this.pressed(event);
    document.addEventListener("keydown", this.press);
    const keys = [["j", "down"], ["k", "up"], ["x", "select"], ["a", "ack"], ["s", "shelve"], ["c", "comment"], ["Enter", "open"]];
    this.forget = tellKeys(say("alarms.keys_title"), keys.map(([key, name]) => [key, KEYS[name]()]));
    this.draw();
  }

  update(component) {
    this.component = component;
    this.rows = component.data.rows;
    const known = new Map(this.rows.map((row) => [row.id, row]));
    for (const id of this.chosen) if (!known.has(id)) this.chosen.delete(id);
    for (const [id, life] of this.asked) if (known.get(id)?.life !== life) this.asked.delete(id);
    if (!known.has(this.cursor)) this.cursor = component.data.opened ?? this.rows[0]?.id ?? null;
    if (this.list) this.draw();
  }

  draw() {
    this.recolour();
    const { none, opened } = this.component.data;
    const focused = idOf(document.activeElement);
    for (const [id, element] of this.drawn) if (!this.rows.some((row) => row.id === id)) this.remove(id, element);
    this.rows.forEach((row, at) => {
      if (!this.drawn.has(row.id)) this.drawn.set(row.id, rowElement(row.id));
      const element = this.drawn.get(row.id);
      if (this.list.children[at] !== element) this.list.insertBefore(element, this.list.children[at] ?? null);
      const { chosen, cursor, asked } = this;
      fill(element, row, { isChosen: chosen.has(row.id), isAt: cursor === row.id, isOpen: opened === row.id, isAsked: asked.has(row.id) });
    });
    const empty = this.root.querySelector(".fl-none");
    empty.textContent = none;
    empty.hidden = this.rows.length > 0;
    this.bar.show();
    if (focused && this.drawn.has(focused) && document.activeElement === document.body) this.drawn.get(focused).focus();
    this.root.dataset.rows = this.rows.length;
  }

  remove(id, element) {
    element.remove();
    this.drawn.delete(id);
  }

  // Rows that an answer is for: those chosen, else the one at the cursor.
  meant() {
    const chosen = this.rows.filter((row) => this.chosen.has(row.id));
    return chosen.length ? chosen : this.rows.filter((row) => row.id === this.cursor);
  }

  // Ask for an answer to those of the rows meant that may have it.
  ask(kind, value = {}, rows = this.meant()) {
    const able = rows.filter((row) => row.may.includes(kind));
    if (!able.length) return;
    for (const row of able) if (["ack", "shelve", "unshelve"].includes(kind)) this.asked.set(row.id, row.life);
    this.component.setTriggerValue("asked", { kind, alarms: able.map((row) => row.id), value });
    this.chosen.clear();
    this.draw();
  }

  choose(id, isChosen = !this.chosen.has(id)) {
    if (isChosen) this.chosen.add(id);
    else this.chosen.delete(id);
    this.draw();
  }

  chooseAll(isChosen) {
    this.chosen = new Set(isChosen ? this.rows.map((row) => row.id) : []);
    this.draw();
  }

  open(id) {
    if (id !== null) this.component.setTriggerValue("open", id);
  }

  clicked(event) {
    const id = idOf(event.target);
    if (id === null) return;
    if (event.target.matches("input")) return this.choose(id, event.target.checked);
    const { does } = event.target.closest("button")?.dataset ?? {};
    if (does === "open") return this.open(id);
    if (does) this.ask(does, {}, this.rows.filter((row) => row.id === id));
  }

  pressed(event) {
    if (event.defaultPrevented || isTyped(event) || !this.root.offsetParent) return;
    const act = this.act(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  act({ key, target }) {
    const isElsewhere = target !== document.body && !this.list.contains(target);
    if (key === "Enter") return isElsewhere || target.matches("button, input") ? null : () => this.open(this.cursor);
    return {
      j: () => this.step(1), ArrowDown: isElsewhere ? null : () => this.step(1),
      k: () => this.step(-1), ArrowUp: isElsewhere ? null : () => this.step(-1),
      x: () => this.cursor !== null && this.choose(this.cursor),
      a: () => this.ask("ack"), s: () => this.bar.shelve(), c: () => this.bar.write(),
    }[key];
  }

  step(by) {
    const at = this.rows.findIndex((row) => row.id === this.cursor);
    const next = this.rows[Math.min(Math.max(at + by, 0), this.rows.length - 1)];
    if (next) this.moveTo(next.id, true);
  }

  moveTo(id, isFocused) {
    if (id === null || id === this.cursor && !isFocused) return;
    this.cursor = id;
    this.draw();
    if (isFocused) this.drawn.get(id).focus();
  }

  recolour() {
    const theme = readTheme(this.root);
    for (const key of ["anomaly", "alarm", "text", "faint"]) this.root.style.setProperty(`--fl-${key}`, theme[key]);
    this.root.classList.toggle("fl-dark", theme.dark);
  }

  end() {
    this.ended = true;
    document.removeEventListener("keydown", this.press);
    this.forget?.();
  }
}

const KEYS = {
  down: () => say("alarms.key_down"), up: () => say("alarms.key_up"), select: () => say("alarms.key_select"),
  ack: () => say("alarms.key_ack"), shelve: () => say("alarms.key_shelve"),
  comment: () => say("alarms.key_comment"), open: () => say("alarms.key_open"),
};

function idOf(element) {
  const id = element?.closest?.(".fl-alarm-list > li")?.dataset.id;
  return id === undefined ? null : Number(id);
}
