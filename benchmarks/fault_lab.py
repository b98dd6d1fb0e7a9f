"""The shipped models on simulated motors they have not seen: faults, and hours of health.

For each seed the test part of a catalogue is generated (new motors; every family at four
severities, normal sessions, each benign event) and judged with the fault lab. Families that
`simulator sees` calls invisible behind the model's sensor are told apart: what is not in the
samples cannot be found in them. Then hours of normal running with all benign events are judged.

    python benchmarks/fault_lab.py --rpm 600 --seeds 2 --hours 12
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tqdm import tqdm

from detector.alarms.desk import rule_of
from detector.scoring.bundle import Bundle, load_bundle
from detector.scoring.files import score_recording
from detector.sessions.files import read_recordings
from detector.settings import AlarmSettings
from detector.thresholds import false_alarms_per_day_bound
from detector.training.beside import ABSOLUTE_Z, beside
from detector.training.cases import Case, labelled_case
from detector.training.evaluate import read_cases
from detector.training.judging import judge, only, scores_of
from detector.training.lab import RECOVERY_S
from detector.training.metrics import Evaluation, LabelledScores, evaluate
from simulator.catalogue import Catalogue
from simulator.designs import design_for
from simulator.generate import write_sessions
from simulator.machine_faults import MACHINE_FAULTS
from simulator.request import Request
from simulator.sensor import Probe
from simulator.visibility import View, look

MODELS = Path(__file__).resolve().parent.parent / "models"
FIRST_SEED = 9000  # far from the motors trained on
NORMAL_SEED = 50_000
SESSION_MIN = 10.0
BAR = "\\|"  # a bar inside a cell of a Markdown table


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rpm", type=int, default=600, help="600 or 1200 (default: 600)")
    parser.add_argument("--model", type=Path, help="bundle (default: the shipped one)")
    parser.add_argument("--seeds", type=int, default=10, help="catalogues (default: 10)")
    parser.add_argument("--minutes", type=float, default=8.0, help="of a session (default: 8)")
    parser.add_argument("--hours", type=float, default=36.0, help="of normal running (default: 36)")
    args = parser.parse_args()
    bundle = load_bundle(args.model or MODELS / f"motor-{args.rpm}rpm")
    hidden = _hidden(args.rpm)
    print(f"{bundle.name}: {args.seeds} catalogues of {args.minutes:g} min sessions")
    print(f"not in the samples of this sensor: {', '.join(sorted(hidden))}")
    print("| detector | faults | severity | F2 | AP | found | median delay s | false alarms/h |")
    print("|---|---|---|---|---|---|---|---|")
    rows = {bundle.name: bundle, **dict(beside(bundle, ablate=False))}
    cases = list(_catalogues(args))
    for name in (bundle.name, ABSOLUTE_Z, "untrained"):
        if name in rows:
            _print(name, cases, _judged(rows[name], cases), hidden)
    print(_normal(bundle, args))
    return 0


def _hidden(rpm: int) -> set[str]:
    sights = look(View(design_for(float(rpm)), Probe()), severity=1.0)
    return {sight.family for sight in sights if sight.verdict not in {"visible", "aliased"}}


def _catalogues(args: argparse.Namespace) -> Iterator[Case]:
    for number in tqdm(range(args.seeds), unit="catalogue", leave=False):
        common = Request(float(args.rpm), 1, args.minutes, FIRST_SEED + 100 * number)
        catalogue = Catalogue(common, test_minutes=args.minutes, speeds=(float(args.rpm),))
        with tempfile.TemporaryDirectory() as folder:
            for part, request in catalogue.requests():
                if part.endswith("test"):
                    write_sessions(request, Path(folder), lambda _: None)
            yield from read_cases([Path(folder)], None)


def _judged(bundle: Bundle, cases: Sequence[Case]) -> list[LabelledScores]:
    rule = rule_of(AlarmSettings(), bundle.card())
    return [
        judge(case, scores_of(score_recording(bundle, case.recording)), rule)
        for case in tqdm(cases, unit="session", leave=False)
    ]


def _print(
    name: str, cases: Sequence[Case], judged: Sequence[LabelledScores], hidden: set[str]
) -> None:
    machine = set(MACHINE_FAULTS) - hidden
    families = sorted({event.family for case in cases for event in case.events})
    groups: list[tuple[str, set[str], float]] = [
        ("all", set(families), 0.0),
        ("in the samples", set(families) - hidden, 0.0),
        ("in the samples", set(families) - hidden, 0.5),
        ("machine, in the samples", machine, 0.5),
        *((family, {family}, 0.0) for family in families),
    ]
    for title, chosen, least in groups:
        found = _of(cases, judged, chosen, least)
        shown = name.replace("|", BAR)
        print(f"| {shown} | {title} | {'>= ' if least else 'all'}{least or ''} | {_cells(found)} |")


def _of(
    cases: Sequence[Case], judged: Sequence[LabelledScores], families: set[str], least: float
) -> Evaluation:
    kept = []
    for case, one in zip(cases, judged, strict=True):
        chosen = [e.family in families and (e.severity or 0.0) >= least for e in case.events]
        if any(chosen) or not case.events:
            kept.append(only(one, case.events, chosen))
    return evaluate(kept, RECOVERY_S)


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


def _normal(bundle: Bundle, args: argparse.Namespace) -> str:
    """Hours of health: starts, stops, load steps, sags, warming up, wander."""
    alarms, hours = 0, 0.0
    rule = rule_of(AlarmSettings(), bundle.card())
    sessions = round(args.hours * 60 / SESSION_MIN)
    for number in tqdm(range(sessions), unit="session", leave=False):
        with tempfile.TemporaryDirectory() as folder:
            request = Request(float(args.rpm), 1, SESSION_MIN, NORMAL_SEED + number)
            write_sessions(request, Path(folder), lambda _: None)
            recording = next(iter(read_recordings([Path(folder)])))
        case = labelled_case(recording)
        found = evaluate([judge(case, scores_of(score_recording(bundle, recording)), rule)])
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
