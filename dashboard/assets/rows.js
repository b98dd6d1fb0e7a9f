// Which features get a chart: all of a few; of many, as of a waveform, those that matter.

export const MOST_ROWS = 8;
const MATTERS = 0.05; // share of the score

export class Rows {
  constructor() {
    this.shown = []; // the last to matter first
  }

  // The names to draw of `all`, in their order; the viewer's own choice counts, where there is one.
  of(all, chosen = []) {
    if (all.length <= MOST_ROWS) return all;
    const own = all.filter((name) => chosen.includes(name)).slice(0, MOST_ROWS);
    if (own.length) return own;
    const shown = [...new Set([...this.shown.filter((name) => all.includes(name)), ...all])].slice(0, MOST_ROWS);
    return all.filter((name) => shown.includes(name));
  }

  // What is behind an anomaly comes in, and stays until others have been behind later ones. Where
  // none was yet, the largest shares: a chart that changed with every update could not be read.
  follow(shares, isAnomaly) {
    if (!isAnomaly && this.shown.length) return;
    const names = Object.keys(shares).filter((name) => !isAnomaly || shares[name] >= MATTERS);
    names.sort((one, other) => shares[other] - shares[one]);
    this.shown = [...new Set([...names.slice(0, MOST_ROWS), ...this.shown])].slice(0, MOST_ROWS);
  }
}
