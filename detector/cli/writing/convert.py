"""``convert``: recorded files of any kind as one plain file, which every program reads."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import pandas as pd

from detector.cli.reading_options import hints_of
from detector.cli.writing.outputs import refuse_input, refuse_out, write_table
from detector.errors import ExportError
from detector.sessions.files import Recording, find_files, read_recordings
from detector.text import counted

LABEL = "label"
OWN = ("ts", "session", LABEL)  # columns beside the features


def convert(args: argparse.Namespace) -> str:
    """Write times, features, and where there are any sessions and labels.

    Raises:
        ExportError: If the file cannot be written, or a feature has the name of another column.
        SessionFileError: If a file cannot be read.
    """
    refuse_out(args.out, is_forced=args.force)
    refuse_input(args.out, find_files(args.files))
    recordings = list(read_recordings(args.files, hints=hints_of(args)))
    table = table_of(recordings)
    write_table(table, args.out)
    features = len(table.columns.difference(OWN))
    return (
        f"written: {args.out}, {counted(len(table), 'sample')} in "
        f"{counted(len(recordings), 'recording')}, {counted(features, 'feature')}"
    )


def table_of(recordings: Sequence[Recording]) -> pd.DataFrame:
    """Samples of all recordings below each other, by the columns that sessions have.

    Raises:
        ExportError: If a feature has the name of another column.
    """
    parts = [_part(one, is_named=len(recordings) > 1) for one in recordings]
    table = pd.concat(parts, ignore_index=True)
    if LABEL in table:
        table[LABEL] = table.pop(LABEL).astype("Int8")
    return table


def _part(recording: Recording, *, is_named: bool) -> pd.DataFrame:
    samples = recording.samples
    if clash := sorted(set(OWN) & set(samples.features)):
        raise ExportError(
            f"{recording.name}: a feature is named {', '.join(clash)}, as the time, the session or "
            "the label is here; allowed: another name, such as by --columns"
        )
    table = pd.DataFrame(samples.values, columns=list(samples.features))
    table.insert(0, "ts", samples.ts)
    if is_named or samples.session is not None:
        table.insert(1, "session", recording.name if is_named else samples.session)
    if recording.label is not None:
        table[LABEL] = recording.label.astype(int)
    return table
