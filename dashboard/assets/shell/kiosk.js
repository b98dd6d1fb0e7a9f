// A screen on a wall (`?kiosk=60`): without frame, from view to view, the worst devices first;
// an alarm that waits for an answer is shown at once and stays.

import { places } from "./search.js";

const LOOK_MS = 1000;
const WORST = 6; // devices that need a look; with none of these the pages alone
const LEAST_S = 5;
const CALM = ["ok", "not-judged", "warming-up"];

export class Kiosk {
  constructor(header) {
    this.header = header;
    this.at = 0;
    this.since = performance.now();
    this.alarm = null;
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.leave = (event) => event.key === "Escape" && this.every_s && header.tell("kiosk", "");
    document.addEventListener("keydown", this.leave);
    this.look();
  }

  get every_s() {
    const seconds = Number(this.header.data.kiosk);
    return seconds > 0 ? Math.max(LEAST_S, seconds) : 0;
  }

  // An alarm wakes the screen; what is shown stays until somebody has answered.
  hear({ alarm }) {
    if (!this.every_s) return;
    const id = alarm?.id ?? null;
    if (id === this.alarm) return;
    this.alarm = id;
    if (id) this.wake(id);
  }

  look() {
    document.documentElement.classList.toggle("fl-kiosk", this.every_s > 0);
    if (!this.every_s || this.alarm || performance.now() - this.since < 1000 * this.every_s) return;
    this.next();
  }

  async next() {
    this.since = performance.now();
    const found = await places();
    if (!found || this.ended) return;
    const views = round(found.devices);
    this.at = (this.at + 1) % views.length;
    if (!this.alarm) this.show(views[this.at]);
  }

  async wake(id) {
    const one = (await places())?.alarms.find((alarm) => alarm.id === id);
    if (this.alarm !== id) return; // answered meanwhile
    this.show(one?.device ? { page: "device", query: { device: one.device } } : { page: "alarms", query: { alarm: String(id) } });
  }

  show({ page, query }) {
    this.since = performance.now();
    this.header.go(page, query);
  }

  end() {
    this.ended = true;
    clearInterval(this.timer);
    document.removeEventListener("keydown", this.leave);
    document.documentElement.classList.remove("fl-kiosk");
  }
}

// What is shown in turn: the overview, the worst devices, the alarms.
export function round(devices) {
  const worst = devices.filter(({ state }) => !CALM.includes(state)).slice(0, WORST);
  return [
    { page: "overview", query: {} },
    ...worst.map(({ device }) => ({ page: "device", query: { device } })),
    { page: "alarms", query: {} },
  ];
}
