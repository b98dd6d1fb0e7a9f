"""``score``: recorded sessions through a model."""

from __future__ import annotations

import argparse

import pandas as pd
from tqdm import tqdm

from detector.errors import SessionFileError
from detector.scoring.bundle import load_bundle
from detector.scoring.files import frames_to_table, score_file
from detector.sessions.files import find_files


def score(args: argparse.Namespace) -> str:
    """Score session files into one CSV or Parquet file."""
    bundle = load_bundle(args.model)
    tables = []
    files = find_files(args.files)
    for path in tqdm(files, unit="file", disable=None if len(files) > 1 else True):
        tables += [frames_to_table(found) for found in score_file(bundle, path, args.threshold)]
    table = pd.concat(tables, ignore_index=True)
    try:
        if args.out.suffix == ".parquet":
            table.to_parquet(args.out, index=False)
        else:
            table.to_csv(args.out, index=False)
    except OSError as error:
        raise SessionFileError(f"{args.out}: cannot be written ({error.strerror})") from None
    anomalies = int(table["anomaly"].sum())
    return f"written: {args.out}, {len(table)} samples, {anomalies} anomalies"
