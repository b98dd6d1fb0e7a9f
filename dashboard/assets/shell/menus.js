// The tools at the right of the bar: search, link, sound, who looks and how, the keys.

import { words, say } from "../words.js";
import { setText } from "../shapes.js";
import { choose, chosen, cookie, setCookie } from "../preferences.js";
import { icon } from "./icons.js";
import { permalink } from "./link.js";

const LANGUAGES = { en: "English", ko: "한국어" };
const TOLD_MS = 1600;

export class Menus {
  constructor(element, header) {
    this.header = header;
    element.append(
      this.button("search", say("shell.search"), () => header.search.open()),
      this.button("link", say("shell.copy_link"), (button) => this.copy(button)),
      header.alerts.menu(),
      this.viewer(),
      this.button("keys", say("shell.keys"), () => header.keys.open()),
    );
    this.stops = [...element.querySelectorAll(".fl-menu")].map(closesOutside);
    const name = chosen("who", "");
    if (name && !header.data.who && !header.data.login) header.tell("who", name);
  }

  button(name, title, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fl-tool";
    button.dataset.tool = name;
    button.title = title;
    button.setAttribute("aria-label", title);
    button.innerHTML = icon(name);
    button.addEventListener("click", () => act(button));
    return button;
  }

  async copy(button) {
    const isCopied = await navigator.clipboard.writeText(permalink(this.header.data)).then(() => true, () => false);
    button.dataset.told = say(isCopied ? "shell.copied" : "shell.not_copied");
    setTimeout(() => delete button.dataset.told, TOLD_MS);
  }

  // Name, language and time zone.
  viewer() {
    const menu = document.createElement("details");
    menu.className = "fl-menu fl-viewer";
    menu.innerHTML = `<summary>${icon("person")}<span class="fl-who"></span></summary><div class="fl-panel">
      <label><span data-say="shell.who"></span><input type="text" maxlength="80" autocomplete="name" spellcheck="false"></label>
      <label><span data-say="shell.language"></span><select data-is="language"></select></label>
      <label><span data-say="shell.zone"></span><select data-is="zone"></select></label></div>`;
    for (const element of menu.querySelectorAll("[data-say]")) setText(element, say(element.dataset.say));
    menu.querySelector("summary").setAttribute("aria-label", say("shell.viewer"));
    this.name = menu.querySelector("input");
    this.name.addEventListener("change", () => this.rename(this.name.value.trim()));
    const { language, zone } = { language: menu.querySelector('[data-is="language"]'), zone: menu.querySelector('[data-is="zone"]') };
    options(language, Object.entries(LANGUAGES), words.language);
    const { machine_zone: machine } = this.header.data;
    options(zone, [["", say("shell.zone_mine")], [machine, say("shell.zone_machine", { name: machine })]], cookie("zone"));
    language.addEventListener("change", () => again("language", language.value));
    zone.addEventListener("change", () => again("zone", zone.value));
    this.whose = menu.querySelector(".fl-who");
    return menu;
  }

  rename(name) {
    choose("who", name);
    this.header.tell("who", name);
  }

  show({ who, login }) {
    setText(this.whose, login || who || "");
    this.name.disabled = Boolean(login);
    if (document.activeElement !== this.name) this.name.value = login || who || "";
  }

  end() {
    for (const stop of this.stops) stop();
  }
}

function options(select, entries, value) {
  for (const [name, text] of entries) select.add(new Option(text, name, false, name === value));
}

// Texts and times of the whole page depend on it, the server's as well: it is loaded anew.
function again(name, value) {
  setCookie(name, value);
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  location.assign(address);
}

// A menu closes by Escape and by what happens elsewhere; returns what ends that.
export function closesOutside(menu) {
  const shut = (event) => {
    if (!menu.open || (event.type !== "keydown" && menu.contains(event.target))) return;
    if (event.type === "keydown" && event.key !== "Escape") return;
    menu.open = false;
    if (event.type === "keydown") menu.querySelector("summary").focus();
  };
  for (const event of ["pointerdown", "focusin", "keydown"]) document.addEventListener(event, shut);
  return () => {
    for (const event of ["pointerdown", "focusin", "keydown"]) document.removeEventListener(event, shut);
  };
}
