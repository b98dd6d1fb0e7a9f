// What the page says, in the viewer's language, from the same catalogues as the server's texts.

import { cookie, setCookie } from "./preferences.js";

const asked = new URLSearchParams(location.search).get("lang");
if (asked) setCookie("language", asked);
export const wanted = asked || cookie("language") || navigator.language;
export const words = { language: "en", texts: {} };

// Once, before anything is said; `version` is that of the assets.
export async function loadWords(version) {
  loading ??= fetch(`/words/${version}/${encodeURIComponent(wanted)}`);
  const answer = await (await loading).clone().json();
  Object.assign(words, answer);
  words.plural = new Intl.PluralRules(words.language);
}
let loading = null;

// The text of a key with its fields; `n` also chooses among plural forms.
export function say(key, fields = {}) {
  const entry = words.texts[key];
  if (entry === undefined) return key;
  const text = typeof entry === "string" ? entry : entry[words.plural.select(fields.n)] ?? entry.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => fields[name] ?? whole);
}
