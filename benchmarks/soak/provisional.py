"""Unknown devices on a broker, no settings: are they watched after ten minutes, and how well?

Motors, pumps and compressors nobody has a rule for publish through a real mosquitto to a real
``python -m detector serve``, faster than life. Some turn faulty in the last third. One row tells
how many were scored, which faults were shown, and which healthy device crossed; another how long
after the minutes asked for each had its first score, by the device's clock and by ours; the last
what it costs. ``--kinds compressor --devices 1000 --speed 1 --message-s 1`` measures a thousand
devices that send one sample a second, one a message.

Exit code 1 when a device was not scored, one of them late, a fault not shown, or health crossed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import psutil
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy.engine import Engine
from tqdm import tqdm

from benchmarks.lib.kinds import KINDS, machine
from benchmarks.lib.services import PROJECT, start_broker
from benchmarks.soak.site import wait_until
from detector.records import Alarm, DeviceStatus, Samples
from detector.store import alarms, devices, frames
from detector.store.schema import Connection, open_store
from simulator.cli.options import positive
from simulator.demo.children import Children
from simulator.errors import SimulatorError

LATE_S = 60.0  # of our clock after the minutes asked for, and a first score is late
FAULT_AT = 0.7  # of the run
FIRST_SEED = 700
EXIT_MISSED, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 1, 2, 130


@dataclass(frozen=True)
class Plan:
    """Who publishes what.

    Attributes:
        names: Of the devices.
        seconds: Of device time.
        faulty: Those that turn faulty.
        kinds: In turns.
        seed: Of the first device.
        message_s: Of device time in a message.
    """

    names: tuple[str, ...]
    seconds: float
    faulty: frozenset[str]
    kinds: tuple[str, ...]
    seed: int
    message_s: float

    @classmethod
    def of(cls, args: argparse.Namespace) -> Plan:
        """As the command line asks."""
        kinds = tuple(args.kinds)
        names = tuple(f"{kinds[n % len(kinds)]}-{n + 1}" for n in range(args.devices))
        step = max(1, len(names) // max(args.faults, 1))
        faulty = frozenset(names[::step][: args.faults])
        return cls(names, 60 * args.minutes, faulty, kinds, args.seed, args.message_s)

    def samples(self, number: int, start: float) -> Samples:
        """All that a device sends."""
        name, kind = self.names[number], self.kinds[number % len(self.kinds)]
        at = FAULT_AT * self.seconds if name in self.faulty else float("inf")
        return machine(kind, self.seed + number, self.seconds, start, at)


@dataclass
class Cost:
    """What the processes took, look by look."""

    scoring_share: float = 0.0
    learner_s: float = 0.0
    learner_mb: float = 0.0
    detector_s: float = 0.0
    detector_mb: float = 0.0
    last_s: dict[int, float] = field(default_factory=dict)
    scores: tuple[float, float] | None = None  # detector's CPU, our clock, when all were scored

    def look(self, detector: psutil.Process) -> None:
        """Look once more."""
        times = detector.cpu_times()
        self.detector_s = times.user + times.system
        self.detector_mb = max(self.detector_mb, detector.memory_info().rss / 1e6)
        for child in detector.children(recursive=True):
            try:
                times, used = child.cpu_times(), child.memory_info().rss / 1e6
            except psutil.NoSuchProcess:
                continue
            self.last_s[child.pid] = times.user + times.system
            self.learner_mb = max(self.learner_mb, used)
        self.learner_s = sum(self.last_s.values())

    def begin_to_score(self) -> None:
        """All devices have a model now."""
        self.scores = self.detector_s, time.monotonic()

    def end(self) -> None:
        """The last message is published."""
        if self.scores is not None:
            cpu_s, at = self.scores
            self.scoring_share = (self.detector_s - cpu_s) / (time.monotonic() - at)


@dataclass(frozen=True)
class Outcome:
    """What the store says at the end."""

    statuses: list[DeviceStatus]
    alarms: list[Alarm]
    cost: Cost
    wall_s: float
    delays_s: dict[str, float]
    speed: float

    def text(self, plan: Plan) -> str:
        """Three rows, and a line for each that is not as it must be."""
        scored = sum(s.model is not None and s.model.provisional for s in self.statuses)
        shown, crossed = self.shown(plan), self.crossed(plan)
        lines = [
            f"devices {len(plan.names)}, scored provisionally {scored}; faults {len(plan.faulty)}, "
            f"shown {len(shown)}; healthy {len(plan.names) - len(plan.faulty)}, crossed "
            f"{len(crossed)}",
            self._delays(),
            f"learning: {self.cost.learner_s:.1f} s of CPU, "
            f"{1000 * self.cost.learner_s / len(plan.names):.0f} ms a device, at most "
            f"{self.cost.learner_mb:.0f} MB; detector: {self.cost.detector_s:.1f} s of CPU in "
            f"{self.wall_s:.0f} s, at most {self.cost.detector_mb:.0f} MB; once all are scored "
            f"{self.cost.scoring_share:.0%} of a core",
        ]
        lines += [f"not shown: {name}" for name in sorted(plan.faulty - shown)]
        lines += [f"crossed: {name}" for name in sorted(crossed)]
        unscored = [s for s in self.statuses if s.model is None]
        return "\n".join(lines + [f"not scored: {s.device}: {s.reason}" for s in unscored])

    def _delays(self) -> str:
        late_s = sorted(self.delays_s.values()) or [float("nan")]
        middle, last = late_s[len(late_s) // 2], late_s[-1]
        return (
            f"first score after the minutes asked for: median {middle:.0f} s, last {last:.0f} s "
            f"by the device's clock; {middle / self.speed:.1f} s and {last / self.speed:.1f} s by "
            "ours"
        )

    def shown(self, plan: Plan) -> set[str]:
        """Faulty devices with an alarm."""
        return {alarm.device for alarm in self.alarms} & plan.faulty

    def crossed(self, plan: Plan) -> set[str]:
        """Healthy devices with one."""
        return {alarm.device for alarm in self.alarms} - plan.faulty

    def is_good(self, plan: Plan) -> bool:
        """Whether all is as it must be."""
        is_scored = all(s.model is not None for s in self.statuses)
        is_scored &= max(self.delays_s.values(), default=0.0) <= LATE_S * self.speed
        is_whole = len(self.statuses) == len(plan.names) and is_scored
        return is_whole and self.shown(plan) == plan.faulty and not self.crossed(plan)


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish, wait and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    plan = Plan.of(args)
    try:
        with tempfile.TemporaryDirectory(prefix="faultline-soak-") as folder:
            outcome = watch(plan, Path(folder), args.speed, args.learn_minutes)
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("stopped, nothing is left running", file=sys.stderr)
        return EXIT_INTERRUPTED
    print(outcome.text(plan))
    return 0 if outcome.is_good(plan) else EXIT_MISSED


def watch(plan: Plan, folder: Path, speed: float, learn_minutes: float) -> Outcome:
    """Let a detector without rules listen to a plan's devices."""
    store = open_store(f"sqlite:///{folder}/faultline.db")
    with Children(folder) as children:
        _, url = start_broker(children, folder)
        settings = folder / "faultline.toml"
        settings.write_text(
            f'[mqtt]\nurl = "{url}"\n\n[store]\nurl = "{store.url}"\n\n'
            f"[adopt]\nlearn_minutes = {learn_minutes}\n"
        )
        env = {name: text for name, text in os.environ.items() if not name.startswith("FAULTLINE_")}
        command = [sys.executable, "-m", "detector", "serve", "--settings", str(settings)]
        env["OMP_NUM_THREADS"] = "1"
        child = children.start("detector", command, folder=PROJECT, env=env)
        wait_until(lambda: _is_connected(store), "the detector is connected")
        began, cost, start = time.monotonic(), Cost(), time.time()
        process, marks = psutil.Process(child.process.pid), folder / "provisional"
        for _ in _published(plan, url, speed, start):
            children.check()
            cost.look(process)
            if not cost.scores and len(list(marks.glob("*/learnt.json"))) == len(plan.names):
                cost.begin_to_score()
        cost.end()
        time.sleep(2.0)  # the newest states are on their way
        with store.connect() as connection:
            statuses, found = devices.every(connection), alarms.listed(connection)
            due = start + 60 * learn_minutes
            delays_s = {name: _first_score(connection, name) - due for name in plan.names}
        wall_s = time.monotonic() - began
    store.dispose()
    return Outcome(statuses, found, cost, wall_s, delays_s, speed)


def _first_score(connection: Connection, device: str) -> float:
    """Device time of the first sample with a score; never where there is none."""
    for frame in frames.stream_between(connection, device, 0.0, float("inf")):
        if np.isfinite(frame.score).any():
            return float(frame.ts[np.isfinite(frame.score)][0])
    return float("inf")


def _published(plan: Plan, url: str, speed: float, start: float) -> Iterator[None]:
    """Publish all of it at its pace; yields after each message of all devices."""
    whole = [plan.samples(number, start) for number in range(len(plan.names))]
    client = Client(CallbackAPIVersion.VERSION2)
    host, port = url.removeprefix("mqtt://").split(":")
    client.connect(host, int(port))
    client.loop_start()
    began = time.monotonic()
    step_s = plan.message_s
    rounds = range(round(plan.seconds / step_s))
    for number in tqdm(rounds, unit="message", leave=False, disable=None):
        time.sleep(max(0.0, began + number * step_s / speed - time.monotonic()))
        for name, samples in zip(plan.names, whole, strict=True):
            sent = client.publish(f"sensors/{name}", _payload(samples, number, step_s), 1)
        sent.wait_for_publish(60)
        yield
    client.disconnect()
    client.loop_stop()


def _payload(samples: Samples, number: int, message_s: float) -> bytes:
    size = max(1, round(message_s / (samples.ts[1] - samples.ts[0])))
    rows = slice(number * size, (number + 1) * size)
    columns = zip(samples.features, samples.values[rows].T, strict=True)
    return msgspec.json.encode(
        {"ts": samples.ts[rows].tolist(), **{name: column.tolist() for name, column in columns}}
    )


def _is_connected(store: Engine) -> bool:
    with store.connect() as connection:
        found = devices.health(connection)
    return found is not None and found.connection == "connected"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak.provisional",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--devices", type=int, default=50, help="(default: %(default)s)")
    add("--faults", type=int, default=5, help="devices that turn faulty (default: %(default)s)")
    add("--minutes", type=positive, default=85.0, help="of device time (default: %(default)s)")
    add("--learn-minutes", type=positive, default=10.0, help="(default: %(default)s)")
    add("--speed", type=positive, default=20.0, help="times life (default: %(default)s)")
    add("--message-s", type=positive, default=10.0, help="in a message (default: %(default)s)")
    add("--kinds", nargs="+", choices=tuple(KINDS), default=list(KINDS), help="(default: all)")
    add("--seed", type=int, default=FIRST_SEED, help="of the first device (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
