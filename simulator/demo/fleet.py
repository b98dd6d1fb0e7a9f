"""The faults that come and go on the demo's motors."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.demo.machines import Machine
from simulator.faults.inject import FAULTS, LiveFault
from simulator.live.publisher import Publisher
from simulator.machines.damage import Damage
from simulator.machines.motor import FEATURES

Say = Callable[[str], None]

FIRST_FAULT_S = (10.0, 15.0)  # after the page answers
FAULT_S = (15.0, 25.0)
HEALTH_S = (20.0, 40.0)


@dataclass
class Episode:
    """A fault going on: where, and until which second of the stream."""

    machine: Machine
    end_s: float


class FaultPlan:
    """Seeded faults, one at a time: families in rotation over running motors.

    Args:
        machines: The motors.
        seed: Decides all chance.
        say: Told in one line when a fault begins and ends.
    """

    def __init__(self, machines: Sequence[Machine], *, seed: int, say: Say) -> None:
        self._machines = machines
        self._rng = np.random.default_rng(seed)
        self._say = say
        self._episode: Episode | None = None
        self._turn = 0  # of the machines
        self._shown: Counter[tuple[str, ...]] = Counter()  # faults so far, by what is in turn
        self._next_s = float(self._rng.uniform(*FIRST_FAULT_S))

    def advance(self, now_s: float) -> None:
        """Begin and end what is due ``now_s`` seconds after the page answered."""
        if self._episode is not None and now_s >= self._episode.end_s:
            self._end(self._episode, now_s)
        elif self._episode is None and now_s >= self._next_s:
            self._begin(now_s)

    @property
    def faulty(self) -> Machine | None:
        """The motor that has a fault now."""
        return None if self._episode is None else self._episode.machine

    def _begin(self, now_s: float) -> None:
        length_s = float(self._rng.uniform(*FAULT_S))
        machine = self._running_for(length_s + 5.0)
        if machine is None:
            self._next_s = now_s + 1.0
            return
        families = machine.kind.families
        family = families[self._shown[families] % len(families)]
        if family in FAULTS:
            where = f" on {FEATURES[self._fail_sensor(machine, family, length_s)]}"
        else:
            begin_s, where = machine.motor.ready_s, ""
            machine.motor.damage(Damage(family, 1.0, begin_s, begin_s, begin_s + length_s))
        self._episode = Episode(machine, now_s + length_s)
        self._shown[families] += 1
        self._turn += 1
        self._say(f"{machine.name}: {family}{where} for {length_s:.0f} s")

    def _fail_sensor(self, machine: Machine, family: str, length_s: float) -> int:
        """Let one axis of the sensor fail and return it."""
        axis = 0 if family == "gain" else int(self._rng.integers(len(FEATURES)))
        machine.fault = LiveFault(
            family,
            start=machine.sent,
            end=machine.sent + round(length_s * machine.kind.rate_hz),
            sigma=float(machine.sigma[axis]),
            axis=axis,
            seed=int(self._rng.integers(2**32)),
        )
        return axis

    def _end(self, episode: Episode, now_s: float) -> None:
        episode.machine.fault = None
        self._episode = None
        self._next_s = now_s + float(self._rng.uniform(*HEALTH_S))
        self._say(f"{episode.machine.name}: healthy again")

    def _running_for(self, seconds: float) -> Machine | None:
        """Return the first machine in rotation that will run for so long."""
        count = len(self._machines)
        turn = [self._machines[(self._turn + i) % count] for i in range(count)]
        return next(
            (
                machine
                for machine in turn
                if machine.fault is None and machine.motor.run_left_s > seconds
            ),
            None,
        )


def publish_all(machines: Sequence[Machine], publisher: Publisher, begin: float, say: Say) -> None:
    """Publish the next batch of every machine; tell of stops and starts."""
    for machine in machines:
        was_running = machine.motor.run_left_s > 0
        machine.publish(publisher, begin)
        runs = machine.motor.run_left_s > 0
        if runs != was_running:
            say(f"{machine.name}: {'runs again' if runs else 'stops'} (normal, no alarm)")
