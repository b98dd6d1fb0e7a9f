// A healthy stretch of the same machine, to be laid over what is shown.

import { History, told } from "./history.js";

export class Compare {
  constructor(onChange) {
    this.history = new History(onChange);
    this.onChange = onChange;
    this.clear();
  }

  clear() {
    this.isOn = false;
    this.byHand = null; // where it begins, as somebody chose
    this.found = null; // { key, from }: where it begins by itself; from null: there is none
    this.history.forget();
  }

  turn(isOn) {
    this.isOn = isOn;
    if (!isOn) this.clear();
    this.onChange();
  }

  choose(start) {
    this.byHand = Number.isFinite(start) ? start : null;
    this.onChange();
  }

  // Where it begins for a range: seconds; null: there is none; undefined: not known yet.
  start(device, range) {
    if (this.byHand !== null) return this.byHand;
    const key = `${device} ${range}`;
    if (this.found?.key === key) return this.found.from;
    if (this.asking !== key) this.ask(key, device, range);
    return undefined;
  }

  async ask(key, device, range) {
    this.asking = key;
    const answer = await told("healthy", device, range);
    if (this.asking !== key) return;
    this.found = { key, from: answer?.from ?? null };
    this.onChange();
  }

  // What to lay over a range: { stretch, shift_s, range }; null while there is nothing.
  of(device, range, wanted) {
    if (!this.isOn) return null;
    const start = this.start(device, range);
    if (start === null || start === undefined) return null;
    const own = [start, start + range[1] - range[0]];
    const stretch = this.history.of(device, own, wanted);
    return stretch && { stretch, shift_s: range[0] - start, range: own };
  }
}
