// Connection, age of the data, the alarm to answer first, a flood; what is wrong in sentences.

import { clock } from "../axes.js";
import { decimal } from "../format.js";
import { age, setText, shape } from "../shapes.js";
import { say } from "../words.js";
import { notices } from "./notices.js";

const PARTS = `
<span class="fl-fact" data-is="link" role="status"></span>
<span class="fl-fact" data-is="age"></span>
<button type="button" class="fl-first" data-is="first"></button>
<span class="fl-fact fl-flood" data-is="flood" role="status" hidden></span>`;
const WRONG = { live: "", connecting: "", lost: "stale", refused: "sensor" };

export class Status {
  constructor(element, below, open) {
    element.innerHTML = PARTS;
    this.below = below;
    this.is = {};
    for (const part of element.querySelectorAll("[data-is]")) this.is[part.dataset.is] = part;
    this.is.first.addEventListener("click", () => open(this.id ? { alarm: String(this.id) } : {}));
  }

  show(seen) {
    this.showLink(seen);
    this.showAge(seen);
    if (seen.said) this.showFirst(seen.said);
    this.showNotices(notices(seen));
  }

  showLink({ link, lostSince }) {
    const text = say(`shell.link_${link}`, { time: lostSince ? clock(lostSince) : "" });
    put(this.is.link, WRONG[link], text);
  }

  // While data flow there is nothing to read; only their absence has an age.
  showAge({ said, now }) {
    if (!said?.arrival) return put(this.is.age, "", say("shell.no_data"));
    const old = now - said.arrival;
    const isStale = old > said.stale_s;
    put(this.is.age, isStale ? "stale" : "", isStale ? say("shell.data_old", { age: age(old) }) : say("shell.data_current"));
  }

  showFirst({ alarm, waiting, flood }) {
    const count = Object.values(waiting).reduce((sum, n) => sum + n, 0);
    this.id = alarm?.id;
    const { first } = this.is;
    first.dataset.priority = alarm?.priority ?? "";
    const text = alarm ? named(alarm) : say("shell.no_alarm");
    put(first, alarm ? "alarm" : "", text, count > 1 ? say("shell.more_alarms", { n: decimal(count - 1) }) : "");
    first.title = alarm ? say("shell.open_alarm", { id: alarm.id }) : say("shell.open_alarms");
    this.is.flood.hidden = !flood;
    if (flood) put(this.is.flood, "flood", say("shell.flood", { n: decimal(flood) }));
  }

  showNotices(lines) {
    const key = lines.join("\n");
    if (key === this.shown) return;
    this.shown = key;
    this.below.replaceChildren(...lines.map((line) => {
      const element = document.createElement("p");
      element.textContent = line;
      return element;
    }));
  }
}

function named({ device, priority, start, kind }) {
  const whose = device || say("shell.the_detector");
  return say("shell.first_alarm", { priority: say(`shell.priority_${priority}`), device: whose, time: clock(start), kind });
}

// A shape where something is wrong, the words, and what may be cut off last.
function put(element, state, text, more = "") {
  if (element.dataset.state !== state || !element.childElementCount) {
    element.dataset.state = state;
    element.innerHTML = `${state ? shape(state) : ""}<span></span><small></small>`;
  }
  const [words, rest] = element.querySelectorAll("span, small");
  setText(words, text);
  setText(rest, more);
}
