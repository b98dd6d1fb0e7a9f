"""``inspect``: what is in recorded files, and what is left out and why."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from detector.cli.reading_options import hints_of
from detector.cli.tables import as_json
from detector.sessions.files import Recording, read_recordings
from detector.sessions.segments import median_period


def inspect(args: argparse.Namespace) -> str:
    """Read files and describe each recording.

    Raises:
        SessionFileError: If a file cannot be read.
    """
    return as_json([_object(one) for one in read_recordings(args.files, hints=hints_of(args))])


def _object(recording: Recording) -> dict[str, Any]:
    samples, found = recording.samples, recording.found
    period = median_period(samples.ts)
    return {
        "file": found.file,
        "name": recording.name,
        "format": found.format,
        "samples": len(samples),
        "rate_hz": None if period is None else round(1 / period, 6),
        "first": float(samples.ts[0]) if found.has_date else 0.0,
        "features": {
            name: _feature(samples.values[:, f].astype(np.float64), found.units.get(name))
            for f, name in enumerate(samples.features)
        },
        "labels": None if recording.label is None else int(recording.label.sum()),
        "left_out": found.left_out,
        "notes": list(found.notes),
    }


def _feature(values: np.ndarray, unit: str | None) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    mean, low, high = (
        (float(known.mean()), float(known.min()), float(known.max()))
        if len(known)
        else (None, None, None)
    )
    missing = len(values) - len(known)
    return {"unit": unit, "mean": mean, "min": low, "max": high, "missing": missing}
