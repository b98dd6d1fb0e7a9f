"""Recorded sessions through the same stream as live samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from detector.errors import SessionFileError
from detector.normal.level import Own
from detector.records import Frame
from detector.scoring.bundle import CPU, Bundle
from detector.scoring.front_stream import stream_for
from detector.scoring.rate import rate_misfit
from detector.scoring.stream import score_samples
from detector.sessions.files import NO_HINTS, Hints, Recording, read_recordings
from detector.settings.sessions import SessionSettings

CHUNK = 256
CHUNK_ON_GPU = 4096  # its cores want more at once; what a call waits for is the same


def score_file(
    bundle: Bundle,
    path: Path,
    threshold: float = 1.0,
    hints: Hints = NO_HINTS,
    own: Own | None = None,
) -> Iterator[list[Frame]]:
    """Score a session file; yields the frames of each recording in it.

    Args:
        bundle: The model.
        path: Of the file; ``-`` is the standard input.
        threshold: Score of an anomaly.
        hints: What the file does not say itself.
        own: The machine's own normal.

    Raises:
        SessionFileError: If the file is unreadable or does not fit the model.
    """
    for recording in read_recordings([path], hints=hints):
        yield score_recording(bundle, recording, threshold, own)


def score_recording(
    bundle: Bundle, recording: Recording, threshold: float = 1.0, own: Own | None = None
) -> list[Frame]:
    """Score one recording as if it came from a device of its name.

    Raises:
        SessionFileError: If its features or its rate do not fit the model.
    """
    samples = recording.samples
    refuse_unfit(bundle, recording)
    stream = stream_for(
        recording.name,
        samples.features,
        bundle,
        SessionSettings(),
        threshold=threshold,
        own=own,
    )
    chunk = CHUNK if bundle.place == CPU else CHUNK_ON_GPU
    frames = score_samples(stream, samples, chunk=chunk, arrival=float(samples.ts[-1]))
    misfit = rate_misfit(stream.rate.rate_hz, bundle.document.input_period_s)
    if misfit is not None:
        raise SessionFileError(f"{recording.name}: {bundle.name} {misfit}")
    return frames


def refuse_unfit(bundle: Bundle, recording: Recording) -> None:
    """Refuse a recording that lacks what a model needs.

    Raises:
        SessionFileError: If it does.
    """
    samples = recording.samples
    running = bundle.document.running
    needed = [*dict.fromkeys([*bundle.channels, *([running.feature] if running else [])])]
    missing = [name for name in needed if name not in samples.features]
    if missing:
        raise SessionFileError(
            f"{recording.name}: no column {', '.join(missing)}; found "
            f"{', '.join(samples.features)}; {bundle.name} needs {', '.join(needed)}"
        )


def frames_to_table(frames: list[Frame]) -> pd.DataFrame:
    """One row per sample: times, features, reconstructions, score, threshold, anomaly."""
    features = frames[0].features
    table: dict[str, np.ndarray] = {"ts": np.concatenate([frame.ts for frame in frames])}
    values = np.concatenate([frame.values for frame in frames])
    reconstruction = np.concatenate([frame.reconstruction for frame in frames])
    table |= {name: values[:, i] for i, name in enumerate(features)}
    table |= {
        f"{name}_reconstruction": reconstruction[:, i]
        for i, name in enumerate(features)
        if np.isfinite(reconstruction[:, i]).any()
    }
    table["score"] = np.concatenate([frame.score for frame in frames])
    table["mse"] = np.concatenate([frame.mse for frame in frames])
    table["threshold"] = np.concatenate([np.full(len(f.ts), f.threshold) for f in frames])
    table["anomaly"] = np.concatenate([frame.anomaly for frame in frames]).astype(int)
    return pd.DataFrame(table)
