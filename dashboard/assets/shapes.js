import { decimal } from "./format.js";
import { say } from "./words.js";

// A state is told by shape and word, never by colour alone.

const SHAPES = {
  alarm: '<path d="M8 1.5 15 14.5H1z"/>',
  sensor: '<path d="M2.5 2.5h11v11h-11z" fill="none" stroke-width="2"/><path d="M5.5 5.5l5 5m0-5l-5 5" fill="none" stroke-width="2"/>',
  suspect: '<path d="M8 2.6 14 13.6H2z" fill="none" stroke-width="1.8" stroke-linejoin="round"/>',
  stale: '<circle cx="8" cy="8" r="6" fill="none" stroke-width="2.2" stroke-dasharray="3 2.6"/>',
  unscored: '<path d="M8 1 15 8 8 15 1 8z"/>',
  "warming-up": '<circle cx="8" cy="8" r="6" fill="none" stroke-width="2"/><path d="M8 2a6 6 0 0 1 0 12z"/>',
  "not-judged": '<path d="M3 2h4v12H3zM9 2h4v12H9z"/>',
  ok: '<circle cx="8" cy="8" r="6.5"/>',
  flood: '<path d="M1 5q2-3 4.7 0t4.7 0 4.6 0M1 9q2-3 4.7 0t4.7 0 4.6 0M1 13q2-3 4.7 0t4.7 0 4.6 0" fill="none" stroke-width="1.8"/>',
};

export function stateWord(state) {
  return say(`states.${state.replace("-", "_")}`);
}

export function shape(state) {
  const drawn = SHAPES[state] ?? SHAPES.unscored;
  return `<svg class="fl-shape" viewBox="0 0 16 16" aria-hidden="true">${drawn}</svg>`;
}

// Show a state in an element made for it; does nothing when it is shown already.
export function showState(element, state) {
  if (element.dataset.state === state) return;
  element.dataset.state = state;
  element.innerHTML = shape(state);
  element.append(stateWord(state));
}

export function age(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 10) return say("common.seconds", { n: decimal(Math.max(0, seconds), 1) });
  for (const [unit, size, most] of [["seconds", 1, 120], ["minutes", 60, 7200], ["hours", 3600, 172800]]) {
    if (seconds < most) return say(`common.${unit}`, { n: decimal(seconds / size) });
  }
  return say("common.days", { n: decimal(seconds / 86400) });
}

export function number(value, digits = 2) {
  return value === null || value === undefined ? "–" : decimal(value, digits);
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
