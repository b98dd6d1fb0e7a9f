// Which stretch of time is shown: the newest, live, or one that stands still.

const SHORTEST_S = 0.2;
const LONGEST_S = 10 * 366 * 86400;

export class View {
  // onMove is called whenever another stretch is shown.
  constructor(onMove) {
    this.fixed = null; // [start, end] in seconds; null: live
    this.onMove = onMove;
  }

  // Stand still at a range; what is too short or too long is cut.
  show([start, end]) {
    const length = Math.min(LONGEST_S, Math.max(SHORTEST_S, end - start));
    const first = Math.max(0, (start + end - length) / 2);
    this.set([first, first + length]);
  }

  live() {
    this.set(null);
  }

  set(fixed) {
    if (`${fixed}` === `${this.fixed}`) return;
    this.fixed = fixed;
    this.onMove();
  }

  // Earlier (negative) or later by a part of what is shown; past the newest sample it is live.
  move(part, now, newest) {
    const [start, end] = this.fixed ?? now;
    const by = part * (end - start);
    if (part > 0 && start + by >= newest) return this.live();
    this.show([start + by, end + by]);
  }

  // Around the middle of what stands still, up to the newest sample of what is live; more time is
  // never more of the future.
  scale(factor, now, newest) {
    const [start, end] = this.fixed ?? now;
    const grown = (end - start) * (factor - 1);
    const last = Math.min(end + grown / 2, Math.max(end, newest));
    this.show(this.fixed && grown < 0 ? [start - grown / 2, end + grown / 2] : [last - (end - start) - grown, last]);
  }
}
