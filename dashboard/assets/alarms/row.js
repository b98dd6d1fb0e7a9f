// One alarm of a list.

import { setText } from "../shapes.js";
import { say } from "../words.js";
import { priorityMark, stateMark } from "./marks.js";

export function rowElement(id) {
  const element = document.createElement("li");
  element.className = "fl-alarm";
  element.dataset.id = id;
  element.tabIndex = -1;
  element.innerHTML = `<input type="checkbox"><span class="fl-alarm-state"></span>
    <div class="fl-alarm-what"><button type="button" data-does="open"></button><span></span></div>
    <span class="fl-alarm-rank"></span><div class="fl-alarm-when"><span></span><span></span></div>
    <span class="fl-alarm-said"></span><div class="fl-alarm-does"></div>`;
  element.firstChild.setAttribute("aria-label", say("alarms.select", { id }));
  element.querySelector("[data-does=open]").title = say("alarms.open", { id });
  return element;
}

export function fill(element, row, { isChosen, isAt, isOpen, isAsked }) {
  const [check, state, what, rank, when, said, does] = element.children;
  Object.assign(element.dataset, { life: row.life, priority: row.priority });
  element.classList.toggle("fl-alarm-quiet", row.is_quiet);
  element.classList.toggle("fl-at", isAt);
  element.classList.toggle("fl-open", isOpen);
  element.classList.toggle("fl-asked", isAsked);
  check.checked = isChosen;
  marked(state, stateMark(row.is_quiet && row.life === "unacknowledged" ? "acknowledged" : row.life), row.state, row.life);
  setText(what.firstChild, `${row.title} · ${row.id}`);
  setText(what.lastChild, row.what);
  what.lastChild.title = row.what;
  marked(rank, priorityMark(row.priority), row.rank, row.priority);
  setText(when.firstChild, row.when);
  setText(when.lastChild, row.length);
  setText(said, [row.verdict, row.comments ? say("alarms.comments", { n: row.comments }) : ""].filter(Boolean).join(" · "));
  said.title = said.textContent;
  showButton(does, isAsked ? null : quick(row), isAsked);
}

// What is done most often to a row, in one click.
function quick(row) {
  return ["ack", "unshelve"].find((kind) => row.may.includes(kind)) ?? null;
}

function showButton(place, kind, isAsked) {
  const text = isAsked ? say("alarms.asked") : kind === "ack" ? say("alarms.acknowledge") : kind ? say("alarms.unshelve") : "";
  if (place.dataset.shown === text) return;
  place.dataset.shown = text;
  place.replaceChildren();
  if (!text) return;
  const made = document.createElement(kind ? "button" : "span");
  if (kind) Object.assign(made, { type: "button", className: "fl-act" }).dataset.does = kind;
  made.textContent = text;
  place.append(made);
}

function marked(element, mark, text, key) {
  if (element.dataset.key === `${key} ${text}`) return;
  element.dataset.key = `${key} ${text}`;
  element.innerHTML = mark;
  element.append(Object.assign(document.createElement("span"), { textContent: text }));
}
