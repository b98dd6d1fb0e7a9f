// Everything by keyboard: pages, search, the range of time; a sheet with all keys.

import { say } from "../words.js";

const NEXT_MS = 3000; // within which the second key of two follows
const RANGES = { 0: {}, 1: { range: "15m" }, 2: { range: "1h" }, 3: { range: "24h" }, 4: { range: "7d" } };
const sections = new Map(); // keys of the page that is open, by its title

// For a page's own keys, on the sheet: `rows` are pairs of keys and what they do. Returns what
// takes them off again.
export function tellKeys(title, rows) {
  sections.set(title, rows);
  return () => sections.delete(title);
}

// Whether a key is meant for what has the focus and not for the page.
export function isTyped(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const { target } = event;
  return Boolean(target.closest?.("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable=true], [role=textbox], [role=combobox], dialog"));
}

export class Keys {
  constructor(root, header) {
    this.root = root;
    this.header = header;
    this.press = (event) => this.pressed(event);
    document.addEventListener("keydown", this.press);
  }

  pressed(event) {
    const { key } = event;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k") {
      event.preventDefault();
      return this.header.search.open();
    }
    if (event.defaultPrevented || isTyped(event)) return;
    if (this.isAfterG(key, event.timeStamp)) return event.preventDefault();
    const act = this.act(key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  isAfterG(key, at) {
    const isSecond = this.g && at - this.g < NEXT_MS;
    this.g = key === "g" ? at : null;
    const page = isSecond && this.header.data.pages.find((one) => one.key === key);
    if (page) this.header.go(page.path);
    return key === "g" || Boolean(page);
  }

  act(key) {
    const { header } = this;
    if (key === "?") return () => this.open();
    if (key === "/") return () => header.search.open();
    if (RANGES[key]) return () => header.range.pick(RANGES[key]);
    if (key === "!") return () => header.status.is.first.click();
    return null;
  }

  open() {
    this.sheet ??= this.root.appendChild(document.createElement("dialog"));
    this.sheet.className = "fl-dialog fl-keys";
    this.sheet.replaceChildren(...this.content());
    if (!this.sheet.open) this.sheet.showModal();
  }

  content() {
    const { pages } = this.header.data;
    const title = document.createElement("h2");
    title.textContent = say("shell.keys");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "fl-act";
    close.textContent = say("shell.close");
    close.addEventListener("click", () => this.sheet.close());
    return [
      title,
      list(say("shell.keys_pages"), pages.filter(({ key }) => key).map(({ key, title: name }) => [`g ${key}`, name])),
      list(say("shell.keys_everywhere"), [
        ["Ctrl K", say("shell.search")], ["!", say("shell.open_first")], ["0", say("shell.range_live")], ["1", say("shell.range_15m")],
        ["2", say("shell.range_1h")], ["3", say("shell.range_24h")], ["4", say("shell.range_7d")], ["?", say("shell.keys")], ["Esc", say("shell.close")],
      ]),
      ...[...sections].map(([name, rows]) => list(name, rows)),
      close,
    ];
  }

  end() {
    document.removeEventListener("keydown", this.press);
  }
}

function list(title, rows) {
  const section = document.createElement("section");
  section.innerHTML = "<h3></h3><dl></dl>";
  section.querySelector("h3").textContent = title;
  const places = section.querySelector("dl");
  for (const [keys, what] of rows) {
    const [term, words] = [document.createElement("dt"), document.createElement("dd")];
    for (const key of keys.split(" ")) term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    words.textContent = what;
    places.append(term, words);
  }
  return section;
}
