"""The sample recording as text, in the many ways in which people's programs write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from tests.support.sessions.recordings import SAMPLE, SIGNALS, T0

TS = SAMPLE["ts"].tolist()
NOON = datetime.fromtimestamp(T0, UTC).replace(tzinfo=None)


def cells(times, decimal="."):
    """Rows of text: a time, ``acc_x``, ``temp``."""
    signals = SAMPLE[SIGNALS].to_numpy().tolist()
    texts = [[f"{value:.4f}".replace(".", decimal) for value in row] for row in signals]
    parted = ([time] if isinstance(time, str) else time for time in times)
    return [[*time, *row] for time, row in zip(parted, texts, strict=True)]


def text(
    times, header="ts,acc_x,temp", sep=",", *, decimal=".", end="\n", top="", units="", quote=""
):
    """A delimited file.

    Args:
        times: One a row: the text of it, or those of its columns.
        header: With commas, which become the separator; empty for none.
        sep: Between cells.
        decimal: The mark in numbers.
        end: Of a line.
        top: Lines above all, ended.
        units: A row of them below the header, with commas.
        quote: Around each cell.
    """
    rows = [row.split(",") for row in (header, units) if row] + cells(times, decimal)
    lines = [sep.join(f"{quote}{cell}{quote}" for cell in row) for row in rows]
    return top + end.join(lines) + end


def dates(form, start=NOON, step_s=0.1):
    """A date a row by a format of ``strftime``, in which ``%3`` are milliseconds."""
    steps = [start + timedelta(seconds=round(k * step_s, 6)) for k in range(len(TS))]
    return [one.strftime(form.replace("%3", f"{one.microsecond // 1000:03d}")) for one in steps]


def numbers(scale=1.0, offset=0.0, form="{:.0f}"):
    """Seconds since 1970 in another unit, after adding an offset in seconds."""
    return [form.format(value) for value in (np.round(np.array(TS), 1) + offset) * scale]
