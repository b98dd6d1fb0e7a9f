// The past of a device from the server, drawn by the same figure as what comes live.

import { decode } from "../../wire.js";
import { withoutHabit } from "../marks.js";
import { Ring } from "../ring.js";

const POINTS = 980; // of a stretch, which is twice as long as what is shown: a band has two edges
const BESIDE = 0.5; // of the range, at each side of it
const COARSEST = 2.6; // times the range: a longer stretch in buckets is asked for again, finer
const AGAIN_MS = 5000; // where newer samples may have come
const RETRY_MS = 2000; // after a failure

// A stretch of time with what is stored of it.
export class Stretch {
  constructor(header, wanted) {
    Object.assign(this, header);
    this.wanted = `${wanted}`;
    this.range = [header.from, header.to];
    this.gaps = withoutHabit(header.gaps);
    this.heard = performance.now();
    if (header.kind !== "samples") return;
    this.ring = filled(header.blocks, header.gaps);
    this.features = this.ring.features;
  }

  covers([start, end]) {
    return this.from <= start && this.to >= end;
  }

  // Whether a range can be drawn from it as finely as the store can tell.
  isFineFor(range) {
    if (!this.covers(range)) return false;
    return this.kind === "samples" || this.to - this.from <= COARSEST * (range[1] - range[0]);
  }

  // Whether samples of the range may have been stored since it was read.
  isOld(range) {
    const newest = this.held ? this.held[1] : 0;
    return range[1] > newest && performance.now() - this.heard > AGAIN_MS;
  }
}

// No line leads over what the server calls a gap.
function filled(blocks, gaps) {
  const ring = new Ring();
  ring.keep_s = Infinity;
  const shortest = Math.min(...gaps.map(({ start, end }) => end - start));
  for (const block of blocks) ring.push(block, Number.isFinite(shortest) ? shortest * 0.999 : 0);
  return ring;
}

export class History {
  // onChange is called when something was heard, or failed.
  constructor(onChange) {
    this.onChange = onChange;
    this.forget();
  }

  forget() {
    this.stretch = null;
    this.error = null;
    this.asked = null; // what is on its way, as text
    this.failed = -Infinity;
    this.abort?.abort();
  }

  // The best there is of a range by now; what is better is asked for, of many features those that
  // are wanted.
  of(device, range, wanted) {
    const known = this.stretch?.device === device ? this.stretch : null;
    if (!known?.isFineFor(range) || known.isOld(range) || known.wanted !== `${wanted}`) this.ask(device, range, wanted);
    return known && known.to > range[0] && known.from < range[1] ? known : null;
  }

  async ask(device, [start, end], wanted) {
    const beside = BESIDE * (end - start);
    const query = new URLSearchParams({
      device, from: Math.max(0, start - beside).toFixed(3), to: (end + beside).toFixed(3), points: POINTS,
    });
    for (const name of wanted) query.append("feature", name);
    if (this.asked === `${query}` || performance.now() - this.failed < RETRY_MS) return;
    this.asked = `${query}`;
    this.abort?.abort(); // of a range that was left
    this.abort = new AbortController();
    try {
      const answer = await fetch(`/history?${query}`, { signal: this.abort.signal });
      if (!answer.ok) throw new Error(await answer.text());
      this.stretch = new Stretch(decode(await answer.arrayBuffer()), wanted);
      this.error = null;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.error = error.message;
      this.failed = performance.now();
      setTimeout(this.onChange, RETRY_MS + 100);
    }
    this.asked = null;
    this.onChange();
  }
}

// What a route says of a range as JSON; null where it cannot.
export async function told(route, device, [start, end]) {
  const query = new URLSearchParams({ device, from: start.toFixed(3), to: end.toFixed(3) });
  try {
    const answer = await fetch(`/${route}?${query}`);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
