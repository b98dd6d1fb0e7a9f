"""Simulated motors that no model has seen: sessions with faults, and hours of health."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from detector.errors import CommissionError
from detector.scoring.bundle import Bundle
from detector.sessions.files import Recording, read_recordings
from detector.training.lab.cases import Case
from detector.training.lab.commissioned import Commissioned, commission_case
from detector.training.lab.evaluate import read_cases
from simulator.faults.inject import FAULTS
from simulator.machines.designs import design_for
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.sensor import Probe
from simulator.machines.visibility import View, look
from simulator.recordings.catalogue import Catalogue
from simulator.recordings.generate import write_sessions
from simulator.recordings.session_request import Request

FIRST_SEED = 200_000  # far from the motors trained on, and from those looked at while building
NORMAL_SEED = 300_000
CLOCK = "clock"  # changes times, no value
FAMILIES = tuple(sorted({*MACHINE_FAULTS, *FAULTS}))
SESSION_MIN = 10.0  # of health


@dataclass(frozen=True)
class Motors:
    """What is simulated.

    Attributes:
        rpm: Rated speed, 1/min; the highest one on an inverter.
        lowest_rpm: On an inverter; None: they run at rated speed.
        channels: Written beside acceleration and speed.
        minutes: Of a session of a catalogue.
        first: Seed of the first catalogue.
        families: Of faults.
        onset_s: Seconds a fault takes to grow; None: 0, 5 or 30 by chance.
    """

    rpm: float
    lowest_rpm: float | None
    channels: tuple[str, ...]
    minutes: float
    first: int = FIRST_SEED
    families: tuple[str, ...] = FAMILIES
    onset_s: float | None = None

    def catalogues(
        self, count: int, severities: Callable[[int], tuple[float, ...]]
    ) -> Iterator[list[Case]]:
        """The test parts of so many catalogues, whose faults have the severities of its number."""
        for number in tqdm(range(count), unit="catalogue", leave=False):
            yield self.catalogue(number, severities(number))

    def catalogue(self, number: int, severities: tuple[float, ...]) -> list[Case]:
        """The test part of one catalogue."""
        common = self._request(self.minutes, self.first + 100 * number)
        catalogue = Catalogue(common, test_minutes=self.minutes, speeds=(self.rpm,))
        with tempfile.TemporaryDirectory() as folder:
            for part, request in catalogue.requests():
                if part.endswith("test") and request.fault in {None, *self.families}:
                    chosen = replace(request, severities=severities, ramp_s=self.onset_s)
                    write_sessions(chosen, Path(folder), lambda _: None)
            return list(read_cases([Path(folder)], None))

    def healthy(self, hours: float) -> Iterator[Recording]:
        """Sessions of ``SESSION_MIN``: starts, stops, load steps, sags, warming up, wander."""
        return map(self.health, tqdm(range(sessions_in(hours)), unit="session", leave=False))

    def health(self, number: int) -> Recording:
        """One of them."""
        with tempfile.TemporaryDirectory() as folder:
            request = self._request(SESSION_MIN, NORMAL_SEED + number)
            write_sessions(request, Path(folder), lambda _: None)
            return next(iter(read_recordings([Path(folder)])))

    def _request(self, minutes: float, seed: int) -> Request:
        return Request(
            self.rpm, 1, minutes, seed, lowest_rpm=self.lowest_rpm, channels=self.channels
        )


def sessions_in(hours: float) -> int:
    """How many sessions of health these are."""
    return round(hours * 60 / SESSION_MIN)


def commissioned(
    bundles: Sequence[Bundle], cases: Sequence[Case], minutes: float | None
) -> tuple[list[Case], list[list[Commissioned]]]:
    """Commission the motor of each case on each bundle.

    Args:
        bundles: Each has limits for single machines, unless ``minutes`` is None.
        cases: To be judged.
        minutes: Of running to learn from; None: nothing is learnt.

    Returns:
        The cases but those with too little settled running, which are told on stderr; and per
        bundle what their motors are commissioned with.
    """
    kept, own = [], []
    for case in cases:
        try:
            own.append([commission_case(bundle, case, minutes) for bundle in bundles])
        except CommissionError as error:
            left_out(error)
        else:
            kept.append(case)
    return kept, [[by[number] for by in own] for number in range(len(bundles))]


def left_out(error: CommissionError) -> None:
    """Tell that a case is not judged, and why."""
    tqdm.write(f"left out: {error}", file=sys.stderr)


def in_samples(rpm: float, severities: Sequence[float]) -> set[tuple[str, float]]:
    """Families and severities that leave a trace in the samples of the shipped models."""
    view = View(design_for(rpm), Probe())
    machine = {
        (sight.family, severity)
        for severity in severities
        for sight in look(view, severity=severity)
        if sight.verdict in {"visible", "aliased"}
    }
    return machine | {(name, s) for name in FAULTS if name != CLOCK for s in severities}


def hidden(seen: set[tuple[str, float]], severities: Sequence[float]) -> list[str]:
    """In words, the families that leave none at some severity."""
    told = []
    for family in FAMILIES:
        lost = [severity for severity in sorted(severities) if (family, severity) not in seen]
        if lost:
            told.append(family if len(lost) == len(severities) else f"{family} up to {lost[-1]:g}")
    return told
