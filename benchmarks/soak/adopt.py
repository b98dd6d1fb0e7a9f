"""A machine never seen before, watched with a model of its own within ten minutes of its signal.

A pump is recorded in a form of its own (semicolons, dates), read back and published 20 times fast
to a detector whose settings are two lines. ``adopt --device`` learns it from what it sends; then a
fault comes, and then an hour of health. It has run for an hour before: ten minutes of a machine
that warms up say little of the next hour (``--warm 0``). Exit code 1 when the settings took more
than five lines, learning more than three minutes of computing, the fault raised no alarm or health
raised one.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import numpy as np
import pandas as pd
from tqdm import tqdm

from benchmarks.lib.services import start_broker, wait_for
from benchmarks.soak.adopt_feed import Feed
from detector.records import Samples
from detector.sessions.files import read_recordings
from detector.store import alarms, devices
from detector.store.schema import Engine, open_store
from simulator.cli.options import not_negative, positive
from simulator.demo.children import Children
from simulator.errors import SimulatorError
from simulator.faults.inject import FAULTS, Healthy, fault_on

PROJECT = Path(__file__).resolve().parents[2]
DEVICE = "press-17"
RATE_HZ = 100.0
LEARN_S, LEAD_S, FAULT_S = 600.0, 60.0, 60.0
MINUTES = 5.0  # of running; the pump stands still in some of the ten minutes
MOST_LINES, MOST_COMPUTING_S = 5, 180.0
EXIT_MISSED, EXIT_BAD_INPUT = 1, 2


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        lines: Of settings that a person wrote.
        computing_s: CPU seconds of ``adopt``.
        signal_s: Of signal that was sent before the model watched.
        raised: Starts of alarms, seconds from when the model watched.
        fault: From when to when, in the same seconds.
        told: What ``adopt --json`` said.
    """

    lines: int
    computing_s: float
    signal_s: float
    raised: tuple[float, ...]
    fault: tuple[float, float]
    told: dict[str, object]

    @property
    def complaints(self) -> list[str]:
        """What is not as promised."""
        first, last = self.fault
        wrong = {
            "settings": self.lines > MOST_LINES,
            "computing": self.computing_s > MOST_COMPUTING_S,
            "the fault raised no alarm": not any(first <= t <= last for t in self.raised),
            "health raised an alarm": any(not first <= t <= last for t in self.raised),
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]


def main() -> int:
    """Measure and print; returns the exit code."""
    args = _arguments()
    try:
        with tempfile.TemporaryDirectory() as name, Children(Path(name)) as children:
            found = _run(args, Path(name), children)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    _print(found)
    return EXIT_MISSED if found.complaints else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Adopt a machine 20 times fast, and watch it.")
    parser.add_argument("--speed", type=positive, default=20.0)
    parser.add_argument("--health", type=positive, default=60.0, metavar="MINUTES",
                        help="after the fault, without alarms (default: %(default)g)")  # fmt: skip
    parser.add_argument("--warm", type=not_negative, default=60.0, metavar="MINUTES",
                        help="it has run before (default: %(default)g)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--fault", choices=sorted(FAULTS), default="bias")
    parser.add_argument("--severity", type=positive, default=1.0)
    return parser.parse_args()


def _run(args: argparse.Namespace, folder: Path, children: Children) -> Outcome:
    samples = _recorded(folder, args)
    _, url = start_broker(children, folder)
    settings, engine = _settings(folder, url), open_store(f"sqlite:///{folder}/faultline.db")
    lines = len([line for line in settings.read_text().splitlines() if line.strip()])
    feed = Feed(url, DEVICE, samples, args.speed)
    with Children(folder) as detector:
        _serve(detector, settings, engine)
        told, computing_s = _learn(feed, folder, settings, engine, detector)
        learnt_s = feed.sent / RATE_HZ
        raised, fault = _watch(feed, args, engine, detector)
    feed.close()
    return Outcome(lines, computing_s, learnt_s, raised, fault, told)


def _learn(
    feed: Feed, folder: Path, settings: Path, engine: Engine, children: Children
) -> tuple[dict[str, object], float]:
    """Send ten minutes while ``adopt`` waits for the running in them."""
    feed.send_for(1.0)
    wait_for(lambda: _newest(engine) > 0, children, "the device is known")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    learning = subprocess.Popen(
        [sys.executable, "-m", "detector", "adopt", DEVICE, "--settings", str(settings), "--out",
         str(folder / "models" / DEVICE), "--minutes", f"{MINUTES:g}", "--json"],
        cwd=PROJECT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    feed.send_for(LEARN_S - 1.0)
    answer, _ = learning.communicate()
    if learning.returncode:
        raise SimulatorError(f"adopt: exit code {learning.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(answer), used_s


def _watch(
    feed: Feed, args: argparse.Namespace, engine: Engine, children: Children
) -> tuple[tuple[float, ...], tuple[float, float]]:
    """Health, a fault, health again; returns when alarms were raised, and the fault."""
    began = feed.now
    feed.send_for(LEAD_S)
    fault = (feed.now - began, feed.now - began + FAULT_S)
    feed.put(_with_fault(feed.samples, feed.sent, round(FAULT_S * RATE_HZ), args))
    feed.send_for(FAULT_S + 60 * args.health)
    wait_for(lambda: _newest(engine) >= feed.now - 1, children, "all of it is stored")
    with engine.begin() as connection:
        raised = tuple(one.start - began for one in alarms.listed(connection, DEVICE))
    return raised, fault


def _recorded(folder: Path, args: argparse.Namespace) -> Samples:
    """A pump as another programme would have written it, read back."""
    minutes = (LEARN_S + LEAD_S + FAULT_S) / 60 + args.health + args.warm + 2
    made_of = (
        f"--machine pump --sessions 1 --minutes {minutes:g} --seed {args.seed} --out {folder}/g"
    )
    command = [sys.executable, "-m", "simulator", "generate", *made_of.split()]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    made = next(path for path in (folder / "g").glob("*.csv") if "slow" not in path.name)
    table = pd.read_csv(made, comment="#").drop(columns="label")
    table = table.iloc[round(60 * args.warm * RATE_HZ) :].copy()
    table["ts"] = pd.to_datetime(table["ts"], unit="s").dt.strftime("%Y-%m-%dT%H:%M:%S.%f")
    foreign = folder / "press.csv"
    table.rename(columns={"ts": "datetime"}).to_csv(foreign, sep=";", index=False)
    return next(read_recordings([foreign])).samples


def _settings(folder: Path, url: str) -> Path:
    file = folder / "faultline.toml"
    file.write_text(f'mqtt.url = "{url}"\nstore.url = "sqlite:///{folder}/faultline.db"\n')
    return file


def _serve(children: Children, settings: Path, engine: Engine) -> None:
    command = [sys.executable, "-m", "detector", "serve", "--settings", str(settings)]
    owner = f":{children.start('detector', command, folder=PROJECT).process.pid}"
    wait_for(lambda: _is_connected(engine, owner), children, "the detector is connected")


def _is_connected(engine: Engine, owner: str) -> bool:
    with engine.begin() as connection:
        found = devices.health(connection)
    return found is not None and found.owner.endswith(owner) and found.connection == "connected"


def _newest(engine: Engine) -> float:
    with engine.begin() as connection:
        found = devices.one(connection, DEVICE)
    return 0.0 if found is None else found.last_ts


def _with_fault(samples: Samples, first: int, rows: int, args: argparse.Namespace) -> Samples:
    values = samples.values.astype(np.float64)
    fault = fault_on(
        samples.features, 0, args.fault, severity=args.severity, rows=(first, first + rows),
        healthy=Healthy.of(values[:first, 0]), seed=args.seed, rate_hz=RATE_HZ, ramp_s=0.0,
    )  # fmt: skip
    return Samples(samples.features, samples.ts, fault.apply(values, 0).astype(np.float32))


def _print(found: Outcome) -> None:
    for name in ("begins", "states", "timeline", "network", "chosen", "window", "candidates"):
        tqdm.write(f"{name:12} {found.told.get(name)}")
    print(f"settings {found.lines} lines, {found.signal_s:.0f} s of signal, "
          f"{found.computing_s:.0f} s of computing")  # fmt: skip
    print(f"fault {found.fault[0]:.0f} to {found.fault[1]:.0f} s, alarms at "
          f"{', '.join(f'{t:.0f}' for t in found.raised) or 'none'} s")  # fmt: skip
    print("; ".join(found.complaints) or "as promised")


if __name__ == "__main__":
    sys.exit(main())
