"""Other members of the kinds that lie about: each holds the sample recording and is read so."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import soundfile
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.support.sessions.inspected import hold, inspected
from tests.support.sessions.recordings import SAMPLE, T0, N
from tests.support.sessions.written import NOON, dates, numbers, text

MEANS = {"acc_x": SAMPLE["acc_x"].mean(), "temp": SAMPLE["temp"].mean()}
WHOLE = {"samples": N, "rate_hz": 10.0, "first": T0, "labels": None, "features": MEANS}
PLAIN = numbers(form="{:.1f}")
COMMA = [one.replace(".", ",") for one in PLAIN]
DAY = 86_400.0
FROM_1904, FROM_1601, FROM_1 = 2_082_844_800, 11_644_473_600, 62_135_596_800
LONG = "%Y-%m-%d %H:%M:%S.%3"


def apart(form, order=1):
    """Date and time of day in two columns; -1: the time first."""
    return [tuple(one.split()[::order]) for one in dates(form)]


def ampm(*start):
    """From one half of the day."""
    return text(dates("%Y-%m-%d %I:%M:%S.%3 %p", datetime(*start)))


def elapsed(seconds, header):
    """Times of the file's own clock."""
    return text([f"{k * seconds:g}" for k in range(N)], header=header)


def summer_time_ends():
    """02:59:59.9 is followed by 02:00:00, an hour later on no clock but the local one."""
    before = [f"2026-10-25T02:59:{50 + k / 10:06.3f}+02:00" for k in range(100)]
    after = [f"2026-10-25T02:00:{k / 10:06.3f}+01:00" for k in range(100)]
    return text(before + after)


def leap_second():
    """A minute of 61 seconds, which UTC in seconds has no room for."""
    before = [f"2016-12-31T23:59:{55 + k / 10:06.3f}Z" for k in range(60)]
    return text(before + [f"2017-01-01T00:00:{k / 10:06.3f}Z" for k in range(N - 60)])


def column(name, values):
    """One more."""
    return SAMPLE.assign(**{name: values}).to_csv(index=False)


def workbook(epoch=None):
    """Cells that are dates; of an old Macintosh they count from 1904."""
    book, made = Workbook(), io.BytesIO()
    book.epoch = epoch or book.epoch
    book.active.append(["Date", "acc_x", "temp"])
    for k, (_, *row) in enumerate(SAMPLE.to_numpy().tolist()):
        book.active.append([NOON + timedelta(milliseconds=100 * k), *row])
    book.save(made)
    return made.getvalue()


def archive(**files):
    """A zip archive of one folder."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(f"run/{name}", content)
    return made.getvalue()


# name of the file, what stands in it, what differs from the whole sample recording
CASES = {
    "pipes": ("a.csv", text(PLAIN, sep="|")),
    "columns of blanks": ("a.dat", text(PLAIN, sep="   ")),
    "decimal comma, semicolons, quotes": ("a.csv", text(COMMA, sep=";", decimal=",", quote='"')),
    "decimal comma, tabs": ("a.txt", text(COMMA, sep="\t", decimal=",")),
    "a mark and a line for Excel": (
        "a.csv", "\ufeffsep=;\r\n" + text(PLAIN, sep=";", end="\r\n"),
    ),
    "UTF-16 without its mark": ("a.csv", text(PLAIN).encode("utf-16-be")),
    "UTF-32": ("a.csv", text(PLAIN).encode("utf-32")),
    "Latin-1 units": (
        "a.csv", text(PLAIN, units="s,g,°C").encode("latin-1"), {"notes": ["°C", "Windows-1252"]},
    ),
    "Shift JIS": ("a.csv", text(dates("%Y/%m/%d %H:%M:%S.%3"), "日時,acc_x,temp").encode("cp932")),
    "UHC": ("a.csv", text(dates(LONG), "시간,acc_x,temp").encode("cp949")),
    "lines of an old Macintosh": ("a.csv", text(PLAIN, end="\r")),
    "units in brackets below": ("a.csv", text(PLAIN, units="[s],[g],[degC]"), {"notes": ["degC"]}),
    "names over two lines": ("a.csv", text(PLAIN, '"ts\n(s)","acc_x\n(g)",temp')),
    "names behind a mark": ("a.csv", text(PLAIN, "# ts,acc_x,temp")),
    "a mark of the end": ("a.csv", text(PLAIN) + "# end\n"),
    "an end of DOS": ("a.csv", text(PLAIN) + "\x1a"),
    "no suffix": ("a", text(PLAIN)),
    "microseconds": ("a.csv", text(numbers(1e6))),
    "nanoseconds": ("a.csv", text(numbers(1e9), "timestamp_ns,acc_x,temp")),
    "milliseconds with an exponent": ("a.csv", text(numbers(1e3, form="{:.13e}"))),
    "days of Excel": (
        "a.csv", text(numbers(1 / DAY, 25_569 * DAY, "{:.9f}"), "Date,acc_x,temp"),
        {"notes": ["as Excel counts"]},
    ),
    "days of MATLAB": (
        "a.csv", text(numbers(1 / DAY, 719_529 * DAY, "{:.10f}")), {"notes": ["as MATLAB counts"]},
    ),
    "Julian dates": (
        "a.csv", text(numbers(1 / DAY, 2_440_587.5 * DAY, "{:.10f}")), {"notes": ["Julian"]},
    ),
    "seconds of LabVIEW": (
        "a.csv", text(numbers(1, FROM_1904, "{:.3f}")), {"notes": ["since 1904, as LabVIEW"]},
    ),
    "seconds of LabVIEW, decimal comma": (
        "a.txt",
        text([s.replace(".", ",") for s in numbers(1, FROM_1904, "{:.6f}")], sep="\t", decimal=","),
        {"notes": ["since 1904, as LabVIEW"]},
    ),
    "ticks of Windows": ("a.csv", text(numbers(1e7, FROM_1601)), {"notes": ["Windows ticks"]}),
    "ticks of .NET": ("a.csv", text(numbers(1e7, FROM_1)), {"notes": [".NET ticks"]}),
    "noon is 12 PM": ("a.csv", ampm(2026, 3, 1, 12)),
    "over noon": ("a.csv", ampm(2026, 3, 1, 11, 59, 50), {"first": T0 - 10}),
    "midnight is 12 AM": ("a.csv", ampm(2026, 2, 28, 23, 59, 50), {"first": T0 - DAY / 2 - 10}),
    "오후": ("a.csv", text([d.replace("PM", "오후") for d in dates("%Y-%m-%d %p %I:%M:%S.%3")])),
    "time before date": ("a.csv", text(apart(LONG, -1), "Time,Date,acc_x,temp")),
    "Uhrzeit, Datum": ("a.csv", text(apart("%d.%m.%Y %H:%M:%S.%3", -1),
                                     "Uhrzeit,Datum,acc_x,temp")),
    "a month in words": ("a.csv", text(dates("%d-%b-%Y %H:%M:%S.%3"))),
    "a month before its day": ("a.csv", text(dates("%B %d, %Y %H:%M:%S.%3"), quote='"')),
    "März": ("a.csv", text([d.replace("Mar", "März") for d in dates("%d. %b %Y %H:%M:%S.%3")])),
    "mars": ("a.csv", text([d.replace("Mar", "mars") for d in dates("%d-%b-%Y %H:%M:%S.%3")])),
    "ene becomes feb": (
        "a.csv",
        text([d.replace("Jan", "ene").replace("Feb", "feb")
              for d in dates("%d/%b/%Y %H:%M:%S.%3", datetime(2026, 1, 31, 23, 59, 50))]),
        {"first": datetime(2026, 1, 31, 23, 59, 50, tzinfo=UTC).timestamp()},
    ),
    "a comma before milliseconds": ("a.csv", text(dates("%Y-%m-%d %H:%M:%S,%3"), sep=";")),
    "digits alone": ("a.csv", text(dates("%Y%m%dT%H%M%S.%3Z"))),
    "west of Greenwich": (
        "a.csv", text(dates("%Y-%m-%dT%H:%M:%S.%3-05:30", datetime(2026, 3, 1, 6, 30))),
    ),
    "a zone without a colon": (
        "a.csv", text(dates("%Y-%m-%dT%H:%M:%S.%3-0800", datetime(2026, 3, 1, 4))),
    ),
    "summer time ends": (
        "a.csv", summer_time_ends(),
        {"first": datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC).timestamp()},
    ),
    "a time of day over midnight": (
        "a.csv", text(dates("%H:%M:%S.%3", datetime(2026, 3, 1, 23, 59, 50)), "time,acc_x,temp"),
        {"first": 0.0},
    ),
    "minutes and seconds": ("a.csv", text(dates("%M:%S.%3"), "time,acc_x,temp"), {"first": 0.0}),
    "elapsed milliseconds": ("a.csv", elapsed(100, "Time (ms),acc_x,temp"), {"first": 0.0}),
    "elapsed minutes": (
        "a.csv", text([f"{k / 600:.9f}" for k in range(N)], "elapsed [min],acc_x,temp"),
        {"first": 0.0},
    ),
    "words of a label": (
        "a.csv", column("label", ["Healthy"] * 150 + ["Inner race"] * 50),
        {"labels": 50, "notes": ["Inner race"]},
    ),
    "nothing is a label of nothing": (
        "a.csv", column("anomaly", [""] * 150 + ["yes"] * 50), {"labels": 50},
    ),
    "a speed": ("a.csv", column("rpm", 600), {"features": MEANS | {"rpm": 600.0}}),
    "changes of SKAB": (
        "a.csv", column("changepoint", [0] * 199 + [1]), {"notes": ["marks changes"]},
    ),
    "row numbers of pandas": ("a.csv", SAMPLE.to_csv()),
    "one name, two units": (
        "a.csv", text(PLAIN, "ts,acc [g],acc [m/s2]"),
        {"features": {"acc [g]": MEANS["acc_x"], "acc [m/s2]": MEANS["temp"]}},
    ),
    "a workbook": ("a.xlsx", workbook()),
    "a workbook of 1904": ("a.xlsx", workbook(CALENDAR_MAC_1904)),
    "Parquet with a zone": (
        "a.parquet",
        SAMPLE.assign(ts=pd.to_datetime(SAMPLE["ts"], unit="s", utc=True).dt.round("ms")
                      .dt.tz_convert("Asia/Seoul")).to_parquet(),
    ),
    "packed twice": ("a.csv.gz.gz", gzip.compress(gzip.compress(text(PLAIN).encode()))),
    "packed in two ways": ("a.csv.bz2.gz", gzip.compress(bz2.compress(text(PLAIN).encode()))),
    "a folder in an archive": (
        "a.zip", archive(**{"a.csv": text(PLAIN), "README.txt": "1 2 3\n", ".a.csv": "x"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_stands_in_the_file_is_read(write, name):
    """Samples, rate, first time, labels, means; what is done to them is told."""
    file, content, *other = CASES[name]
    [found] = inspected(write(file, content))
    hold(found, WHOLE | dict(*other))


def test_a_leap_second_is_dropped_and_told(write):
    """Its ten samples have no time of their own; those around keep theirs."""
    [found] = inspected(write("a.csv", leap_second()))
    start = datetime(2016, 12, 31, 23, 59, 55, tzinfo=UTC).timestamp()
    means = {name: SAMPLE[name].drop(range(50, 60)).mean() for name in MEANS}
    told = ["10 rows without a time dropped: '2016-12-31T23:59:60.000Z'"]
    hold(found, {"samples": N - 10, "first": start, "features": means, "notes": told})


@pytest.mark.parametrize("rows", [1, 2])
def test_the_shortest_recordings_are_read(write, rows):
    """One row has no rate."""
    [found] = inspected(write("a.csv", SAMPLE.head(rows).to_csv(index=False)))
    features = {name: SAMPLE[name].head(rows).mean() for name in MEANS}
    rate = 10.0 if rows == 2 else None
    hold(found, {"samples": rows, "rate_hz": rate, "first": T0, "features": features})


def test_sessions_in_words_are_recordings_of_their_own(write):
    """Named after the file and the word."""
    found = inspected(write("a.csv", column("session", ["warm"] * 80 + ["cold"] * 120)))
    assert [one["name"] for one in found] == ["a.csv:warm", "a.csv:cold"]
    assert [one["samples"] for one in found] == [80, 120]
    assert found[1]["features"]["temp"]["mean"] == pytest.approx(SAMPLE["temp"][80:].mean())


def test_files_of_an_archive_are_recordings_of_their_own(write):
    """In the order of their names."""
    half = SAMPLE.to_csv(index=False).splitlines(keepends=True)
    parts = {"b.csv": "".join(half[:1] + half[101:]), "a.csv": "".join(half[:101])}
    found = inspected(write("a.zip", archive(**parts)))
    assert [one["samples"] for one in found] == [100, 100]
    assert [one["first"] for one in found] == [T0, pytest.approx(T0 + 10)]


def test_the_rate_of_the_file_gives_way_to_the_one_asked_for(write, tmp_path):
    """And that is told."""
    soundfile.write(tmp_path / "a.wav", np.zeros((N, 1)) + 0.5, 1000)
    [found] = inspected(tmp_path / "a.wav", "--rate", "10")
    assert found["rate_hz"] == pytest.approx(10.0)
    assert "the file says 1000 Hz, read at 10 Hz as asked" in found["notes"]
