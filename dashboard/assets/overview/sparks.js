// The scores and anomalies of a range for the tiles in view: asked for in batches, a few at once.

const BATCH = 24;
const PAUSE_MS = 250; // what scrolls past in between is asked for together
const POINTS = 60;
const LEAST_MS = 10000;
const RETRY_MS = 2000;

export class Sparks {
  constructor(onChange) {
    this.onChange = onChange;
    this.range = null;
    this.held = new Map(); // by device: {scores, marks, at}
    this.view = new Set();
    this.seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) this.view.add(target.dataset.device);
        else this.view.delete(target.dataset.device);
      }
      this.plan(PAUSE_MS);
    }, { rootMargin: "200px" });
  }

  // null: live; {last_s}, or {start, end} in seconds.
  choose(range) {
    if (JSON.stringify(range) === JSON.stringify(this.range)) return;
    this.range = range;
    this.held.clear();
    this.onChange();
    this.plan(0);
  }

  watch(tile) {
    this.seen.observe(tile);
  }

  forget(tile) {
    this.seen.unobserve(tile);
    this.view.delete(tile.dataset.device);
  }

  of(device) {
    return this.range ? this.held.get(device) ?? { scores: [], marks: [] } : null;
  }

  plan(ms) {
    clearTimeout(this.timer);
    if (this.range && !this.ended) this.timer = setTimeout(() => this.ask(), ms);
  }

  async ask() {
    if (document.hidden) return this.plan(LEAST_MS);
    const { range } = this;
    const fresh_ms = range.last_s ? Math.max(LEAST_MS, (1000 * range.last_s) / POINTS) : Infinity;
    const isOld = (name) => !(performance.now() - (this.held.get(name)?.at ?? -Infinity) < fresh_ms);
    const wanted = [...this.view].filter(isOld).slice(0, BATCH);
    if (!wanted.length) return fresh_ms < Infinity && this.plan(fresh_ms);
    const query = new URLSearchParams([...Object.entries(range), ...wanted.map((name) => ["device", name])]);
    const answer = await fetch(`/sparks?${query}`).then((got) => (got.ok ? got.json() : null)).catch(() => null);
    if (this.ended || range !== this.range) return;
    for (const [name, spark] of Object.entries(answer ?? {})) this.held.set(name, { ...spark, at: performance.now() });
    this.onChange();
    this.plan(answer ? 0 : RETRY_MS);
  }

  end() {
    this.ended = true;
    clearTimeout(this.timer);
    this.seen.disconnect();
  }
}
