"""Trained models on disk as their ``bundle.json`` tells them; no weights are read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

MODELS, DOCUMENT = Path("models"), "bundle.json"
LARGEST = 20 << 20  # bytes


class Named(msgspec.Struct, frozen=True):
    """A feature."""

    name: str
    unit: str = ""


class Placed(msgspec.Struct, frozen=True):
    """How the threshold was found, and on how much data it rests."""

    method: str
    windows: int
    hours: float
    false_alarms_per_day_bound: float


class Learnt(msgspec.Struct, frozen=True):
    """What it was learnt from."""

    data_hash: str
    sessions: int
    samples: int
    hours: float
    seed: int
    steps: int


class Rule(msgspec.Struct, frozen=True):
    """Where errors become a score."""

    threshold: float = 1.0
    judges: str = "terms"


class Running(msgspec.Struct, frozen=True):
    """What tells that the machine runs."""

    feature: str
    min: float
    max: float | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a bundle's document that people read."""

    network: str
    features: tuple[Named, ...]
    window: int
    stride: int
    sampling_period_s: float
    calibration: Placed
    training: Learnt
    score: Rule
    metrics: dict[str, float]
    versions: dict[str, str]
    running: Running | None = None
    commission_s: float = 0.0
    commissioned: dict[str, Any] | None = None


class Bundle(msgspec.Struct, frozen=True):
    """One folder.

    Attributes:
        folder: As the settings name it.
        told: None where it cannot be read.
        reason: Why, then.
    """

    folder: Path
    told: Told | None
    reason: str = ""

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.folder.name

    @property
    def can_be_commissioned(self) -> bool:
        """Whether single machines may have a level of their own on top of it."""
        return self.told is not None and self.told.commissioned is not None


def found(named: Iterable[Path]) -> list[Bundle]:
    """Those that rules name, and all beside the shipped ones, by their paths."""
    beside = (path.parent for path in MODELS.glob(f"*/{DOCUMENT}"))
    return [read(folder) for folder in sorted({*named, *beside})]


def read(folder: Path) -> Bundle:
    """Read one; the same file is read once."""
    try:
        at = (folder / DOCUMENT).stat()
    except OSError as error:
        return Bundle(folder, None, error.strerror or "cannot be read")
    return _read(folder, at.st_mtime_ns, at.st_size)


@lru_cache(maxsize=256)
def _read(folder: Path, _changed: int, size: int) -> Bundle:
    if size > LARGEST:
        return Bundle(folder, None, f"{size} bytes, allowed: {LARGEST}")
    try:
        told = msgspec.json.decode((folder / DOCUMENT).read_bytes(), type=Told)
    except OSError as error:
        return Bundle(folder, None, error.strerror or "cannot be read")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Bundle(folder, None, str(error))
    return Bundle(folder, told)
