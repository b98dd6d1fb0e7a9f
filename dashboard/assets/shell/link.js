// A link that shows another viewer what this one sees.

const UNITS_S = { m: 60, h: 3600, d: 86400 };
const OWN = ["kiosk", "lang"]; // how somebody looks, not what at

// The address of this page; "the last hour" becomes that very hour. A view that shows another
// stretch than the range says so in `data-seen-from` and `data-seen-to`, ISO 8601.
export function permalink({ range }, href = location.href, at = Date.now()) {
  const link = new URL(href);
  for (const name of OWN) link.searchParams.delete(name);
  const seen = document.querySelector("[data-seen-from]")?.dataset;
  const stretch = seen ? { from: seen.seenFrom, to: seen.seenTo } : fixed(range, at);
  if (stretch) {
    link.searchParams.delete("range");
    for (const [name, value] of Object.entries(stretch)) link.searchParams.set(name, value);
  }
  return link.href;
}

function fixed(range, at) {
  const [, count, unit] = range?.range?.match(/^(\d+) ?([mhd])/) ?? [];
  if (!count) return null;
  const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, "Z");
  return { from: iso(at - count * UNITS_S[unit] * 1000), to: iso(at) };
}
