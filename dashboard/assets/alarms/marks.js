// The state and the priority of an alarm as shapes; each stands beside its word.

const STATES = {
  unacknowledged: '<path d="M8 1.5 15 14.5H1z"/>',
  acknowledged: '<path d="M8 2.6 14 13.6H2z" fill="none" stroke-width="1.8" stroke-linejoin="round"/>',
  latched: '<path d="M3 7h10v7.5H3z"/><path d="M5 7V5a3 3 0 0 1 6 0v2" fill="none" stroke-width="1.8"/>',
  returned: '<path d="M5.5 2.5 2 6l3.5 3.5M2.5 6H10a3.5 3.5 0 0 1 0 7H6" fill="none" stroke-width="1.8"/>',
  shelved: '<circle cx="8" cy="8" r="6" fill="none" stroke-width="1.8"/><path d="M8 4.5V8l2.6 1.8" fill="none" stroke-width="1.8"/>',
  suppressed: '<path d="M3 2h4v12H3zM9 2h4v12H9z"/>',
  "out-of-service": '<circle cx="8" cy="8" r="6" fill="none" stroke-width="1.8"/><path d="M3.8 3.8l8.4 8.4" fill="none" stroke-width="1.8"/>',
  normal: '<circle cx="8" cy="8" r="3" fill="none" stroke-width="1.6"/>',
};

const PRIORITIES = {
  high: '<path d="M3 8l5-5 5 5M3 13l5-5 5 5" fill="none" stroke-width="2"/>',
  medium: '<path d="M3 10.5l5-5 5 5" fill="none" stroke-width="2"/>',
  low: '<path d="M3 8h10" fill="none" stroke-width="2"/>',
};

export function stateMark(life) {
  return drawn(STATES[life] ?? STATES.normal);
}

export function priorityMark(priority) {
  return drawn(PRIORITIES[priority] ?? PRIORITIES.low);
}

function drawn(path) {
  return `<svg class="fl-shape" viewBox="0 0 16 16" aria-hidden="true">${path}</svg>`;
}
