// Line drawings for buttons that have a name beside or behind them.

const DRAWN = {
  search: '<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5 14 14"/>',
  link: '<path d="M6.5 9.5a3 3 0 0 0 4.3 0l2.2-2.2a3 3 0 0 0-4.3-4.3L7.7 4M9.5 6.5a3 3 0 0 0-4.3 0L3 8.7A3 3 0 0 0 7.3 13l1-1"/>',
  bell: '<path d="M3.5 12h9l-1.2-1.8V7a3.3 3.3 0 0 0-6.6 0v3.2zM6.8 14h2.4"/>',
  silent: '<path d="M3.5 12h9l-1.2-1.8V7a3.3 3.3 0 0 0-6.6 0v3.2zM2 2l12 12"/>',
  person: '<circle cx="8" cy="5.2" r="2.7"/><path d="M2.8 14a5.2 5.2 0 0 1 10.4 0"/>',
  keys: '<path d="M6 6a2 2 0 1 1 2.8 1.8c-.5.3-.8.7-.8 1.4M8 11.8v.2"/><circle cx="8" cy="8" r="6.5"/>',
  calendar: '<path d="M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5V5M10.5 2.5V5"/>',
};

export function icon(name) {
  return `<svg class="fl-icon" viewBox="0 0 16 16" aria-hidden="true">${DRAWN[name]}</svg>`;
}
