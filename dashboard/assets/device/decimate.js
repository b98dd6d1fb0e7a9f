// Fewer points that look the same: the extremes of buckets that stay where they are while the
// window moves on, so a drawn line does not flicker.

// Samples per bucket so that `count` samples give about `points` points. The bucket used before
// is kept while it still fits: another one would redraw the whole line a little differently.
export function bucketOf(count, points, before) {
  const wanted = count <= points ? 1 : Math.ceil((2 * count) / points);
  return before && wanted <= before * 1.1 && wanted >= before * 0.7 ? before : wanted;
}

// A line through ring[column] from index `from` to `to`, in x of `xOf(ts)`.
// NaN and breaks interrupt it; `bridged`: not a judged sample's NaN, whose window was left out.
export function line(ring, column, from, to, bucket, xOf, bridged = false) {
  const x = [];
  const y = [];
  const { mask, ts, broken, judged } = ring;
  let low = -1;
  let high = -1;
  let open = false; // whether the last point drawn may be joined with the next
  const draw = (i) => {
    x.push(xOf(ts[i & mask]));
    y.push(column[i & mask]);
    open = true;
  };
  const flush = () => {
    if (low < 0) return;
    draw(Math.min(low, high));
    if (low !== high) draw(Math.max(low, high));
    low = high = -1;
  };
  const interrupt = (i) => {
    flush();
    if (!open) return;
    x.push(xOf(ts[i & mask]));
    y.push(null);
    open = false;
  };
  for (let i = from; i < to; i++) {
    const value = column[i & mask];
    if (i % bucket === 0) flush();
    if (broken[i & mask]) interrupt(i);
    if (value !== value) {
      if (!bridged || !judged[i & mask]) interrupt(i);
      continue;
    }
    if (low < 0 || value < column[low & mask]) low = i;
    if (high < 0 || value > column[high & mask]) high = i;
  }
  flush();
  return { x, y };
}

// The band between the extremes of each bucket, as one closed outline per unbroken stretch, and
// its upper and lower edge as a line each.
export function band(ring, column, from, to, bucket, xOf) {
  const { mask, ts, broken } = ring;
  const outline = { x: [], y: [] };
  const edges = { x: [], y: [] };
  let stretch = []; // [x, low, high]
  let low = NaN;
  let high = NaN;
  let at = 0;
  const flush = () => {
    if (low === low) stretch.push([xOf(ts[at & mask]), low, high]);
    low = high = NaN;
  };
  const close = () => {
    flush();
    if (stretch.length) addStretch(outline, edges, stretch);
    stretch = [];
  };
  for (let i = from; i < to; i++) {
    const value = column[i & mask];
    if (broken[i & mask] || value !== value) close();
    if (value !== value) continue;
    if (i % bucket === 0) flush();
    if (low !== low) at = i;
    low = low <= value ? low : value;
    high = high >= value ? high : value;
  }
  close();
  return { outline, edges };
}

function addStretch(outline, edges, stretch) {
  const x = stretch.map((point) => point[0]);
  const back = [...stretch].reverse();
  outline.x.push(...x, ...back.map((point) => point[0]), null);
  outline.y.push(...stretch.map((point) => point[2]), ...back.map((point) => point[1]), null);
  for (const edge of [1, 2]) {
    edges.x.push(...x, null);
    edges.y.push(...stretch.map((point) => point[edge]), null);
  }
}

// The error |value - reconstruction|: the largest of each bucket, so that no peak is lost.
export function errors(ring, f, from, to, bucket, xOf) {
  const { mask, ts, broken } = ring;
  const raw = ring.values[f];
  const model = ring.reconstruction[f];
  const x = [];
  const y = [];
  let largest = NaN;
  let at = 0;
  const flush = () => {
    if (largest !== largest) return;
    x.push(xOf(ts[at & mask]));
    y.push(largest);
    largest = NaN;
  };
  for (let i = from; i < to; i++) {
    const error = Math.abs(raw[i & mask] - model[i & mask]);
    if (i % bucket === 0) flush();
    if ((error !== error || broken[i & mask]) && y.length && y[y.length - 1] !== null) {
      flush();
      x.push(xOf(ts[i & mask]));
      y.push(null);
    }
    if (error !== error) continue;
    if (!(largest >= error)) [largest, at] = [error, i];
  }
  flush();
  return { x, y };
}

// Whether feature f caused what is wrong with sample i: it contributed at least half as much as the
// feature that contributed most.
export function caused(ring, f, i) {
  return ring.share[f][i & ring.mask] >= 128;
}

// Indices of the anomalies from `from` to `to`: all of them, or when they are many the highest
// score of each bucket that has any.
export function anomalies(ring, threshold, from, to, most) {
  const { mask, score, judged } = ring;
  const found = [];
  for (let i = from; i < to; i++) {
    if (judged[i & mask] && score[i & mask] > threshold) found.push(i);
  }
  if (found.length <= most) return { count: found.length, shown: found };
  let bucket = 2;
  let shown = thin(found, bucket, score, mask);
  while (shown.length > most) shown = thin(shown, (bucket *= 2), score, mask);
  return { count: found.length, shown };
}

function thin(found, bucket, score, mask) {
  const best = [];
  let current = -1;
  for (const i of found) {
    const at = Math.floor(i / bucket);
    if (at !== current) best.push(i);
    else if (score[i & mask] > score[best[best.length - 1] & mask]) best[best.length - 1] = i;
    current = at;
  }
  return best;
}

// Stretches [start, end] in seconds where the machine is not judged; close ones are joined.
export function notJudged(ring, from, to, join_s) {
  const { mask, ts, judged } = ring;
  const stretches = [];
  for (let i = from; i < to; i++) {
    if (judged[i & mask]) continue;
    const last = stretches[stretches.length - 1];
    const at = ts[i & mask];
    if (last && at - last[1] <= join_s) last[1] = at;
    else stretches.push([at, at]);
  }
  return stretches;
}

// Smallest and largest finite value of some columns, null when there is none.
export function extent(ring, columns, from, to) {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns) {
    for (let i = from; i < to; i++) {
      const value = column[i & ring.mask];
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}
