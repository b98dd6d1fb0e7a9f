"""What a new model will see and what it will not, in sentences, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.adopting.machine.activity import State
from detector.adopting.machine.normal import Normal
from detector.scoring.bundle import Bundle
from detector.sessions.window_length import waveform
from detector.text import plain, span
from detector.training.lab.cases import Case
from detector.training.lab.evaluate import summary_of
from detector.training.lab.metrics import LabelledScores, delays_of

MOSTLY = 2 / 3  # of the faults of a kind found count as seen
BEARINGS_HZ = 2000.0  # a sampling rate below this is too slow for what bearings and gears add
SHORT_H = 1.0
NAMED = 4  # features whose sigma is told


@dataclass(frozen=True, slots=True)
class Seen:
    """Faults of one family that were put in, and those that raised an alarm.

    Attributes:
        family: Of sensor faults.
        found: By severity 0..1, lowest first: found, of how many.
    """

    family: str
    found: dict[float, tuple[int, int]]

    @property
    def from_severity(self) -> float | None:
        """The lowest from which on it is seen; None where not even the strongest is."""
        lowest = None
        for severity, (found, count) in sorted(self.found.items(), reverse=True):
            if found < MOSTLY * count:
                break
            lowest = severity
        return lowest


def sight_of(cases: Sequence[Case], judged: Sequence[LabelledScores]) -> tuple[Seen, ...]:
    """Count what was found, by family and severity."""
    counted: dict[str, dict[float, tuple[int, int]]] = {}
    for case, scores in zip(cases, judged, strict=True):
        for event, delay in zip(case.events, delays_of(scores), strict=True):
            by_severity = counted.setdefault(event.family, {})
            found, count = by_severity.get(event.severity or 0.0, (0, 0))
            by_severity[event.severity or 0.0] = (found + (delay is not None), count + 1)
    return tuple(Seen(family, dict(sorted(counted[family].items()))) for family in sorted(counted))


def sees(seen: Sequence[Seen], normal: Normal) -> list[str]:
    """Sentences on sensor faults."""
    if not seen:
        return [
            "what it sees is not known: the machine never ran long enough without a stop to try it"
        ]
    known = [one for one in seen if one.from_severity is not None]
    unknown = [one for one in seen if one.from_severity is None]
    lines = [
        f"sees {_named(one)} from severity {one.from_severity:g} ({_counts(one)})"
        for one in sorted(known, key=lambda one: one.from_severity or 0.0)
    ]
    lines += [f"{_seldom(one)} {_named(one)} ({_counts(one)})" for one in unknown]
    return [*lines, _sigmas(normal)]


def limits(normal: Normal, bundle: Bundle) -> list[str]:
    """Sentences on what cannot be promised."""
    found = bundle.document.calibration
    lines = [
        f"its threshold rests on {span(3600 * found.hours)} of running: that allows up to "
        f"{plain(found.false_alarms_per_day_bound)} false alarms a day (95 % bound)"
    ]
    if found.hours < SHORT_H:
        lines.append("what changes over hours (load, weather, warm-up) was not seen and may raise "
                     "alarms; adopt it again from a longer stretch when there is one")  # fmt: skip
    if normal.rate_hz < BEARINGS_HZ:
        lines.append(
            f"at {normal.rate_hz:.3g} Hz nothing above {normal.rate_hz / 2:.3g} Hz "
            "is in the samples, so early damage of bearings and gears is not seen"
        )
    if (wave := waveform(bundle.document.window, 1 / normal.rate_hz)) is not None:
        lines.append(wave)
    return [*lines, *_unseen_states(normal, bundle)]


def _unseen_states(normal: Normal, bundle: Bundle) -> list[str]:
    signal, idle = normal.dataset.signal, normal.activity.shares[State.IDLE]
    if signal is not None:
        return [f"judges only where {normal.activity.by}; any other state is not judged"]
    if bundle.document.lowest_log_rms is not None:
        return ["judges only while the signal is loud enough to be that of running; a fault that "
                "makes all of it quiet is taken for a standstill"]  # fmt: skip
    if idle == 0.0:
        return ["a standstill was not in the stretch: the first one will look like a fault"]
    return []


def _named(seen: Seen) -> str:
    return f"{seen.family} ({summary_of(seen.family)})"


def _seldom(seen: Seen) -> str:
    is_ever = any(found for found, _ in seen.found.values())
    return "sees now and then, but not reliably," if is_ever else "does not see"


def _counts(seen: Seen) -> str:
    return ", ".join(f"{found} of {count} at {severity:g}"
                     for severity, (found, count) in seen.found.items())  # fmt: skip


def _sigmas(normal: Normal) -> str:
    """What a sigma is in the features' own units, for the sentences above."""
    running = np.concatenate([s.values[s.running] for s in normal.dataset.sessions])
    sizes = running.astype(np.float64).std(axis=0)
    told = [
        f"{size:.3g} {normal.units.get(name, '')}".strip() + f" of {name}"
        for name, size in zip(normal.dataset.features[:NAMED], sizes, strict=False)
    ]
    more = " …" if len(normal.dataset.features) > NAMED else ""
    return f"severity 1 is what stands in brackets; a sigma is {', '.join(told)}{more}"
