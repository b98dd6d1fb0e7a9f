// Lines and bands that go up and down with every point. As paths they cost the browser five times
// as much as columns of pixels, which look the same where the points are as dense as the pixels.

const STEEP = 4; // times as far up and down as along

// Whether the values of a trace do over a pair of axes, with more points than pixels.
export function isSteep(y, { x, y: up }) {
  if (y.length < x.end - x.start) return false;
  let travel = 0;
  for (let i = 1; i < y.length; i++) {
    if (y[i] !== null && y[i - 1] !== null) travel += Math.abs(y[i] - y[i - 1]);
  }
  return travel * Math.abs(up.at(1) - up.at(0)) > STEEP * (x.end - x.start);
}

// Bands, each of which is one edge and back along the other; null stands between them.
export function bars(pen, x, y, plot) {
  for (let from = 0; from < y.length; ) {
    const found = y.indexOf(null, from);
    const end = found < 0 ? y.length : found;
    bar(pen, { x, y, from, to: (from + end) / 2, last: end - 1 }, plot);
    from = end + 1;
  }
}

// From one edge to the other, around each point up to half the way to the next.
function bar(pen, { x, y, from, to, last }, plot) {
  let left = Math.round(plot.x.at(x[from]));
  for (let i = from; i < to; i++) {
    const right = Math.round(plot.x.at(i + 1 < to ? (x[i] + x[i + 1]) / 2 : x[i]));
    if (right <= left) continue;
    const [one, other] = [plot.y.at(y[i]), plot.y.at(y[last - (i - from)])];
    pen.fillRect(left, one, right - left, other - one);
    left = right;
  }
}

// A line: in each column of pixels as far up and down as it goes there.
export function columns(pen, x, y, plot, width) {
  for (let i = 1; i < x.length; i++) {
    if (y[i] === null || y[i - 1] === null) continue;
    const [left, right] = [Math.round(plot.x.at(x[i - 1])), Math.round(plot.x.at(x[i]))];
    const [first, last] = [plot.y.at(y[i - 1]), plot.y.at(y[i])];
    const count = Math.max(1, right - left);
    const step = (last - first) / count;
    for (let n = 0; n < count; n++) {
      const from = first + n * step;
      pen.fillRect(left + n, Math.min(from, from + step) - width / 2, 1, Math.abs(step) + width);
    }
  }
}
