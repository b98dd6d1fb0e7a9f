"""``score``: recorded sessions through a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from detector.cli.models.score_report import told
from detector.cli.reading_options import hints_of
from detector.cli.writing.outputs import refuse_input, refuse_out, write_table
from detector.commissioning.recorded import own_of_file
from detector.errors import CommissionError
from detector.normal.level import Own
from detector.records import Frame
from detector.scoring.bundle import Bundle, load_bundle
from detector.scoring.files import frames_to_table, score_file
from detector.scoring.runtimes.choice import refuse_missing, refuse_no_gpu
from detector.sessions.files import find_files
from detector.text import inert


def score(args: argparse.Namespace) -> str:
    """Score session files into one CSV or Parquet file; an older result is replaced.

    Raises:
        BundleError: If the model cannot be loaded.
        CommissionError: If nothing can be learnt of the machine's own level.
        ExportError: If the file cannot be written.
        SessionFileError: If a file cannot be read or does not fit the model.
        SettingsError: If the runtime or the device asked for is not there.
    """
    _refuse_options(args)
    refuse_out(args.out, is_forced=True)
    refuse_missing(args.runtime)
    refuse_no_gpu(args.device, args.runtime)
    bundle = load_bundle(args.model, args.runtime, args.device)
    own, doubts = _commissioned(bundle, args)
    files = find_files(args.files)
    refuse_input(args.out, files)
    scored = list(_scored(bundle, files, args, own))
    table = pd.concat(_tables(scored), ignore_index=True)
    write_table(table, args.out)
    lines = [*told(table, bundle), f"scored on {bundle.place}", *doubts]
    return f"written: {args.out}, " + "\n".join(lines)


def _refuse_options(args: argparse.Namespace) -> None:
    if args.anyway != bool(args.why):
        raise CommissionError("--anyway and --why, allowed: both, or neither")
    if args.anyway and args.commissioning is None:
        raise CommissionError("--anyway without --commissioning, allowed: both, or neither")


def _commissioned(bundle: Bundle, args: argparse.Namespace) -> tuple[Own | None, list[str]]:
    """The machine's own normal, and what is to be said of it, a line each."""
    if args.commissioning is None:
        return None, []
    learnt = own_of_file(bundle, args.commissioning, hints_of(args))
    doubts = f"{args.commissioning.name}: {'; '.join(learnt.doubts)}"
    if learnt.doubts and not args.anyway:
        raise CommissionError(f"{doubts}; or: another stretch, or --anyway with --why")
    return learnt.own, [inert(f"careful: {doubts}; used anyway: {args.why}")] * bool(learnt.doubts)


def _scored(
    bundle: Bundle, files: list[Path], args: argparse.Namespace, own: Own | None
) -> Iterator[list[Frame]]:
    """The frames of one recording after the other."""
    is_hidden = len(files) < 2 or not sys.stderr.isatty()
    for path in tqdm(files, unit="file", leave=False, disable=is_hidden):
        yield from score_file(bundle, path, args.threshold, hints_of(args), own)


def _tables(scored: list[list[Frame]]) -> Iterator[pd.DataFrame]:
    """One a recording, which names it where there are several."""
    for frames in scored:
        table = frames_to_table(frames)
        if len(scored) > 1:
            table.insert(1, "session", frames[0].device)
        yield table
