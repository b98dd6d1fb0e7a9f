"""One dashboard on an empty store."""

from __future__ import annotations

import pytest

from tests.support.live.server import Site


@pytest.fixture(scope="package")
def site(tmp_path_factory):
    """Its settings know one name more."""
    folder = tmp_path_factory.mktemp("site")
    with Site(folder, FAULTLINE_DASHBOARD__HOSTS='["plant.example"]') as started:
        yield started


START = """
const url = name => `/assets/x/${name}.js`;
const {Ring} = await import(url("device/ring"));
const {line, band, errors, caused, anomalies, bucketOf, notJudged} =
  await import(url("device/decimate"));
await (await import(url("words"))).loadWords("x");
const {Figure, Rows, MOST_ROWS} = await import(url("device/figure"));
const {SteadyRange, timeTicks, valueTicks, clock} = await import(url("axes"));
// A block of n samples of one feature at 100 Hz.
const block = (id, start, n, more = {}) => ({
  n, frames: 1, session: "s", features: ["a"], ids: Array(n).fill(id),
  ts: Array.from({length: n}, (_, i) => start + i / 100),
  values: [Array.from({length: n}, (_, i) => Math.sin(i))], reconstruction: [null],
  score: Array(n).fill(0.5), judged: Array(n).fill(1), ...more});
const fed = (...blocks) => {
  const ring = new Ring();
  ring.keep_s = 3600;
  blocks.forEach(b => ring.push(b, 0.03));
  return ring;
};
const drawn = (ring, bucket = 1) =>
  line(ring, ring.values[0], ring.first, ring.next, bucket, t => t);
// A ring of features a and b with a model, a minute at 100 Hz; b is wrong from sample 4000 to 4100.
const modelled = (n = 6000, shares = [20, 255]) => {
  const wave = Array.from({length: n}, (_, i) => Math.sin(i / 2));
  const score = Array.from({length: n}, (_, i) => i >= 4000 && i < 4100 ? 8 : 0.5);
  return fed(block(1, 0, n, {
    features: ["a", "b"], shares, score,
    values: [wave, wave.map((v, i) => score[i] > 1 ? v + 9 : v)],
    reconstruction: [wave.map(v => v * .9), wave]}));
};
const theme = new Proxy({}, {get: () => "#123456"});
const card = {features: ["a", "b"], units: ["g", "g"], window: 60, sampling_period_s: 0.01};
const built = (ring, window, width = 1000) => {
  const end = ring.lastTs, view = {theme, card, alarms: [], threshold: 1, width, note: null};
  return new Figure().build(ring, {...view, range: [end - window, end]});
};
const {Stretch} = await import(url("device/past/history"));
// Five minutes of feature a in buckets of 10 s; the third has none, the last is anomalous.
const bucketed = (more = {}) => {
  const at = [...Array(30).keys()].filter(i => i < 12 || i >= 18), n = at.length;
  const all = value => Float32Array.from(at, value);
  return new Stretch({kind: "buckets", from: 0, to: 300, held: [0, 300], samples: 300, lost: [],
    gaps: [{start: 120, end: 180, reason: "silent", detail: null}], alarms: [], features: ["a"],
    buckets: {ts: Float64Array.from(at, i => 10 * i), width: all(() => 10), low: [all(() => -1)],
      mean: [all(i => i / 30)], high: [all(i => i === 20 ? 7 : 1)],
      score: all(i => i > 26 ? 5 : .5), threshold: all(() => 1),
      anomalies: all(i => i > 26 ? 3 : 0), running: all(() => 1),
      breaks: Uint8Array.from(at, i => i === 18 ? 1 : 0)}, ...more});
};
const past = (stretch, more = {}) => {
  const view = {theme, card, alarms: stretch.alarms, gaps: stretch.gaps, threshold: 1, width: 1000,
    note: null, isStill: true, range: [stretch.from, stretch.to], ...more};
  return new Figure().buildPast(stretch, view);
};
const names = drawing => drawing.data.map(trace => trace.name);
const gaps = ring => drawn(ring).y.filter(v => v === null).length;
"""


@pytest.fixture(scope="package")
def run(chromium, site):
    """Runs JavaScript with the modules and helpers above."""
    page = chromium.new_page(timezone_id="Asia/Kolkata")
    page.goto(f"{site.url}/assets/x/live.css")
    yield lambda code: page.evaluate(f"(async () => {{{START} {code} }})()")
    page.close()
