// Sound and desktop notifications of new alarms, by priority. Off until the viewer switches them
// on. They come with a message of the socket, so they come in a hidden tab too, where timers sleep.

import { choose, chosen } from "../preferences.js";
import { setText } from "../shapes.js";
import { say } from "../words.js";
import { icon } from "./icons.js";

const PRIORITIES = ["high", "medium", "low"];
// Pitch in Hz of each tone; the higher the priority, the more and the higher (IEC 60601-1-8).
const TONES = { high: [880, 880, 880, 659, 659], medium: [660, 660, 660], low: [440, 440] };
const TONE_S = 0.16;
const PAUSE_S = 0.1;
const LOUDNESS = 0.25;

export class Alerts {
  constructor() {
    this.on = { high: false, medium: false, low: false, desktop: false, ...chosen("alerts", {}) };
    this.newest = null;
    this.played = []; // for whoever looks with the browser's tools, and for tests
  }

  // The newest alarm that waits; what waited when the page was opened is no news.
  hear(alarm) {
    const isNews = this.newest !== null && alarm && alarm.id > this.newest;
    this.newest = Math.max(this.newest ?? 0, alarm?.id ?? 0);
    if (!isNews) return;
    if (this.on[alarm.priority]) this.sound(alarm.priority);
    if (this.on.desktop) notify(alarm);
  }

  sound(priority) {
    this.played.push(priority);
    document.documentElement.dataset.faultlineSounded = this.played.length;
    if (!window.AudioContext) return;
    this.audio ??= new AudioContext();
    this.audio.resume();
    TONES[priority].forEach((pitch, at) => tone(this.audio, pitch, this.audio.currentTime + at * (TONE_S + PAUSE_S)));
  }

  menu() {
    const menu = document.createElement("details");
    menu.className = "fl-menu fl-alerts";
    menu.innerHTML = `<summary></summary><fieldset class="fl-panel"><legend></legend></fieldset>`;
    this.summary = menu.querySelector("summary");
    this.summary.setAttribute("aria-label", say("shell.alerts"));
    this.summary.title = say("shell.alerts");
    setText(menu.querySelector("legend"), say("shell.alerts_when"));
    const panel = menu.querySelector("fieldset");
    for (const priority of PRIORITIES) panel.append(this.box(priority, say("shell.sound_for", { priority: say(`shell.priority_${priority}`) })));
    panel.append(this.box("desktop", say("shell.desktop")));
    const test = document.createElement("button");
    test.type = "button";
    test.className = "fl-act";
    test.textContent = say("shell.test_tone");
    test.addEventListener("click", () => this.sound(PRIORITIES.find((one) => this.on[one]) ?? "medium"));
    const note = document.createElement("p");
    note.className = "fl-small";
    this.note = note;
    panel.append(test, note);
    this.showState();
    return menu;
  }

  box(name, text) {
    const label = document.createElement("label");
    label.className = "fl-box";
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: this.on[name] });
    const words = document.createElement("span");
    words.textContent = text;
    label.append(box, words);
    box.addEventListener("change", async () => {
      this.on[name] = box.checked && (name !== "desktop" || (await this.allowed()));
      box.checked = this.on[name];
      choose("alerts", this.on);
      this.showState();
    });
    return label;
  }

  async allowed() {
    const answer = window.Notification ? await Notification.requestPermission() : "missing";
    setText(this.note, answer === "granted" ? "" : say("shell.desktop_refused"));
    return answer === "granted";
  }

  showState() {
    const isOn = Object.values(this.on).some(Boolean);
    this.summary.innerHTML = icon(isOn ? "bell" : "silent");
    this.summary.dataset.on = String(isOn);
  }
}

function tone(audio, pitch, start) {
  const [wave, volume] = [audio.createOscillator(), audio.createGain()];
  wave.frequency.value = pitch;
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02); // without a click
  volume.gain.setValueAtTime(LOUDNESS, start + TONE_S - 0.03);
  volume.gain.linearRampToValueAtTime(0, start + TONE_S);
  wave.connect(volume).connect(audio.destination);
  wave.start(start);
  wave.stop(start + TONE_S);
}

function notify({ id, device, priority }) {
  if (window.Notification?.permission !== "granted") return;
  const title = say("shell.desktop_title", { priority: say(`shell.priority_${priority}`), device: device || say("shell.the_detector") });
  const shown = new Notification(title, { tag: `faultline-${id}`, body: say("shell.desktop_body", { id }) });
  shown.onclick = () => window.focus();
}
