"""Tables as readers hand them, and what is read of them."""

import numpy as np
import pandas as pd

from detector.sessions.recordings.contract import NO_HINTS, Table
from detector.sessions.tables.read import read_tables

N, FIRST, PERIOD_S = 200, 1_772_366_400.0, 0.1  # 2026-03-01T12:00:00Z
ROWS = np.arange(N)
TS = FIRST + ROWS * PERIOD_S
ACC = np.round(np.sin(ROWS / 7), 4)
DATES = pd.to_datetime(TS, unit="s", utc=True).round("ms")


def frame(ts=TS, name="ts", **columns):
    """Rows of a time, ``acc`` and what else is told."""
    return pd.DataFrame({name: ts, "acc": ACC[: len(ts)], **columns})


def read(*chunks, hints=NO_HINTS, features=None, **told):
    """The one table of a file."""
    [found] = read_tables(iter([Table(iter(chunks), **told)]), "a.csv", hints, features)
    return found


def read_one(*chunks, **told):
    """The one stretch of a table, with the table."""
    table = read(*chunks, **told)
    [stretch] = table.stretches
    return table, stretch
