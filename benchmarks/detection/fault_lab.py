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
import logging
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import chain
from math import inf
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from tqdm import tqdm

from benchmarks.detection.faults.limits import limits, severities_of
from benchmarks.detection.faults.sessions import (
    CLOCK,
    FAMILIES,
    FIRST_SEED,
    SESSION_MIN,
    Motors,
    hidden,
    in_samples,
    sessions_in,
)
from benchmarks.detection.faults.verdicts import Asked, Judged, Rows, of_catalogue, of_health
from detector.cli.options import severities, some_of
from detector.scoring.bundle import Bundle, load_bundle
from detector.settings.alarms import AlarmSettings
from detector.tasks.apart import Apart
from detector.tasks.children import Children
from detector.thresholds.methods import false_alarms_per_day_bound
from detector.training.lab.cases import FaultEvent, labelled_case
from detector.training.lab.judging import only
from detector.training.lab.lab import RECOVERY_S
from detector.training.lab.limits import LIMIT_SEVERITIES
from detector.training.lab.metrics import Evaluation, LabelledScores, evaluate
from simulator.cli.options import not_negative, speeds
from simulator.machines.faults import MACHINE_FAULTS
from simulator.recordings.catalogue import SEVERITIES
from simulator.recordings.session_request import CHANNELS

MODELS = Path(__file__).resolve().parents[2] / "models"
STRONG = 0.5  # severity
BAR = "\\|"  # a bar inside a cell of a Markdown table

Chooser: TypeAlias = Callable[[FaultEvent], bool]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--rpm", type=speeds, default="600", help="600, 1200 or LOWEST:HIGHEST (default: 600)"
    )
    parser.add_argument("--severities", type=severities,
                        help="(default: 0.5,1,0.25,0.75; for limits nine, 0.05 to 1)")  # fmt: skip
    parser.add_argument("--model", type=Path, help="bundle (default: the shipped one)")
    parser.add_argument(
        "--beside", type=Path, nargs="+", default=[], help="bundles to judge on the same faults"
    )
    parser.add_argument("--families", type=some_of(FAMILIES), default=FAMILIES, metavar="A,B",
                        help="of faults (default: all)")  # fmt: skip
    parser.add_argument("--onset", type=not_negative, metavar="S",
                        help="of a fault, its growth (default: 0, 5 or 30 by chance)")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=10, help="catalogues (default: 10)")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--minutes", type=float, default=8.0, help="of a session (default: 8)")
    parser.add_argument("--hours", type=float, default=36.0, help="of normal running (default: 36)")
    parser.add_argument("--ablate", action="store_true", help="leave out each part of the score")
    parser.add_argument("--commission", type=float, metavar="MINUTES",
                        help="judge each motor by its own level, learnt from its first so many "
                        "minutes of running without a fault")  # fmt: skip
    parser.add_argument("--on-delay", type=not_negative, metavar="S",
                        help="of an alarm (default: as shipped)")  # fmt: skip
    parser.add_argument("--limits", action="store_true", help="detection limits instead")
    parser.add_argument("--png", type=Path, help="with --limits: the curves as a picture")
    args = parser.parse_args()
    args.severities = args.severities or (LIMIT_SEVERITIES if args.limits else SEVERITIES)
    if args.limits and args.on_delay is not None:
        parser.error("--on-delay with --limits, allowed: one of them")
    args.alarms = AlarmSettings(**({} if args.on_delay is None else {"on_delay_s": args.on_delay}))
    if args.limits and not len(args.severities) % 2:
        parser.error(f"--severities: found {len(args.severities)}, allowed: an odd number of them")
    *lowest, args.rpm = args.rpm
    args.model = args.model or MODELS / f"motor-{args.rpm:g}rpm"
    bundles = list(map(load_bundle, [args.model, *args.beside]))
    for one in bundles:
        if args.commission is not None and one.document.commissioned is None:
            parser.error(f"--commission: {one.name} has no limits for single machines")
    needed = {name for one in bundles for name in one.channels}
    channels = tuple(name for name in CHANNELS if name in needed)
    motors = Motors(
        args.rpm, lowest[0] if lowest else None, channels, args.minutes, args.first,
        tuple(args.families), args.onset,
    )  # fmt: skip
    if args.limits:
        print(_limits(bundles, motors, args))
        return 0
    asked = Asked(
        motors, args.severities, args.model, tuple(args.beside), args.ablate, args.commission,
        args.alarms,
    )  # fmt: skip
    if args.seeds:
        _faults(asked, args)
    if args.hours:
        for line in _normal(asked, args.hours):
            print(line)
    return 0


def _limits(bundles: Sequence[Bundle], motors: Motors, args: argparse.Namespace) -> str:
    in_values = tuple(family for family in motors.families if family != CLOCK)
    chosen = partial(severities_of, severities=args.severities)
    faulty = chain.from_iterable(replace(motors, families=in_values).catalogues(args.seeds, chosen))
    healthy = (labelled_case(recording) for recording in motors.healthy(args.hours))
    cases = chain(faulty, healthy)
    with closing(Apart(Children(), os.cpu_count() or 1)) as executor:
        return limits(
            bundles, cases, args.rpm, ablate=args.ablate, png=args.png,
            commission_min=args.commission, executor=executor,
        )  # fmt: skip


def _faults(asked: Asked, args: argparse.Namespace) -> None:
    seen = in_samples(args.rpm, args.severities)
    print(f"{asked.model.name}: {args.seeds} catalogues of {args.minutes:g} min sessions")
    print(f"not in the samples of this sensor: {', '.join(hidden(seen, args.severities))}")
    judged: dict[str, list[list[Judged]]] = defaultdict(list)
    for rows in _each(of_catalogue, asked, args.seeds, "catalogue"):
        for name, catalogue in rows.items():
            judged[name].append(catalogue)
    print("| detector | faults | severity | F2 | AP | found | median delay s | false alarms/h |")
    print("|---|---|---|---|---|---|---|---|")
    for name, catalogues in judged.items():
        _print(name, list(chain.from_iterable(catalogues)), seen, name in asked.of_model)
    for severity, below in (("", inf), (f" below {STRONG}", STRONG)):
        chosen = {one for one in seen if one[1] < below}
        for line in _compared(judged, chosen):
            print(f"average precision in the samples{severity}, {line}")


def _each(
    task: Callable[[Asked, int], Rows], asked: Asked, count: int, unit: str
) -> Iterator[Rows]:
    """What a task gives for each number, in order, on all cores."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), logging.disable) as pool:
        results = pool.map(partial(task, asked), range(count))
        yield from tqdm(results, total=count, unit=unit, leave=False)


def _compared(
    judged: Mapping[str, list[list[Judged]]], chosen: set[tuple[str, float]]
) -> Iterator[str]:
    """The first row minus each other, over the catalogues."""
    first, *rest = ([_precision(one, chosen) for one in found] for found in judged.values())
    name, *others = judged
    for other, precision in zip(others, rest, strict=True):
        more = np.subtract(first, precision)
        yield (
            f"{name} minus {other}: {more.mean():+.3f} "
            f"± {more.std(ddof=1) if len(more) > 1 else 0.0:.3f} over {len(more)} catalogues"
        )


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
            f"< {STRONG}",
            lambda event: (
                is_seen(event) and not is_strong(event) and event.family in MACHINE_FAULTS
            ),
        ),
        (
            "machine, in the samples",
            f">= {STRONG}",
            lambda event: is_strong(event) and event.family in MACHINE_FAULTS,
        ),
    ]
    if with_families:
        families = sorted({event.family for events, _ in judged for event in events})
        groups += [
            (family, severity, partial(_is_of, family, strong))
            for severity, strong in ((f"< {STRONG}", False), (f">= {STRONG}", True))
            for family in families
            if any(_is_of(family, strong, event) for events, _ in judged for event in events)
        ]
    for title, severity, chosen in groups:
        shown = name.replace("|", BAR)
        if (found := _of(judged, chosen)) is not None:
            print(f"| {shown} | {title} | {severity} | {_cells(found)} |", flush=True)


def _is_of(family: str, strong: bool, event: FaultEvent) -> bool:
    return event.family == family and ((event.severity or 0.0) >= STRONG) is strong


def _of(judged: Sequence[Judged], chosen: Chooser) -> Evaluation | None:
    """Figures of the chosen faults; None without a session that has one or is normal."""
    kept = []
    for events, one in judged:
        counted = [chosen(event) for event in events]
        if any(counted) or not events:
            kept.append(only(one, events, counted))
    return evaluate(kept, RECOVERY_S) if kept else None


def _precision(judged: Sequence[Judged], seen: set[tuple[str, float]]) -> float:
    found = _of(judged, lambda event: (event.family, event.severity) in seen)
    return (found and found.average_precision) or 0.0


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


def _normal(asked: Asked, hours: float) -> Iterator[str]:
    """Hours of health, a line for each row of the model itself."""
    found: dict[str, list[LabelledScores]] = defaultdict(list)
    for rows in _each(of_health, asked, sessions_in(hours), "session"):
        for name, row in rows.items():
            found[name] += [judged for _, judged in row]
    for name, sessions in found.items():
        if not sessions:
            yield f"health, {name}: none judged"
            continue
        all_of_it = evaluate(sessions)
        alarms, judged_h = all_of_it.false_alarms, all_of_it.normal_hours
        bound = false_alarms_per_day_bound(alarms, judged_h)
        yield (
            f"health, {name}: {alarms} alarms in {len(sessions)} new motors, "
            f"{len(sessions) * SESSION_MIN / 60:.1f} h, {judged_h:.1f} h of them judged; "
            f"at most {bound:.2g} a day with 95 % confidence"
        )


if __name__ == "__main__":
    sys.exit(main())
