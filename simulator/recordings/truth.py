"""Ground truth: which faults a session file has in it, as a JSON document beside the file.

``a.csv`` has its truth in ``a.truth.json``. Times are seconds on the clock of the file's time
column (since 1970 for dates), as it would be without faults of the clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.recordings.files import replacing

Array = NDArray[np.float64]

SUFFIX = ".truth.json"
ALL = "all"  # as an axis: more than one feature, or the clock
UNKNOWN = "unknown"  # as a family: labelled by whoever recorded it
TOLERANCE = 0.25  # of a sampling period: files round their times

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Episode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fault.

    Attributes:
        family: Name of the fault, ``unknown`` where only a label tells of it.
        axis: Feature it is on, or ``all``.
        start: Time of the first faulty sample, s.
        full: When full severity is reached, s; ``start`` without a ramp.
        end: Time of the first sample after it, s.
        severity: 0..1; None if unknown.
        seed: Decided its chance; None if unknown.
    """

    family: str
    axis: str
    start: float
    full: float
    end: float
    severity: Share | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        """Refuse times out of order."""
        if not self.start <= self.full <= self.end:
            raise ValueError(
                f"start {self.start:g}, full {self.full:g}, end {self.end:g}; "
                "allowed: start <= full <= end"
            )


class Benign(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something normal that must not alarm, such as a load step, from ``start`` to ``end`` s."""

    name: str
    start: float
    end: float

    def __post_init__(self) -> None:
        """Refuse an end before the start."""
        if not self.start <= self.end:
            raise ValueError(f"start {self.start:g}, end {self.end:g}; allowed: start <= end")


class Truth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that is known of one session file.

    Attributes:
        file: Name of the session file.
        seed: Decided the session; None if it was recorded.
        rpm: Rated speed, 1/min.
        sensor: Name of the sensor's preset.
        episodes: Faults, in order of time.
        benign: Normal events, in order of time.
    """

    file: str
    seed: int | None = None
    rpm: float | None = None
    sensor: str | None = None
    episodes: tuple[Episode, ...] = ()
    benign: tuple[Benign, ...] = ()


@dataclass(frozen=True)
class Placed:
    """An episode among the rows of its file: ``first``..``last - 1``, full severity at ``full``."""

    episode: Episode
    first: int
    full: int
    last: int


def path_of(file: Path) -> Path:
    """Return where the truth of a session file stands; the path of a truth is its own."""
    return file if file.name.endswith(SUFFIX) else file.with_suffix(SUFFIX)


def write(file: Path, truth: Truth) -> None:
    """Write the truth of a session file beside it; the document appears complete or not at all.

    Raises:
        SimulatorError: If it cannot be written.
    """
    with replacing(path_of(file)) as out:
        text = msgspec.json.encode(truth, enc_hook=_plain_number)
        out.write(msgspec.json.format(text, indent=2).decode() + "\n")


def _plain_number(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} in a ground truth; allowed: numbers and text")


def read(file: Path) -> Truth:
    """Read the truth beside a session file.

    Raises:
        SimulatorError: If there is none, or not one of this form.
    """
    path = path_of(file)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Truth)
    except OSError as error:
        raise SimulatorError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SimulatorError(f"{path}: no ground truth: {error}") from error


def find(file: Path) -> Truth | None:
    """Read the truth beside a session file, if there is one.

    Raises:
        SimulatorError: If it is there but cannot be read.
    """
    return read(file) if path_of(file).exists() else None


def period_s(ts: Array) -> float:
    """Return the usual time between two samples, s; 1 for a single one."""
    steps = np.diff(ts)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 1.0


def time_at(ts: Array, row: int) -> float:
    """Return the time of a row, or of the one that would follow the last, s."""
    return float(ts[row]) if row < len(ts) else float(ts[-1]) + period_s(ts)


def from_label(ts: Array, label: Array | None) -> tuple[Episode, ...]:
    """Read episodes of an unknown family off a label, 0 or 1 per sample, shape (n,)."""
    return tuple(
        Episode(
            family=UNKNOWN,
            axis=ALL,
            start=float(ts[first]),
            full=float(ts[first]),
            end=max(time_at(ts, last), float(ts[first])),
        )
        for first, last in runs(label)
    )


def runs(label: Array | None) -> list[tuple[int, int]]:
    """Return the first row of each labelled range and the row after it."""
    if label is None:
        return []
    edges = np.diff(np.concatenate([[0], (label > 0).astype(int), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def place(episodes: Iterable[Episode], ts: Array, label: Array | None) -> tuple[Placed, ...]:
    """Find the rows of episodes; those of which no row is in the file are left out.

    Rows are found by their times, and where times jump back or are faulty by the label's ranges,
    taken in order.
    """
    ordered = sorted(episodes, key=lambda episode: episode.start)
    faulty_clock = any(episode.family == "clock" for episode in ordered)
    if label is not None and (faulty_clock or np.any(np.diff(ts) < 0)):
        return _by_label(ordered, runs(label), ts)
    found = [
        Placed(
            episode, *(int(row) for row in _rows(ts, (episode.start, episode.full, episode.end)))
        )
        for episode in ordered
    ]
    return tuple(placed for placed in found if placed.first < placed.last)


def _by_label(
    ordered: Sequence[Episode], ranges: Sequence[tuple[int, int]], ts: Array
) -> tuple[Placed, ...]:
    period = period_s(ts)
    placed = []
    for episode, (first, last) in zip(ordered, ranges, strict=False):
        ramp = round((episode.full - episode.start) / period)
        placed.append(Placed(episode, first, min(first + ramp, last), last))
    return tuple(placed)


def _rows(ts: Array, times: tuple[float, ...]) -> NDArray[np.int64]:
    return np.searchsorted(ts, np.asarray(times) - TOLERANCE * period_s(ts))
