"""Times as files have them: epochs, dates, times of day, seconds of the file's own clock."""

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import Hints
from tests.support.sessions.tables import (
    ACC,
    DATES,
    FIRST,
    PERIOD_S,
    ROWS,
    TS,
    N,
    frame,
    read,
    read_one,
)

SECONDS = pd.to_datetime(FIRST + ROWS, unit="s")
HOURS = pd.to_datetime(FIRST + ROWS * 7200, unit="s")


def shifted(first, format_, period_s=1.0):
    """Texts of times from a second of 1970 on."""
    return pd.to_datetime(first + ROWS * period_s, unit="s").strftime(format_)


DATED = {
    "seconds": ("ts", TS, PERIOD_S),
    "milliseconds": ("timestamp", (TS * 1e3).round().astype(np.int64), PERIOD_S),
    "microseconds as float": ("time", TS * 1e6, PERIOD_S),
    "nanoseconds": ("t", (TS * 1e9).round().astype(np.int64), PERIOD_S),
    "digits as text": ("ts", [f"{t:.1f}" for t in TS], PERIOD_S),
    "digits with a decimal comma": ("ts", [f"{t:.1f}".replace(".", ",") for t in TS], PERIOD_S),
    "ISO 8601": ("time", DATES.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), PERIOD_S),
    "ISO 8601 with a blank": ("Time", DATES.strftime("%Y-%m-%d %H:%M:%S.%f"), PERIOD_S),
    "ISO 8601, a whole second shorter": (
        "time", [t.replace(".000000", "") for t in DATES.strftime("%Y-%m-%dT%H:%M:%S.%f")], PERIOD_S
    ),
    "another zone": (
        "time", (DATES + pd.Timedelta("1h")).strftime("%Y-%m-%dT%H:%M:%S.%f+01:00"), PERIOD_S
    ),
    "day.month.year": ("Zeit", DATES.strftime("%d.%m.%Y %H:%M:%S.%f"), PERIOD_S),
    "day.month.year, a whole second shorter": (
        "Zeit", [t.replace(".000000", "") for t in DATES.strftime("%d.%m.%Y %H:%M:%S.%f")], PERIOD_S
    ),
    "decimal comma": ("Datum/Zeit", DATES.strftime("%d.%m.%y %H:%M:%S,%f"), PERIOD_S),
    "year first": ("time", DATES.strftime("%Y/%m/%d %H:%M:%S.%f"), PERIOD_S),
    "days beyond the 12th": ("time", HOURS.strftime("%d/%m/%Y %H:%M"), 7200),
    "days beyond the 12th, second": ("time", HOURS.strftime("%m/%d/%Y %I:%M %p"), 7200),
    "two digits of the year": ("time", HOURS.strftime("%m/%d/%y %H:%M"), 7200),
    "months in words": ("time", DATES.strftime("%d-%b-%Y %H:%M:%S.%f"), PERIOD_S),
    "as e-mails have it": ("date", SECONDS.strftime("%a, %d %b %Y %H:%M:%S GMT"), 1),
    "as C has it": ("time", SECONDS.strftime("%a %b %d %H:%M:%S %Y"), 1),
    "digits of a date": ("time", SECONDS.strftime("%Y%m%d%H%M%S").astype(np.int64), 1),
    "the basic form": ("time", SECONDS.strftime("%Y%m%dT%H%M%SZ"), 1),
    "a colon before milliseconds": (
        "time", [t[:-3] for t in DATES.strftime("%d.%m.%Y %H:%M:%S:%f")], PERIOD_S
    ),
    "p. m.": ("fecha", DATES.strftime("%d.%m.%Y %I:%M:%S.%f p. m."), PERIOD_S),
    "오후": ("일시", DATES.strftime("%Y-%m-%d 오후 %I:%M:%S.%f"), PERIOD_S),
    "Excel's days": ("Date", 46_082.5 + ROWS / 1440, 60),
    "Excel's days, quick": ("Time", 46_082.5 + ROWS * PERIOD_S / 86_400, PERIOD_S),
    "MATLAB's days": ("time", 740_042.5 + ROWS / 86_400, 1),
    "Windows' ticks": ("timestamp", ((TS + 11_644_473_600) * 1e7).astype(np.int64), PERIOD_S),
    "times of pandas": ("index", DATES, PERIOD_S),
    "times of pandas without a zone": ("", DATES.tz_localize(None), PERIOD_S),
    "objects": ("time", pd.Series(DATES.to_pydatetime(), dtype=object), PERIOD_S),
}  # fmt: skip
CLOCKS = {
    "seconds": ("time", ROWS * PERIOD_S, 0.0, PERIOD_S),
    "milliseconds by the unit": ("Time [ms]", ROWS * 100, 0.0, PERIOD_S),
    "milliseconds by the name": ("time_ms", 5000 + ROWS * 100, 5.0, PERIOD_S),
    "before a trigger": ("time", (ROWS - 50) * PERIOD_S, -5.0, PERIOD_S),
    "time of day over midnight": ("Time", shifted(86_390, "%H:%M:%S"), 86_390.0, 1),
    "AM and PM over midnight": ("Time", shifted(86_390, "%I:%M:%S %p"), 86_390.0, 1),
    "beyond 24 hours": (
        "elapsed time", [f"{s // 3600}:{s // 60 % 60:02}:{s % 60:02}" for s in 86_390 + ROWS],
        86_390.0, 1,
    ),
    "minutes and tenths": (
        "time", [f"{k // 600:02}:{k // 10 % 60:02}.{k % 10}" for k in ROWS], 0.0, PERIOD_S
    ),
    "spans of pandas": ("time", pd.to_timedelta(ROWS * PERIOD_S, unit="s"), 0.0, PERIOD_S),
    "long running": ("time", 46_082.5 + ROWS * 0.01, 46_082.5, 0.01),
}  # fmt: skip


@pytest.mark.parametrize("name", DATED)
@pytest.mark.parametrize("parts", [1, 3])
def test_dates_are_utc_seconds(name, parts):
    """Whatever they are written like, in one chunk or several."""
    heading, cells, period_s = DATED[name]
    table = frame(cells, heading)
    edges = np.linspace(0, N, parts + 1).astype(int)
    found, stretch = read_one(*(table.iloc[a:b] for a, b in itertools.pairwise(edges)))
    np.testing.assert_allclose(stretch.ts, FIRST + ROWS * period_s, atol=2e-5, rtol=0)
    assert found.has_date
    assert found.features == ("acc",)


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_without_a_date_is_told_as_such(name):
    """Its seconds are the file's own."""
    heading, cells, first, period_s = CLOCKS[name]
    found, stretch = read_one(frame(cells, heading))
    np.testing.assert_allclose(stretch.ts, first + ROWS * period_s, atol=1e-9)
    assert not found.has_date


@settings(deadline=None)
@given(
    st.integers(946_684_800, 2_990_000_000),
    st.lists(st.integers(1, 10**6), min_size=2, max_size=30),
    st.sampled_from([1, 10**3, 10**6, 10**9]),
)
def test_any_unit_of_an_epoch_gives_the_same_times(first, steps, per_second):
    """From 2000 to 2064, to a microsecond; later ones would be seconds since 1904."""
    seconds = first + np.cumsum([0, *steps])
    _, stretch = read_one(pd.DataFrame({"ts": seconds * per_second, "x": np.ones(len(seconds))}))
    np.testing.assert_allclose(stretch.ts, seconds, atol=1e-6, rtol=0)


PAIRS = {
    "texts": (DATES.strftime("%Y-%m-%d"), DATES.strftime("%H:%M:%S.%f")),
    "digits": ([20_260_301] * N, DATES.strftime("%H:%M:%S.%f")),
    "AM and PM": (DATES.strftime("%d.%m.%Y"), DATES.strftime("%I:%M:%S.%f %p")),
    "objects": ([dt.date(2026, 3, 1)] * N, pd.Series(DATES.time, dtype=object)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_date_and_a_time_in_two_columns_are_one(name):
    """The time of day is put on the day."""
    date, clock = PAIRS[name]
    found, stretch = read_one(pd.DataFrame({"Date": date, "Time": clock, "acc": ACC}))
    np.testing.assert_allclose(stretch.ts, TS, atol=1e-5)
    assert found.has_date


@pytest.mark.parametrize(("day_first", "first"), [(True, FIRST), (False, 1_767_441_600.0)])
def test_a_date_that_can_be_read_both_ways_is_asked_for(day_first, first):
    """01/03 is never guessed; said, it is read so."""
    table = frame(DATES.strftime("%d/%m/%Y %H:%M:%S.%f"), "time")
    with pytest.raises(SessionFileError, match="--day-first or --month-first"):
        read(table)
    _, stretch = read_one(table, hints=Hints(day_first=day_first))
    assert stretch.ts[0] == first


def test_a_later_row_decides_for_the_ones_before():
    """The 25th in the last chunk says what 01/03 is in the first."""
    early = frame(SECONDS.strftime("%d/%m/%Y %H:%M:%S"), "time")
    late = frame(shifted(FIRST + 24 * 86_400, "%d/%m/%Y %H:%M:%S"), "time")
    _, stretch = read_one(early, late)
    assert stretch.ts[0] == FIRST


def test_dates_in_both_orders_are_refused():
    """A column that has the 25th in first and in second place is not one."""
    days = frame(["25/03/2026 12:00:00", *["03/25/2026 12:00:01"] * (N - 1)], "time")
    with pytest.raises(SessionFileError, match=r"day first and month first|without a time"):
        read(days)


def test_rows_without_a_time_are_dropped_and_told():
    """Up to a share; the first are named with their lines."""
    cells = pd.Series(DATES.strftime("%Y-%m-%dT%H:%M:%S.%fZ")).astype(object)
    cells[5], cells[7] = "rubbish", None
    found, stretch = read_one(frame(cells, "time"), row_offset=1)
    assert len(stretch.ts) == N - 2
    assert stretch.values[5, 0] == np.float32(ACC[6])
    assert any("2 rows without a time" in n and "'rubbish' in line 7" in n for n in found.notes)


def test_too_many_rows_without_a_time_are_refused():
    """More than one in twenty."""
    cells = ["bad" if k % 10 == 0 else str(t) for k, t in enumerate(TS)]
    with pytest.raises(SessionFileError, match="20 of 200 rows without a time, first 'bad'"):
        read(frame(cells))


def test_a_clock_that_was_not_set_yet_gives_no_times():
    """1970 among dates of today is no date."""
    _, stretch = read_one(frame(np.r_[[0.0, 1.0], TS[2:]]))
    np.testing.assert_array_equal(stretch.ts, TS[2:])


def test_without_a_time_the_rate_spaces_the_rows():
    """As the caller says, else as the file does, from the time that it tells apart."""
    table = pd.DataFrame({"X097_DE_time": ACC})
    with pytest.raises(SessionFileError, match=r"no time column, found X097_DE_time.*--rate"):
        read(table)
    found, stretch = read_one(table, rate_hz=1000.0, hints=Hints(rate_hz=10.0))
    np.testing.assert_allclose(stretch.ts, ROWS / 10)
    assert (found.has_date, found.rate_hz, found.features) == (False, 10.0, ("X097_DE_time",))
    found, stretch = read_one(table, rate_hz=1000.0, first=FIRST)
    assert (found.has_date, stretch.ts[0], found.rate_hz) == (True, FIRST, 1000.0)
