"""The range of time that a link names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from dashboard.shell import time_range
from dashboard.shell.time_range import RangeError, TimeRange, as_link, read
from dashboard.words import catalogue

SEOUL = ZoneInfo("Asia/Seoul")
MARCH = 1772373600.0  # 2026-03-01T14:00:00Z


@pytest.fixture(autouse=True)
def english(monkeypatch):
    """Without a page there is no viewer."""
    monkeypatch.setattr(time_range, "say", lambda key, **said: catalogue.say("en", key, **said))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ({}, TimeRange()),
        ({"range": "live"}, TimeRange()),
        ({"range": "15m"}, TimeRange(last_s=900.0)),
        ({"range": "15 min"}, TimeRange(last_s=900.0)),
        ({"range": "7 days"}, TimeRange(last_s=604_800.0)),
        ({"range": "6h"}, TimeRange(last_s=21_600.0)),
        ({"from": "2026-03-01T14:00:00Z"}, TimeRange(start=MARCH)),
        (
            {"from": "2026-03-01T23:00", "to": "1772377200"},
            TimeRange(start=MARCH, end=MARCH + 3600),
        ),
        (as_link(MARCH, MARCH + 0.25), TimeRange(start=MARCH, end=MARCH + 0.25)),
    ],
)
def test_a_link_names_a_range(words, wanted):
    """Live, the last so long, or from-to; a time without a zone is the viewer's."""
    assert read(words, SEOUL) == wanted


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ({"range": "soon"}, "range='soon' is not a range of time; allowed: live, 15m"),
        ({"range": "0m"}, "range='0m' is not"),
        ({"range": "9" * 50}, "…'"),
        ({"from": "yesterday"}, "from='yesterday' is not a time"),
        ({"from": "9999999999999999"}, "is not a time"),
        ({"to": "2026-03-01T14:00:00Z"}, "has no from"),
        ({"from": "1772373600", "to": "1772373600"}, "is not before"),
    ],
)
def test_nonsense_is_refused_on_one_line(words, line):
    """With what was found and what is allowed."""
    with pytest.raises(RangeError, match=line) as refused:
        read(words, SEOUL)
    assert "\n" not in str(refused.value)


def test_bounds_go_by_the_clock_that_is_given():
    """None while live; an open end is now."""
    assert TimeRange().bounds(100.0) is None
    assert TimeRange(last_s=60.0).bounds(100.0) == (40.0, 100.0)
    assert TimeRange(start=10.0).bounds(100.0) == (10.0, 100.0)
    assert TimeRange(start=10.0, end=20.0).bounds(100.0) == (10.0, 20.0)
