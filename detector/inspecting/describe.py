"""From a recording to what can be said of it; and what recordings say of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.inspecting.measures.numbers import Numbers
from detector.inspecting.measures.seen import look
from detector.inspecting.measures.speed import Running
from detector.inspecting.measures.timing import Timing
from detector.inspecting.rules.contract import Advice
from detector.inspecting.rules.table import advise
from detector.records import Flags
from detector.sessions.files import Findings, Recording
from detector.text import listed

SAME_RATE = 0.1  # of the rate; more differs too much to be trained on together
BLOCKS = 5  # held out in turn


@dataclass(frozen=True, slots=True)
class Labels:
    """Labelled faults.

    Attributes:
        samples: Labelled ones.
        stretches: Runs of them.
    """

    samples: int
    stretches: int


@dataclass(frozen=True, slots=True)
class Description:
    """A recording without its samples.

    Attributes:
        name: Of the recording.
        found: What reading it found.
        samples: Rows.
        first: Time of the first sample, UTC seconds; 0 where the file has no date.
        duration_s: From the first to the last sample.
        timing: Of its clock.
        numbers: By feature, the running signal included, in the file's order.
        labels: None where the file has none.
        running: What its running signal says; None without one.
        window: Samples that training would choose from it, and why; None where it can't be said.
        advice: What the rules say, of the recording first.
    """

    name: str
    found: Findings
    samples: int
    first: float
    duration_s: float
    timing: Timing
    numbers: dict[str, Numbers]
    labels: Labels | None
    running: Running | None
    window: tuple[int, str] | None
    advice: tuple[Advice, ...]


def describe(recording: Recording) -> Description:
    """Measure a recording and ask every rule about it.

    Args:
        recording: With at least one sample.
    """
    seen, ts = look(recording), recording.samples.ts
    return Description(
        name=recording.name,
        found=recording.found,
        samples=len(ts),
        first=float(ts[0]) if recording.found.has_date else 0.0,
        duration_s=float(ts[-1] - ts[0]),
        timing=seen.timing,
        numbers={column.name: column.numbers for column in seen.columns},
        labels=_labels(recording.label),
        running=seen.running,
        window=seen.window,
        advice=tuple(advise(seen)),
    )


def compare(described: Sequence[Description]) -> list[Description]:
    """Add to each recording what the others show of it."""
    if not described:
        return []
    usual_hz, usual = _usual_rate(described), _usual_features(described)
    longest = max(described, key=lambda one: max(one.timing.sessions, default=0))
    added = []
    for one in described:
        told = {
            "mixed-rates": _other_rate(one, usual_hz),
            "other-features": _other_features(one, usual),
            "too-short": _too_short(one, described) if one is longest else None,
        }
        more = tuple(Advice(rule, None, text) for rule, text in told.items() if text)
        added.append(replace(one, advice=one.advice + more))
    return added


def _labels(label: Flags | None) -> Labels | None:
    if label is None:
        return None
    starts = label & ~np.concatenate([[False], label[:-1]])
    return Labels(int(label.sum()), int(starts.sum()))


def _usual_rate(described: Sequence[Description]) -> float | None:
    """The rate of the recording in the middle."""
    rates = sorted(one.timing.rate_hz for one in described if one.timing.rate_hz)
    return rates[len(rates) // 2] if rates else None


def _usual_features(described: Sequence[Description]) -> frozenset[str]:
    shapes = [frozenset(one.numbers) for one in described]
    return max(shapes, key=shapes.count)


def _other_rate(one: Description, usual_hz: float | None) -> str | None:
    rate_hz = one.timing.rate_hz
    if rate_hz is None or usual_hz is None or abs(usual_hz / rate_hz - 1) <= SAME_RATE:
        return None
    return (
        f"sampled at {rate_hz:.4g} Hz, others at {usual_hz:.4g} Hz: training refuses them "
        "together, a model has one rate"
    )


def _other_features(one: Description, usual: frozenset[str]) -> str | None:
    more, fewer = sorted(set(one.numbers) - usual), sorted(usual - set(one.numbers))
    if not more and not fewer:
        return None
    parts = [f"without {listed(fewer)}"] * bool(fewer) + [f"with {listed(more)}"] * bool(more)
    return (
        f"{' and '.join(parts)}, unlike the other recordings: training refuses them together; "
        "--features names those that all have"
    )


def _too_short(one: Description, described: Sequence[Description]) -> str | None:
    """Whether blocks can be held out, as ``detector/training/fitting/calibrate.py`` asks for."""
    if one.window is None:
        return None
    length = one.window[0]
    lengths = [n for each in described for n in each.timing.sessions if n >= length]
    longest = max(lengths, default=0)
    if not lengths or len(lengths) > 1 or longest >= 2 * BLOCKS * length:
        return None
    return (
        f"too short to train on alone: one session of {longest} samples, to hold {BLOCKS} blocks "
        f"out it needs {2 * BLOCKS * length} (windows of {length}); record more, or several "
        "sessions"
    )
