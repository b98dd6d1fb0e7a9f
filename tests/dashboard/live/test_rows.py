"""Which rows the live chart has, run in the browser."""

from __future__ import annotations

import pytest

from dashboard.live.columns import MOST

pytestmark = pytest.mark.browser


def test_of_many_features_those_behind_an_anomaly_are_drawn(run):
    """They stay until others are behind later ones; what is said meanwhile moves no chart."""
    code = """
    const all = Array.from({length: 40}, (_, i) => `c${i}`), rows = new Rows();
    rows.follow({c30: .6, c31: .4}, false);
    const opened = rows.of(all);
    rows.follow({c5: .9, c6: .1}, false);
    const quiet = rows.of(all);
    rows.follow({c39: .9, c20: .06, c1: .01}, true);
    return [MOST_ROWS, opened, quiet, rows.of(all), rows.of(all, ["c9", "c8"]), rows.of(["a"])]
    """
    most, opened, quiet, anomalous, chosen, few = run(code)
    assert most == len(opened) == len(anomalous) == MOST
    assert quiet == opened == [*(f"c{i}" for i in range(6)), "c30", "c31"]
    assert anomalous == ["c0", "c1", "c2", "c3", "c20", "c30", "c31", "c39"]
    assert (chosen, few) == (["c8", "c9"], ["a"])


def test_a_model_without_a_reconstruction_has_no_empty_rows_of_errors(run):
    """One that describes the signal, or tells a distance; while nothing is scored, nobody knows."""
    code = """
    const height = (reconstruction, score) => built(fed(block(1, 0, 3000, {
      features: ["a", "b"], shares: [255, 255], score: Array(3000).fill(score), reconstruction,
      values: [Array(3000).fill(1), Array(3000).fill(2)]})), 20);
    const zeros = Array(3000).fill(0);
    const rows = drawing => names(drawing).filter(name => name.endsWith(" error")).length;
    const [whole, unknown, none] =
      [height([zeros, zeros], 1), height([null, null], NaN), height([null, null], 1)];
    return [rows(whole), rows(unknown), rows(none), whole.layout.height - none.layout.height]
    """
    whole, unknown, none, saved = run(code)
    assert (whole, unknown, none) == (2, 2, 0)
    assert saved > 50


def test_bursts_are_drawn_as_points(run):
    """Sessions of three samples, beside one long session."""
    code = """
    const bursts = fed(...Array.from({length: 9}, (_, i) => block(i, 5 * i, 3, {session: `${i}`})));
    const modes = ring => built(ring, 60).data.filter(t => t.name === "a raw").map(t => t.mode);
    return [modes(bursts), modes(fed(block(1, 0, 300)))]
    """
    assert run(code) == [["lines+markers"], ["lines"]]
