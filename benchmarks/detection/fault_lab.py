"""The shipped models on simulated motors they have not seen: faults, and hours of health.

For each seed the test part of a catalogue is generated (new motors; every family at four
severities, normal sessions, each benign event) and judged with the fault lab. Faults that
`simulator sees` calls invisible behind this sensor, at their own severity, are told apart: what is
not in the samples cannot be found in them. So is a clock fault, which changes no value. Then hours
of normal running with all benign events are judged. With `--limits` severities go from 0.05 to 1,
and the table tells from which on each family is found, beside what `sees` says.

    python -m benchmarks.detection.fault_lab --rpm 600 --seeds 2 --hours 12
    python -m benchmarks.detection.fault_lab --rpm 600 --minutes 6 --seeds 30 --hours 220 --limits
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeAlias

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from tqdm import tqdm

from benchmarks.detection.fault_limits import limits, severities_of
from detector.alarms.desk import rule_of
from detector.cli.options import severities
from detector.scoring.bundle import Bundle, load_bundle
from detector.sessions.files import Recording, read_recordings
from detector.settings.alarms import AlarmSettings
from detector.thresholds.methods import false_alarms_per_day_bound
from detector.training.fitting.beside import beside
from detector.training.lab.cases import Case, FaultEvent, labelled_case
from detector.training.lab.commissioned import (
    NOT_COMMISSIONED,
    Commissioned,
    commission_case,
    scored,
)
from detector.training.lab.evaluate import read_cases
from detector.training.lab.judging import judge, only
from detector.training.lab.lab import RECOVERY_S
from detector.training.lab.metrics import Evaluation, LabelledScores, evaluate
from simulator.cli.options import speeds
from simulator.faults.inject import FAULTS
from simulator.machines.designs import design_for
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.sensor import Probe
from simulator.machines.visibility import View, look
from simulator.recordings.catalogue import SEVERITIES, Catalogue
from simulator.recordings.generate import write_sessions
from simulator.recordings.session_request import CHANNELS, Request

MODELS = Path(__file__).resolve().parents[2] / "models"
FIRST_SEED = 200_000  # far from the motors trained on, and from those looked at while building
NORMAL_SEED = 300_000
STRONG = 0.5  # severity
CLOCK = "clock"  # changes times, no value
SESSION_MIN = 10.0
BAR = "\\|"  # a bar inside a cell of a Markdown table

Judged: TypeAlias = tuple[tuple[FaultEvent, ...], LabelledScores]
Chooser: TypeAlias = Callable[[FaultEvent], bool]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--rpm", type=speeds, default="600", help="600, 1200 or LOWEST:HIGHEST (default: 600)"
    )
    parser.add_argument(
        "--severities", type=severities, default=SEVERITIES, help="(default: 0.5,1,0.25,0.75)"
    )
    parser.add_argument("--model", type=Path, help="bundle (default: the shipped one)")
    parser.add_argument(
        "--beside", type=Path, nargs="+", default=[], help="bundles to judge on the same faults"
    )
    parser.add_argument("--seeds", type=int, default=10, help="catalogues (default: 10)")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--minutes", type=float, default=8.0, help="of a session (default: 8)")
    parser.add_argument("--hours", type=float, default=36.0, help="of normal running (default: 36)")
    parser.add_argument("--ablate", action="store_true", help="leave out each part of the score")
    parser.add_argument("--commission", type=float, metavar="MINUTES",
                        help="judge each motor by its own level, learnt from its first so many "
                        "minutes of running without a fault")  # fmt: skip
    parser.add_argument("--limits", action="store_true", help="detection limits instead")
    parser.add_argument("--png", type=Path, help="with --limits: the curves as a picture")
    args = parser.parse_args()
    *args.lowest, args.rpm = args.rpm
    bundle = load_bundle(args.model or MODELS / f"motor-{args.rpm:g}rpm")
    args.beside = list(map(load_bundle, args.beside))
    needed = {name for one in (bundle, *args.beside) for name in one.channels}
    args.channels = tuple(name for name in CHANNELS if name in needed)
    if args.limits:
        print(_limits(bundle, args))
        return 0
    if args.seeds:
        _faults(bundle, args)
    if args.hours:
        print(_normal(bundle, args))
    return 0


def _limits(bundle: Bundle, args: argparse.Namespace) -> str:
    bundles = [bundle, *args.beside]
    faulty = chain.from_iterable(_catalogues(args, severities_of, without=(CLOCK,)))
    healthy = (labelled_case(recording) for recording in _healthy(args))
    cases = chain(faulty, healthy)
    return limits(
        bundles, cases, args.rpm, ablate=args.ablate, png=args.png,
        commission_min=args.commission,
    )  # fmt: skip


def _faults(bundle: Bundle, args: argparse.Namespace) -> None:
    seen = _seen(args.rpm, args.severities)
    print(f"{bundle.name}: {args.seeds} catalogues of {args.minutes:g} min sessions")
    print(f"not in the samples of this sensor: {', '.join(_hidden(seen, args.severities))}")
    rows = {bundle.name: bundle}
    if args.commission is not None:
        rows[NOT_COMMISSIONED] = bundle
    rows |= dict(beside(bundle, ablate=args.ablate))
    others = {other.name: other for other in args.beside}
    judged: dict[str, list[list[Judged]]] = {name: [] for name in [*rows, *others]}
    for cases in _catalogues(args, lambda _: args.severities):
        by = [commission_case(bundle, case, args.commission) for case in cases]
        fleet = [one.without for one in by]
        for name, row in rows.items():
            judged[name].append(_judged(row, cases, by if name == bundle.name else fleet))
        for name, other in others.items():
            own = [commission_case(other, case, args.commission) for case in cases]
            judged[name].append(_judged(other, cases, own))
    print("| detector | faults | severity | F2 | AP | found | median delay s | false alarms/h |")
    print("|---|---|---|---|---|---|---|---|")
    for name, catalogues in judged.items():
        _print(name, list(chain.from_iterable(catalogues)), seen, name == bundle.name)
    first, *rest = ([_precision(c, seen) for c in found] for found in judged.values())
    for name, precision in zip(list(judged)[1:], rest, strict=True):
        more = np.subtract(first, precision)
        print(
            f"average precision in the samples, {bundle.name} minus {name}: {more.mean():+.3f} "
            f"± {more.std(ddof=1) if len(more) > 1 else 0.0:.3f} over {len(more)} catalogues"
        )


def _seen(rpm: float, severities: Sequence[float]) -> set[tuple[str, float]]:
    """Families and severities that leave a trace in the samples."""
    view = View(design_for(rpm), Probe())
    machine = {
        (sight.family, severity)
        for severity in severities
        for sight in look(view, severity=severity)
        if sight.verdict in {"visible", "aliased"}
    }
    return machine | {(name, s) for name in FAULTS if name != CLOCK for s in severities}


def _hidden(seen: set[tuple[str, float]], severities: Sequence[float]) -> list[str]:
    told = []
    for family in sorted({*MACHINE_FAULTS, *FAULTS}):
        lost = [severity for severity in sorted(severities) if (family, severity) not in seen]
        if lost:
            told.append(family if len(lost) == len(severities) else f"{family} up to {lost[-1]:g}")
    return told


def _catalogues(
    args: argparse.Namespace,
    severities: Callable[[int], tuple[float, ...]],
    without: Sequence[str] = (),
) -> Iterator[list[Case]]:
    for number in tqdm(range(args.seeds), unit="catalogue", leave=False):
        common = _request(args, args.minutes, args.first + 100 * number)
        catalogue = Catalogue(common, test_minutes=args.minutes, speeds=(args.rpm,))
        with tempfile.TemporaryDirectory() as folder:
            for part, request in catalogue.requests():
                if part.endswith("test") and request.fault not in without:
                    chosen = replace(request, severities=severities(number))
                    write_sessions(chosen, Path(folder), lambda _: None)
            yield list(read_cases([Path(folder)], None))


def _request(args: argparse.Namespace, minutes: float, seed: int) -> Request:
    lowest = args.lowest[0] if args.lowest else None
    return Request(args.rpm, 1, minutes, seed, lowest_rpm=lowest, channels=args.channels)


def _judged(bundle: Bundle, cases: Sequence[Case], by: Sequence[Commissioned]) -> list[Judged]:
    rule = rule_of(AlarmSettings(), bundle.card())
    return [
        (case.events, judge(case, scored(bundle, case, one), rule))
        for case, one in zip(tqdm(cases, unit="session", leave=False), by, strict=True)
    ]


def _print(
    name: str, judged: Sequence[Judged], seen: set[tuple[str, float]], with_families: bool
) -> None:
    def is_seen(event: FaultEvent) -> bool:
        return (event.family, event.severity) in seen

    def is_strong(event: FaultEvent) -> bool:
        return is_seen(event) and (event.severity or 0.0) >= STRONG

    groups: list[tuple[str, str, Chooser]] = [
        ("all", "all", lambda event: True),
        ("in the samples", "all", is_seen),
        ("in the samples", f"< {STRONG}", lambda event: is_seen(event) and not is_strong(event)),
        ("in the samples", f">= {STRONG}", is_strong),
        (
            "machine, in the samples",
            f">= {STRONG}",
            lambda event: is_strong(event) and event.family in MACHINE_FAULTS,
        ),
    ]
    if with_families:
        families = sorted({event.family for events, _ in judged for event in events})
        groups += [(f, f">= {STRONG}", partial(_is_of, f, STRONG)) for f in families]
    for title, severity, chosen in groups:
        shown = name.replace("|", BAR)
        print(f"| {shown} | {title} | {severity} | {_cells(_of(judged, chosen))} |", flush=True)


def _is_of(family: str, least: float, event: FaultEvent) -> bool:
    return event.family == family and (event.severity or 0.0) >= least


def _of(judged: Sequence[Judged], chosen: Chooser) -> Evaluation:
    kept = []
    for events, one in judged:
        counted = [chosen(event) for event in events]
        if any(counted) or not events:
            kept.append(only(one, events, counted))
    return evaluate(kept, RECOVERY_S)


def _precision(judged: Sequence[Judged], seen: set[tuple[str, float]]) -> float:
    found = _of(judged, lambda event: (event.family, event.severity) in seen)
    return found.average_precision or 0.0


def _cells(found: Evaluation) -> str:
    numbers = (found.f2, found.average_precision)
    return " | ".join(
        [
            *("-" if value is None else f"{value:.3f}" for value in numbers),
            f"{found.faults_found} of {found.faults}",
            "-" if found.median_delay_s is None else f"{found.median_delay_s:.2f}",
            "-" if found.false_alarms_per_hour is None else f"{found.false_alarms_per_hour:.2f}",
        ]
    )


def _healthy(args: argparse.Namespace) -> Iterator[Recording]:
    """Sessions of new motors: starts, stops, load steps, sags, warming up, wander."""
    for number in tqdm(range(_sessions(args.hours)), unit="session", leave=False):
        with tempfile.TemporaryDirectory() as folder:
            request = _request(args, SESSION_MIN, NORMAL_SEED + number)
            write_sessions(request, Path(folder), lambda _: None)
            yield next(iter(read_recordings([Path(folder)])))


def _sessions(hours: float) -> int:
    return round(hours * 60 / SESSION_MIN)


def _normal(bundle: Bundle, args: argparse.Namespace) -> str:
    """Hours of health."""
    alarms, hours = 0, 0.0
    rule = rule_of(AlarmSettings(), bundle.card())
    sessions = _sessions(args.hours)
    for recording in _healthy(args):
        case = labelled_case(recording)
        by = commission_case(bundle, case, args.commission)
        found = evaluate([judge(case, scored(bundle, case, by), rule)])
        alarms, hours = alarms + found.false_alarms, hours + found.normal_hours
    if not hours:
        return "no hours of health judged"
    bound = false_alarms_per_day_bound(alarms, hours)
    return (
        f"health: {alarms} alarms in {sessions} new motors, {sessions * SESSION_MIN / 60:.1f} h, "
        f"{hours:.1f} h of them judged; at most {bound:.2g} a day with 95 % confidence"
    )


if __name__ == "__main__":
    sys.exit(main())
