// What can be done with the chart: stand still, go back in time, compare, write a note, take it away.

import { fromLocalIso, localIso, moment } from "../format.js";
import { setText } from "../shapes.js";
import { isTyped, tellKeys } from "../shell/keys.js";
import { say } from "../words.js";
import { lengthOf } from "./told.js";

const LONGEST_NOTE = 1000;
const ICONS = {
  pause: '<path d="M4 2h3v12H4zM9 2h3v12H9z"/>', live: '<path d="M4 2l9 6-9 6z"/>',
  earlier: '<path d="M10 2 4 8l6 6z"/>', later: '<path d="M6 2l6 6-6 6z"/>',
  wider: '<path d="M2 7h12v2H2z"/>', closer: '<path d="M7 2h2v5h5v2H9v5H7V9H2V7h5z"/>',
};
const KEYS = { p: "pause", l: "live", ArrowLeft: "earlier", ArrowRight: "later", "-": "wider", "+": "closer", "=": "closer" };

const KEYS_TOLD = [["P", "pause"], ["L", "live"], ["←", "earlier"], ["→", "later"], ["−", "wider"], ["+", "closer"]];

function button(name, key) {
  const word = say(`device.do_${name}`);
  const bare = ["earlier", "later", "wider", "closer"].includes(name);
  const icon = ICONS[name] ? `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>` : "";
  const title = key ? say("device.with_key", { what: word, key }) : word;
  const made = document.createElement("button");
  Object.assign(made, { type: "button", title, innerHTML: icon });
  made.dataset.do = name;
  if (name === "live") made.className = "fl-back";
  if (bare) made.setAttribute("aria-label", word);
  else made.append(word);
  return made;
}

export class Bar {
  // `does` has a function for each button, `note(text)` and `href(format)`.
  constructor(element, does) {
    this.does = does;
    this.is = {};
    for (const [key, name] of KEYS_TOLD) this.add(element, name, key);
    this.shown = element.appendChild(document.createElement("span"));
    this.shown.className = "fl-shown";
    for (const name of ["compare", "note", "picture"]) this.add(element, name);
    for (const format of ["csv", "parquet"]) element.append(this.link(format));
    this.form = element.appendChild(this.noteForm());
    this.isLive = true;
    this.onKey = (event) => this.press(event);
    document.addEventListener("keydown", this.onKey);
    this.forgetKeys = tellKeys(say("device.keys"), KEYS_TOLD.map(([key, name]) => [key, say(`device.do_${name}`)]));
  }

  add(element, name, key) {
    this.is[name] = element.appendChild(button(name, key));
    this.is[name].addEventListener("click", () => (name === "note" ? this.open(this.form.hidden) : this.does[name]()));
  }

  link(format) {
    const made = document.createElement("a");
    Object.assign(made, { target: "_blank", rel: "noopener", textContent: say(`device.do_${format}`), title: say("device.download") });
    made.href = "#";
    made.addEventListener("click", () => (made.href = this.does.href(format)));
    return made;
  }

  noteForm() {
    const form = document.createElement("form");
    form.className = "fl-note-form";
    form.hidden = true;
    form.innerHTML = '<input type="text" required><button type="submit"></button>';
    const [input, submit] = form.children;
    Object.assign(input, { maxLength: LONGEST_NOTE, placeholder: say("device.note_what") });
    input.setAttribute("aria-label", say("device.note_what"));
    submit.textContent = say("device.note_save");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.does.note(input.value.trim());
      input.value = "";
      this.open(false);
    });
    form.addEventListener("keydown", (event) => event.key === "Escape" && this.open(false));
    return form;
  }

  open(isOpen) {
    this.form.hidden = !isOpen;
    if (isOpen) this.form.querySelector("input").focus();
  }

  // A key counts where nobody writes or chooses.
  press(event) {
    if (event.defaultPrevented || isTyped(event) || event.target.closest("input, [role=slider], [role=dialog], [role=listbox]")) return;
    const name = KEYS[event.key];
    if (!name || (name === "live" && this.isLive)) return;
    event.preventDefault();
    if (name === "pause" && !this.isLive) this.does.live();
    else this.does[name]();
  }

  // The range that is drawn, and what is known of it.
  show({ range, isLive, isComparing, told }) {
    this.isLive = isLive;
    this.is.pause.hidden = !isLive;
    this.is.live.hidden = isLive;
    this.is.compare.setAttribute("aria-pressed", isComparing);
    if (!range) return;
    const end = moment(range[1]);
    const isSameDay = moment(range[0]).slice(0, 10) === end.slice(0, 10);
    const words = [`${moment(range[0])} – ${isSameDay ? end.slice(11) : end}`, lengthOf(range[1] - range[0]), ...told];
    setText(this.shown, isLive ? say("device.hint_live") : words.join(" · "));
    this.shown.title = isLive ? "" : say("device.hint_still");
  }

  end() {
    document.removeEventListener("keydown", this.onKey);
    this.forgetKeys();
  }
}

// A field for a moment of time.
export function momentField(label, onChoose) {
  const made = document.createElement("input");
  Object.assign(made, { type: "datetime-local", step: 1 });
  made.setAttribute("aria-label", label);
  made.addEventListener("change", () => onChoose(fromLocalIso(made.value)));
  return { element: made, set: (ts) => document.activeElement !== made && (made.value = localIso(ts)) };
}
