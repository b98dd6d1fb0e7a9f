// Numbers and times as the viewer's locale writes them, in the time zone that was chosen.

import { cookie } from "./preferences.js";
import { words } from "./words.js";

const MINUTE_MS = 60000;
const numbers = new Map();

// The browser's locale where it speaks the page's language, for its separators.
export function locale() {
  return navigator.language?.split("-")[0] === words.language ? navigator.language : words.language;
}

export function decimal(value, digits = 0) {
  return written(value, digits, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(share) {
  return written(share, "%", { style: "percent" });
}

// Made once for each kind: to make a format takes longer than to use it.
function written(value, kind, options) {
  const key = `${locale()} ${kind}`;
  if (!numbers.has(key)) numbers.set(key, new Intl.NumberFormat(locale(), options));
  return numbers.get(key).format(value);
}

// Name of the zone that was chosen; undefined: the browser's own.
export function zone() {
  if (named === null) named = known(cookie("zone"));
  return named || undefined;
}
let named = null;

function known(name) {
  try {
    if (name) new Intl.DateTimeFormat("en", { timeZone: name });
    return name;
  } catch {
    return "";
  }
}

// Seconds that local time is ahead of UTC at a moment (seconds).
export function offset(ts) {
  const at = new Date(Math.floor(ts) * 1000);
  if (!zone()) return -at.getTimezoneOffset() * 60;
  parts ??= new Intl.DateTimeFormat("en-US", {
    timeZone: zone(), hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric",
  });
  const is = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const local = Date.UTC(is.year, is.month - 1, is.day, is.hour, is.minute);
  return Math.round((local - Math.floor(at / MINUTE_MS) * MINUTE_MS) / 1000);
}
let parts = null;

// As the form field `datetime-local` has it: 2026-03-01T14:03:20.
export function localIso(ts) {
  return new Date((ts + offset(ts)) * 1000).toISOString().slice(0, 19);
}

// Seconds of what such a field holds; NaN: nothing.
export function fromLocalIso(text) {
  const utc = Date.parse(`${text}Z`) / 1000;
  const near = utc - offset(utc);
  return utc - offset(near);
}

// 2026-03-01 14:03:20
export function moment(ts) {
  return localIso(ts).replace("T", " ");
}
