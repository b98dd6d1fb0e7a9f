// The newest samples of one device. A sample's index counts from the ring's start and never
// changes; `first` is the oldest index still held, `next` the one to come.

const FIRST_CAPACITY = 4096;
const LARGEST_CAPACITY = 1 << 20;
const LONGEST_BURST = 8; // samples

export class Ring {
  constructor() {
    this.keep_s = 0; // samples younger than this are kept when the ring is full
    this.reset([]);
  }

  reset(features) {
    this.features = features;
    this.first = 0;
    this.next = 0;
    this.session = null;
    this.sessionStart = 0; // index of the first sample of the newest session
    this.lastId = -1;
    this.isScored = this.isReconstructed = false; // any sample so far
    this.allocate(FIRST_CAPACITY);
  }

  allocate(capacity) {
    this.capacity = capacity;
    this.mask = capacity - 1;
    this.ts = new Float64Array(capacity);
    this.values = this.features.map(() => new Float32Array(capacity));
    this.reconstruction = this.features.map(() => new Float32Array(capacity));
    this.share = this.features.map(() => new Uint8Array(capacity)); // of the largest, 255: as much
    this.score = new Float32Array(capacity);
    this.judged = new Uint8Array(capacity);
    this.broken = new Uint8Array(capacity); // 1: no line leads to this sample
  }

  get length() {
    return this.next - this.first;
  }

  get lastTs() {
    return this.length ? this.ts[(this.next - 1) & this.mask] : NaN;
  }

  // Take a block; frames already held are skipped. Returns how many samples were new.
  push(block, gap_s) {
    if (block.features.join("\n") !== this.features.join("\n")) {
      const lastId = this.lastId;
      this.reset(block.features);
      this.lastId = lastId;
    }
    this.isReconstructed ||= block.reconstruction.some((column) => column);
    let taken = 0;
    let frame = -1; // which of the block's frames sample i is in
    const known = this.lastId; // a frame is taken whole or not at all
    for (let i = 0; i < block.n; i++) {
      if (!i || block.ids[i] !== block.ids[i - 1]) frame++;
      if (block.ids[i] <= known) continue;
      this.add(block, i, gap_s, frame * this.features.length);
      taken++;
    }
    return taken;
  }

  add(block, i, gap_s, shares) {
    const ts = block.ts[i];
    const since = ts - this.lastTs; // NaN for the first sample
    const otherSession = block.session !== this.session;
    if (since <= 0) this.forget(); // the device clock jumped back: begin anew
    if (this.length === this.capacity) this.makeRoom(ts);
    const at = this.next & this.mask;
    this.ts[at] = ts;
    this.features.forEach((_, f) => {
      this.values[f][at] = block.values[f][i];
      this.reconstruction[f][at] = block.reconstruction[f] ? block.reconstruction[f][i] : NaN;
      this.share[f][at] = block.shares ? block.shares[shares + f] : 255;
    });
    this.score[at] = block.score[i];
    this.isScored ||= Number.isFinite(block.score[i]);
    this.judged[at] = block.judged[i];
    this.broken[at] = otherSession || (gap_s && since > gap_s) || since <= 0 ? 1 : 0;
    if (otherSession) {
      this.session = block.session;
      this.sessionStart = this.next;
    }
    this.lastId = block.ids[i];
    this.next++;
  }

  forget() {
    this.first = this.next;
    this.sessionStart = this.next;
  }

  makeRoom(ts) {
    const oldest = this.ts[this.first & this.mask];
    if (ts - oldest > this.keep_s || this.capacity >= LARGEST_CAPACITY) {
      this.first++;
      return;
    }
    const old = { ...this };
    this.allocate(this.capacity * 2);
    for (let i = this.first; i < this.next; i++) {
      const from = i & old.mask;
      const to = i & this.mask;
      this.ts[to] = old.ts[from];
      this.features.forEach((_, f) => {
        this.values[f][to] = old.values[f][from];
        this.reconstruction[f][to] = old.reconstruction[f][from];
        this.share[f][to] = old.share[f][from];
      });
      this.score[to] = old.score[from];
      this.judged[to] = old.judged[from];
      this.broken[to] = old.broken[from];
    }
  }

  // Whether the stretch is of bursts: short sessions, whose lines are hardly longer than a dot.
  isOfBursts(from, to) {
    let breaks = 0;
    for (let i = from; i < to; i++) breaks += this.broken[i & this.mask];
    return breaks * LONGEST_BURST > to - from;
  }

  // Index of the first sample at or after `ts`.
  at(ts) {
    let low = this.first;
    let high = this.next;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ts[middle & this.mask] < ts) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
