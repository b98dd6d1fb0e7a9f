"""What the shipped models catch on motors they have not seen.

Generates sessions of new simulated motors, healthy and with each sensor fault at several
severities, scores them as a live detector would, and prints events found, the median delay from
onset to alarm, and false alarms in the healthy sessions.

    python benchmarks/shipped_models.py
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from detector.alarms.desk import rule_of
from detector.alarms.lifecycle import AlarmState, Transition, advance
from detector.records import Flags, Frame
from detector.scoring.bundle import Bundle, load_bundle
from detector.scoring.files import score_recording
from detector.sessions.files import read_recordings
from detector.settings import AlarmSettings
from simulator.faults import FAULTS
from simulator.generate import Request, write_sessions

MODELS = Path(__file__).resolve().parent.parent / "models"
SPEEDS = (600, 1200)


@dataclass(frozen=True)
class Scored:
    """One scored session: label and times of its samples, and what the alarms did."""

    ts: np.ndarray
    label: Flags
    judged_h: float
    raised: list[Transition]

    def delays_s(self) -> Iterator[float | None]:
        """From each fault's onset to its alarm; None when it was missed."""
        edges = np.diff(np.concatenate([[0], self.label.astype(int), [0]]))
        for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            onset, over = self.ts[start], self.ts[end - 1]
            within = [t.ts for t in self.raised if onset <= t.ts <= over]
            yield float(within[0] - onset) if within else None


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=6, help="of 5 min each (default: 6)")
    parser.add_argument("--seed", type=int, default=100, help="new motors (default: 100)")
    args = parser.parse_args()
    severities = (0.25, 0.5, 1.0)
    work = [(rpm, fault, severity) for rpm in SPEEDS for fault in FAULTS for severity in severities]
    rows = [_row(rpm, fault, severity, args) for rpm, fault, severity in tqdm(work, unit="row")]
    print("rpm   fault   severity  events found  median delay, s")
    print("\n".join(rows))
    for rpm in SPEEDS:
        print(_healthy(rpm, args))
    return 0


def _row(rpm: int, fault: str, severity: float, args: argparse.Namespace) -> str:
    delays = [d for one in _scored(rpm, fault, severity, args) for d in one.delays_s()]
    found = [delay for delay in delays if delay is not None]
    median = f"{np.median(found):.2f}" if found else "-"
    return (
        f"{rpm:<5d} {fault:7s} {severity:8.2f}  {len(found):>6d} of {len(delays):<3d} {median:>16s}"
    )


def _healthy(rpm: int, args: argparse.Namespace) -> str:
    scored = list(_scored(rpm, None, 1.0, args))
    alarms, hours = sum(len(one.raised) for one in scored), sum(one.judged_h for one in scored)
    return f"{rpm} rpm, healthy: {alarms} alarms in {hours:.2f} judged hours with starts and stops"


def _scored(
    rpm: int, fault: str | None, severity: float, args: argparse.Namespace
) -> Iterator[Scored]:
    bundle = load_bundle(MODELS / f"motor-{rpm}rpm")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.sessions):
            request = Request(float(rpm), 1, 5.0, args.seed + number, fault, severity)
            write_sessions(request, Path(folder), lambda _: None)
        for recording in read_recordings([Path(folder)]):
            frames = score_recording(bundle, recording)
            label = recording.label
            assert label is not None
            yield _alarms(bundle, frames, label)


def _alarms(bundle: Bundle, frames: Sequence[Frame], label: Flags) -> Scored:
    ts, score, judged, anomaly = (
        np.concatenate([getattr(frame, name) for frame in frames])
        for name in ("ts", "score", "judged", "anomaly")
    )
    counted = judged & np.isfinite(score)
    windows = zip(ts[counted].tolist(), anomaly[counted].tolist(), strict=True)
    _, transitions = advance(rule_of(AlarmSettings(), bundle.card()), AlarmState(), windows)
    raised = [t for t in transitions if t.kind == "raised"]
    hours = counted.sum() * bundle.document.sampling_period_s / 3600
    return Scored(ts, label, float(hours), raised)


if __name__ == "__main__":
    sys.exit(main())
