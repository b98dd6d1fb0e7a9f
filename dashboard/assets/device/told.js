// What is said below the chart: gaps and why, the healthy stretch, notes, what was drawn.

import { decimal, moment } from "../format.js";
import { inert } from "../inert.js";
import { setText } from "../shapes.js";
import { say } from "../words.js";
import { momentField } from "./bar.js";
import { gapReason } from "./marks.js";

const MOST_GAPS = 4;
const MOST_NOTES = 8;
const SIZES = [[86400, "days"], [3600, "hours"], [60, "minutes"]];

// A length of time in one unit or two: 48 s, 12 min 5 s, 3 h.
export function lengthOf(seconds) {
  const whole = Math.round(seconds);
  const at = SIZES.findIndex(([size]) => whole >= size);
  if (at < 0) return say("common.seconds", { n: decimal(seconds, seconds < 10 ? 1 : 0) });
  const [size, unit] = SIZES[at];
  const [smaller, of] = SIZES[at + 1] ?? [1, "seconds"];
  const rest = Math.floor((whole % size) / smaller);
  const first = say(`common.${unit}`, { n: Math.floor(whole / size) });
  return rest ? `${first} ${say(`common.${of}`, { n: rest })}` : first;
}

// How finely a stretch is drawn and what is in it, in a few words.
export function drawn(stretch, anomalies) {
  const count = anomalies ? say("device.anomalies", { n: anomalies }) : say("device.no_anomaly");
  if (!stretch) return [say("device.each_sample"), count];
  const tier = stretch.kind === "samples" ? say("device.each_sample") : say(`device.tier_${stretch.tier}`);
  return [tier, count];
}

export class Told {
  // onShow(range) shows a note's stretch; onChoose(start) a healthy stretch by hand.
  constructor(element, onShow, onChoose) {
    element.innerHTML = '<p data-told="reading"></p><div class="fl-compared" data-told="compared" hidden></div><p data-told="gaps"></p><ul class="fl-notes" data-told="notes"></ul>';
    this.is = {};
    for (const part of element.querySelectorAll("[data-told]")) this.is[part.dataset.told] = part;
    this.onShow = onShow;
    this.compared = this.is.compared.appendChild(document.createElement("span"));
    this.field = momentField(say("device.healthy_from"), onChoose);
    this.is.compared.append(this.field.element);
    this.notes = "";
  }

  show({ reading, gaps, compare, notes }) {
    setText(this.is.reading, reading);
    setText(this.is.gaps, gapsInWords(gaps));
    this.showCompared(compare);
    this.showNotes(notes);
    for (const part of [this.is.reading, this.is.gaps]) part.hidden = !part.textContent;
  }

  showCompared({ isOn, start, byHand, range }) {
    this.is.compared.hidden = !isOn;
    if (!isOn) return;
    if (start === undefined) return setText(this.compared, say("device.healthy_looking"));
    if (start === null) return setText(this.compared, say("device.healthy_none"));
    const end = start + range[1] - range[0];
    const fields = { start: moment(start), end: moment(end).slice(11) };
    setText(this.compared, byHand ? say("device.healthy_by_hand", fields) : say("device.healthy", fields));
    this.field.set(start);
  }

  showNotes(notes) {
    const key = JSON.stringify(notes.map(({ id }) => id));
    if (key === this.notes) return;
    this.notes = key;
    this.is.notes.replaceChildren(...notes.slice(0, MOST_NOTES).map((note) => this.note(note)));
  }

  note({ value, who }) {
    const made = document.createElement("li");
    const show = document.createElement("button");
    show.type = "button";
    show.textContent = moment(value.start);
    show.title = say("device.note_show");
    const around = Math.max(5, value.end - value.start);
    show.addEventListener("click", () => this.onShow([value.start - around, value.end + around]));
    const words = document.createElement("span");
    words.textContent = inert(`${who}: ${value.why}`);
    made.append(show, words);
    return made;
  }
}

function gapsInWords(gaps) {
  const said = gaps.slice(0, MOST_GAPS).map((gap) => {
    const fields = { start: moment(gap.start), length: lengthOf(gap.end - gap.start), why: gapReason(gap) };
    return say("device.gap", fields);
  });
  if (gaps.length > MOST_GAPS) said.push(say("device.gaps_more", { n: gaps.length - MOST_GAPS }));
  return said.length ? say("device.gaps", { gaps: said.join("; ") }) : "";
}
