"""A recording as its rules see it: the samples, and what was measured of them once for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.errors import TrainingError
from detector.inspecting.measures.numbers import Numbers, numbers_of
from detector.inspecting.measures.spectra import Spectrum, segments_of, spectrum_of
from detector.inspecting.measures.speed import Running, in_state, running_of
from detector.inspecting.measures.timing import Timing, timing_of
from detector.records import Values
from detector.sessions.files import RUNNING_COLUMNS, Recording
from detector.sessions.window_length import USED, default_window


@dataclass(frozen=True, slots=True)
class Column:
    """One feature.

    Attributes:
        name: As in the file.
        unit: Empty where the file tells none.
        values: Shape (n,), a view.
        numbers: What was measured of them.
        spectrum: While the machine runs; None where too few segments are whole.
        at_rest: The same while it stands.
    """

    name: str
    unit: str
    values: Values
    numbers: Numbers
    spectrum: Spectrum | None
    at_rest: Spectrum | None

    @property
    def is_signal(self) -> bool:
        """Whether a model would see it; a running signal is none."""
        return self.name not in RUNNING_COLUMNS

    @property
    def varies(self) -> bool:
        """Whether more than one value is known."""
        return self.is_signal and self.numbers.levels > 1


@dataclass(frozen=True, slots=True)
class Seen:
    """One recording.

    Attributes:
        recording: With its samples.
        timing: Of its clock.
        running: What its running signal says; None without one.
        window: Samples that training would choose, and why; None where nothing can be said.
        columns: Of its features, the running signal included.
    """

    recording: Recording
    timing: Timing
    running: Running | None
    window: tuple[int, str] | None
    columns: tuple[Column, ...]

    @property
    def n(self) -> int:
        """Samples."""
        return len(self.recording.samples)

    @property
    def signals(self) -> list[Column]:
        """The columns that a model would see and that vary."""
        return [column for column in self.columns if column.varies]


def look(recording: Recording) -> Seen:
    """Measure a recording."""
    samples, found = recording.samples, recording.found
    timing = timing_of(samples, found.rate_hz)
    running = running_of(samples, timing.period_s)
    columns = _columns(recording, timing, running)
    return Seen(recording, timing, running, _window(columns, timing, running), columns)


def _columns(recording: Recording, timing: Timing, running: Running | None) -> tuple[Column, ...]:
    samples, units, period_s = recording.samples, recording.found.units, timing.period_s or 1.0
    at = segments_of(samples, period_s, running)
    columns = []
    for name, values in zip(samples.features, samples.values.T, strict=True):
        runs = spectrum_of(values, at.runs, at.length, period_s)
        stands = spectrum_of(values, at.stands, at.rest_length, period_s)
        columns.append(Column(name, units.get(name, ""), values, numbers_of(values), runs, stands))
    return tuple(columns)


def _window(
    columns: tuple[Column, ...], timing: Timing, running: Running | None
) -> tuple[int, str] | None:
    """As training chooses it, from the longest stretch of running without a hole."""
    signals = [column.values for column in columns if column.varies]
    if not timing.rate_hz or not signals:
        return None
    if running is not None and running.rpm:
        return default_window([], 1 / timing.rate_hz, running.rpm)
    signal = next((c.values for c in columns if running and c.name == running.feature), None)
    stretch = _whole(signals, signal, running)
    try:
        return default_window([stretch], 1 / timing.rate_hz)
    except TrainingError:
        return None


def _whole(signals: list[Values], signal: Values | None, running: Running | None) -> Values:
    """The longest stretch near the middle of all where nothing is missing; shape (k, F)."""
    usable = np.isfinite(signals[0])
    for values in signals[1:]:
        usable &= np.isfinite(values)
    if signal is not None and running is not None:
        usable &= in_state(signal, running, runs=True)
    edges = np.flatnonzero(np.diff(usable, prepend=False, append=False))
    if not len(edges):
        return np.empty((0, len(signals)), np.float32)
    starts, ends = edges[::2], edges[1::2]
    longest = int((ends - starts).argmax())
    part = slice(starts[longest], min(ends[longest], starts[longest] + USED))
    return np.column_stack([values[part] for values in signals])
