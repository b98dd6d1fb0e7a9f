"""What is drawn of a device's past: every extreme, red for anomalies alone, nothing in a gap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from dashboard.pages.past import told, zone_at
from dashboard.pages.past_figure import DARK, LIGHT, figure, runs
from detector.store.history.buckets import of_frames
from detector.store.history.gaps import breaks, gaps
from detector.store.history.history import History
from detector.store.history.tiers import of_one_width
from tests.support.stores.machine import START, frames

SEOUL_S = 9 * 3600.0


def past_of(blocks, width_s=1, tier="1s"):
    """A history as the store tells it."""
    pieces = of_one_width(of_frames(blocks, width_s), width_s)
    made, end = pieces.buckets, START + 300.0
    return History(
        "press-1", made.features, START, end, tier, made.ts, pieces.width_s, made.low, made.mean,
        made.high, made.score, made.anomalies, made.samples,
        (made.judged / made.samples).astype(np.float32), made.threshold, breaks(pieces),
        gaps(pieces, START, end), (),
    )  # fmt: skip


@pytest.fixture(scope="module")
def past():
    """Two minutes, one of silence, two more; the last ten seconds are anomalies."""
    blocks = [f for f in frames(300) if not START + 120 <= f.ts[0] < START + 180]
    high = [replace(f, score=f.score + 3) if f.ts[0] >= START + 290 else f for f in blocks]
    return past_of(high)


def drawn(made, name):
    """A trace by its name."""
    return next(trace for trace in made.data if trace.name == name)


def at(ts):
    """A time on the axis."""
    return np.datetime64(round((ts + SEOUL_S) * 1e3), "ms")


@pytest.fixture(scope="module")
def made(past):
    """Its figure in Seoul."""
    return figure(past, {"a": "g"}, ("a", "b"), SEOUL_S, LIGHT)


def test_the_band_reaches_every_extreme(past, made):
    """Of each feature, in its row."""
    for column, name in enumerate(past.features):
        y = drawn(made, f"{name} band").y.astype(float)
        assert (np.nanmin(y), np.nanmax(y)) == (
            past.low[:, column].min(), past.high[:, column].max()
        )  # fmt: skip
        assert set(y[~np.isnan(y)]) == {*past.low[:, column], *past.high[:, column]}


def test_nothing_is_drawn_in_a_gap(made):
    """Neither line nor band; it is told by a word and an outline."""
    for trace in made.data:
        x = np.asarray(trace.x, "datetime64[ms]")
        assert not np.any((x > at(START + 120)) & (x < at(START + 180)))
        if trace.mode == "lines":
            between = (x[:-1] <= at(START + 120)) & (x[1:] >= at(START + 180))
            assert not between.any()
    assert [note.text for note in made.layout.annotations[3:]] == ["no samples"]


def test_every_anomaly_is_red_where_it_is(past, made):
    """A marker a bucket, and a tint over all rows; nothing else is red."""
    marks = drawn(made, "anomalies")
    assert len(marks.x) == np.count_nonzero(past.anomalies) == 10
    assert marks.x[0] == at(START + 290.5)
    assert marks.marker.color == LIGHT.anomaly
    red = [shape for shape in made.layout.shapes if shape.fillcolor == LIGHT.anomalous]
    assert [(s.x0, s.x1) for s in red] == [(at(START + 290), at(START + 300))]
    assert LIGHT.anomaly not in {trace.line.color for trace in made.data}


def test_what_was_not_judged_is_shaded_with_its_word():
    """As on the live chart."""
    blocks = [replace(f, judged=f.judged & (f.ts < START + 200)) for f in frames(300)]
    made = figure(past_of(blocks), {}, ("a",), 0.0, DARK)
    [shade] = [shape for shape in made.layout.shapes if shape.fillcolor == DARK.not_judged]
    assert shade.x0 == np.datetime64(int((START + 200) * 1e3), "ms")
    assert "not judged" in [note.text for note in made.layout.annotations]


def test_single_samples_are_points():
    """Few enough to be told apart."""
    made = figure(past_of(frames(10), 0, "full"), {}, ("a",), 0.0, LIGHT)
    assert drawn(made, "a mean").mode == "lines+markers"


def test_a_device_without_a_score_is_drawn():
    """Its threshold alone is in the score's row."""
    blank = [replace(f, score=np.full(10, np.nan, np.float32)) for f in frames(300)]
    made = figure(past_of(blank), {}, ("a",), 0.0, LIGHT)
    assert len(drawn(made, "score").x) == 0
    assert len(drawn(made, "threshold").x) > 0


@pytest.mark.parametrize(
    ("is_there", "cut", "expected"),
    [("", "", []), ("0", "0", []), ("111", "000", [(0, 3)]), ("111", "010", [(0, 1), (1, 3)]),
     ("0110", "0000", [(1, 3)]), ("1011", "0000", [(0, 1), (2, 4)]), ("01", "01", [(1, 2)])],
)  # fmt: skip
def test_runs_are_cut_at_gaps(is_there, cut, expected):
    """And at what is missing."""
    flags = [np.array([c == "1" for c in text], bool) for text in (is_there, cut)]
    assert [(part.start, part.stop) for part in runs(*flags)] == expected


def test_the_line_above_says_what_is_drawn(past):
    """Time by the viewer's clock, the tier, and how many anomalies."""
    zone = zone_at(START, "Asia/Seoul")
    assert zone.utcoffset(None) == timedelta(hours=9)
    assert told(past, zone) == (
        "2026-03-01 21:00:00 to 2026-03-01 21:05:00 (UTC+09:00) · Seconds: band: smallest to "
        "largest, line: mean · 100 anomalies"
    )
    assert zone_at(START, "No/Where") == zone_at(START, None) == zone_at(START, "UTC")
