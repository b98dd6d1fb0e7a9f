// Long names in little room, so that they still differ.

import { inert } from "./inert.js";

const CHARACTER_PX = 8; // of a title, about
const LONG = 14; // characters that always have room
const PART = /[^\p{L}\p{N}]+/u; // what stands between the parts of a name
const LAST_PART = /[^\p{L}\p{N}][\p{L}\p{N}]*$/u;

// Names without the parts that all of them begin or end with: Line4.Press07.Rms is …Press07… .
export function apart(names) {
  if (names.length < 2 || names.every((name) => name.length <= LONG)) return names;
  const begin = names.reduce((one, other) => one.slice(0, shared(one, other, (text, i) => text[i])));
  const first = begin.search(LAST_PART) + 1;
  const rests = names.map((name) => name.slice(first));
  const end = rests.reduce((one, other) => one.slice(one.length - shared(one, other, (text, i) => text[text.length - 1 - i])));
  const at = end.search(PART);
  const last = at < 0 ? 0 : end.length - at;
  if (rests.some((rest) => rest.length <= last)) return names;
  return rests.map((rest) => `${first ? "…" : ""}${rest.slice(0, rest.length - last)}${last ? "…" : ""}`);
}

// A name as a title of so many pixels.
export function fitting(name, pixels) {
  return clipped(inert(name), Math.floor(pixels / CHARACTER_PX));
}

// The beginning and the end of what is longer than `most` characters.
function clipped(text, most) {
  if (text.length <= most) return text;
  const half = Math.max(1, Math.floor((most - 1) / 2));
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

// How many characters are the same, told by character i of a text.
function shared(one, other, at) {
  let count = 0;
  while (count < Math.min(one.length, other.length) && at(one, count) === at(other, count)) count++;
  return count;
}
