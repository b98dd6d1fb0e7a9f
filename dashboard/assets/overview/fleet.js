// What the overview knows of all devices: one full message, then the changes after it.

const SPARK_POINTS = 120;
const WORST_FIRST = ["alarm", "sensor", "stale", "suspect", "unscored", "warming-up", "not-judged", "ok"];
const byName = new Intl.Collator(undefined, { numeric: true }).compare;

function rank(state) {
  const at = WORST_FIRST.indexOf(state);
  return at < 0 ? WORST_FIRST.length : at;
}

const NO_SCORE = ["stale", "not-judged"]; // as in live/states.py

export class Fleet {
  constructor() {
    this.devices = new Map();
    this.order = [];
  }

  // Take a message; what it does not name stays as it was.
  receive(said) {
    if (said.full) this.devices.clear();
    if (said.names) this.rename(said.names);
    for (const [name, tile] of Object.entries(said.tiles)) Object.assign(this.devices.get(name), tile);
    if (said.names || Object.keys(said.tiles).length) this.sort();
    this.names.forEach((name, at) => this.move(this.devices.get(name), said, at));
  }

  rename(names) {
    const known = this.devices;
    this.names = names;
    this.devices = new Map(names.map((name) => [name, known.get(name) ?? { device: name, spark: [] }]));
  }

  move(device, { full, scores, arrivals, sparks }, at) {
    device.score = scores[at];
    device.last_arrival = arrivals[at];
    const spark = full && sparks[device.device];
    if (spark) device.spark = spark;
    else device.spark.push(NO_SCORE.includes(device.shown_state) ? null : device.score);
    if (device.spark.length > SPARK_POINTS) device.spark.shift();
  }

  // Worst first, then by name as people count: 2 before 10.
  sort() {
    this.order = [...this.devices.values()].sort(
      (one, other) => rank(one.shown_state) - rank(other.shown_state) || byName(one.device, other.device));
  }

  // How many are in each state, the worst first.
  totals() {
    const counts = new Map();
    for (const { shown_state: state } of this.order) counts.set(state, (counts.get(state) ?? 0) + 1);
    return [...counts];
  }

  // Those that a text and states (all where there is none) leave over, in order.
  found(text, states) {
    const wanted = text.trim().toLowerCase();
    return this.order.filter((device) => (!states.size || states.has(device.shown_state)) && has(device, wanted));
  }
}

function has({ device, model, reason }, wanted) {
  return !wanted || [device, model, reason].some((text) => text?.toLowerCase().includes(wanted));
}

// What a device is grouped under: its name before the last part of it.
export function groupOf(name) {
  return name.match(/^(.+)[-_./:\s][^-_./:\s]*$/)?.[1] ?? name;
}
