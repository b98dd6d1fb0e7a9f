"""How a healthy machine is run: idle, start, run, coast-down, and what happens meanwhile.

Everything here is normal: load steps, sags of the supply, starts and stops must raise no alarm.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError

Array = NDArray[np.float64]
State = Literal["idle", "start", "run", "coast"]
Range = tuple[float, float]

CONTROL_HZ = 100.0  # the operating state is known so often, whatever the sensor's rate
STOPPED = 0.01  # share of rated speed below which friction ends a coast-down
EDGE_S = 0.3  # how fast load and supply change
SLIP = (0.005, 0.01)  # speed lost under more load
LOAD = (0.10, 0.20)  # 1x gained under more load
SAG = 0.10  # of the supply
INVERTER = (0.02, 0.2)  # how fast an inverter changes the speed, share of rated speed a second
NEVER = sys.maxsize  # samples
LONG_RUN = (3600.0, 3600.0)


@dataclass(frozen=True)
class Durations:
    """How long each state lasts; each length is drawn evenly from its range, in seconds."""

    idle: Range = (5.0, 15.0)
    start: Range = (2.0, 6.0)
    run: Range = (90.0, 240.0)
    coast_tau: Range = (3.0, 10.0)
    load_step: Range = (20.0, 60.0)
    sag: Range = (0.2, 2.0)
    hold: Range = (10.0, 60.0)  # of one speed, of a machine that has many


# Mean seconds of running between two events of a kind.
EVENTS: Mapping[str, float] = {"load_step": 120.0, "sag": 180.0}


@dataclass(frozen=True)
class Habits:
    """What happens while a machine runs.

    Attributes:
        pauses_s: Mean seconds between two events of each kind of ``EVENTS``; kinds left out
            do not happen.
        wander: Standard deviation of the speed, share of rated speed.
        direct_start: Share of starts that are direct on line, 1 - exp(-t/τ) with τ 0.5-1.5 s;
            the others are ramps.
        heat_c: Temperature the machine warms up by.
        warm_up_min: Range of the time constant of that, minutes.
        durations: How long its operating states last.
        speeds: Lowest and highest speed it runs at, shares of rated speed, as on an inverter;
            None: at rated speed.
    """

    pauses_s: Mapping[str, float] = field(default_factory=lambda: dict(EVENTS))
    wander: float = 0.002
    direct_start: float = 0.3
    heat_c: float = 25.0
    warm_up_min: Range = (10.0, 40.0)
    durations: Durations = field(default_factory=Durations)
    speeds: Range | None = None

    @property
    def slowest(self) -> float:
        """Lowest speed it runs at, share of rated speed."""
        return 1.0 if self.speeds is None else self.speeds[0]


CALM = Habits(pauses_s={}, direct_start=0.0, heat_c=0.0)

STEADY = Durations(run=LONG_RUN)

# What happens in a session made to show one kind of benign event.
BENIGN: dict[str, Habits] = {
    "start_stop": replace(
        CALM,
        direct_start=0.5,
        durations=Durations(idle=(5.0, 10.0), run=(15.0, 30.0), coast_tau=(2.0, 5.0)),
    ),
    "load_step": replace(
        CALM,
        pauses_s={"load_step": 15.0},
        durations=Durations(run=LONG_RUN, load_step=(10.0, 30.0)),
    ),
    "sag": replace(CALM, pauses_s={"sag": 10.0}, durations=STEADY),
    "temperature": replace(CALM, heat_c=25.0, warm_up_min=(2.0, 5.0), durations=STEADY),
    "wander": replace(CALM, wander=0.006, durations=STEADY),
}


def benign_named(name: str) -> Habits:
    """Look a kind of benign event up.

    Raises:
        SimulatorError: If there is none of that name.
    """
    if name not in BENIGN:
        raise SimulatorError(f"unknown benign event {name!r}; allowed: {', '.join(BENIGN)}")
    return BENIGN[name]


@dataclass(frozen=True)
class Event:
    """Something normal that happened, in seconds since the first sample."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Operation:
    """The operating state, ``CONTROL_HZ`` times a second.

    Attributes:
        speed: Shape (n,), share of rated speed, 0..1.
        load: Shape (n,), 0 at rated load, 0.1-0.2 under more.
        supply: Shape (n,), 1 at rated voltage.
    """

    speed: Array
    load: Array
    supply: Array

    def __len__(self) -> int:
        return len(self.speed)

    def part(self, start: int, end: int | None = None) -> "Operation":
        """Return samples ``start`` to ``end``."""
        cut = slice(start, end)
        return Operation(self.speed[cut], self.load[cut], self.supply[cut])

    def then(self, later: "Operation") -> "Operation":
        """Return these samples and those that follow."""
        return Operation(
            np.concatenate([self.speed, later.speed]),
            np.concatenate([self.load, later.load]),
            np.concatenate([self.supply, later.supply]),
        )


NOTHING = Operation(np.empty(0), np.empty(0), np.empty(0))


class OperatingProfile:
    """Endless operating state, cut off in pieces of any length.

    The first state is ``idle``, or ``run`` at full speed. ``events`` grows as they are drawn, a
    state at a time, so it may be some minutes ahead of what was taken.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        habits: Habits | None = None,
        begin_running: bool = False,
    ) -> None:
        self._rng = rng
        self._habits = habits or Habits()
        self._durations = self._habits.durations
        self.events: list[Event] = []
        self._drawn = 0
        self._share = self._drawn_share()  # of rated speed that it runs at or is on its way to
        self._segments = self._cycle(begin_running=begin_running)
        self._state, self._rest = next(self._segments)

    @property
    def run_left_s(self) -> float:
        """Seconds until the next coast-down begins; 0 while the machine is not in run."""
        return len(self._rest) / CONTROL_HZ if self._state == "run" else 0.0

    def take(self, n: int) -> Operation:
        """Return the next ``n`` samples of the operating state."""
        taken = NOTHING
        while len(taken) < n:
            if not len(self._rest):
                self._state, self._rest = next(self._segments)
            wanted = n - len(taken)
            taken = taken.then(self._rest.part(0, wanted))
            self._rest = self._rest.part(wanted)
        return taken

    def _cycle(self, *, begin_running: bool) -> Iterator[tuple[State, Operation]]:
        if begin_running:
            yield "run", self._run()
            yield "coast", self._note("coast_down", self._share * self._coast())
        while True:
            yield "idle", self._note("idle", np.zeros(self._length(self._durations.idle)))
            yield "start", self._note("start", self._share * self._start())
            yield "run", self._run()
            yield "coast", self._note("coast_down", self._share * self._coast())

    def _note(self, name: str, speed: Array) -> Operation:
        """Write a state down as an event; rated load and supply."""
        begin = self._drawn
        self._drawn += len(speed)
        self.events.append(Event(name, begin / CONTROL_HZ, self._drawn / CONTROL_HZ))
        return Operation(speed, np.zeros(len(speed)), np.ones(len(speed)))

    def _run(self) -> Operation:
        n = self._length(self._durations.run)
        steps, slip = self._happenings(n, "load_step", self._durations.load_step, LOAD)
        sags, _ = self._happenings(n, "sag", self._durations.sag, (SAG, SAG))
        held = self._speeds(n)
        self._drawn += n
        # less torque at less voltage: half a per cent slower
        speed = held * (1.0 - slip - 0.05 * sags)
        return Operation(speed, steps, 1.0 - sags)

    def _speeds(self, n: int) -> Array:
        """Share of rated speed over a run: held for a while, then on to the next."""
        share = np.full(n, self._share)
        at = self._hold()
        while at < n:
            before, self._share = self._share, self._drawn_share()
            taken_s = abs(self._share - before) / self._rng.uniform(*INVERTER)
            end = at + max(1, round(taken_s * CONTROL_HZ))
            share[at:end] = np.linspace(before, self._share, end - at + 1)[1 : n - at + 1]
            share[end:] = self._share
            first = self._drawn
            self.events.append(
                Event("speed", (first + at) / CONTROL_HZ, (first + min(end, n)) / CONTROL_HZ)
            )
            at = end + self._hold()
        self._share = float(share[-1])
        return share

    def _hold(self) -> int:
        """Samples until the next change of speed."""
        return NEVER if self._habits.speeds is None else self._length(self._durations.hold)

    def _drawn_share(self) -> float:
        speeds = self._habits.speeds
        return 1.0 if speeds is None else float(self._rng.uniform(*speeds))

    def _happenings(self, n: int, kind: str, lasts: Range, size: Range) -> tuple[Array, Array]:
        """Draw events of a kind over ``n`` samples: their size, and the slip they bring."""
        sizes, slips = np.zeros(n), np.zeros(n)
        pause_s = self._habits.pauses_s.get(kind)
        if pause_s is None:
            return sizes, slips
        start = self._pause(pause_s)
        while start < n:
            end = min(start + self._length(lasts), n)
            edge = _trapezoid(end - start)
            sizes[start:end] = self._rng.uniform(*size) * edge
            slips[start:end] = self._rng.uniform(*SLIP) * edge
            first = self._drawn
            self.events.append(
                Event(kind, (first + start) / CONTROL_HZ, (first + end) / CONTROL_HZ)
            )
            start = end + self._pause(pause_s)
        return sizes, slips

    def _pause(self, mean_s: float) -> int:
        return self._length((0.5 * mean_s, 1.5 * mean_s))

    def _length(self, seconds: Range) -> int:
        return max(1, round(self._rng.uniform(*seconds) * CONTROL_HZ))

    def _start(self) -> Array:
        """Direct on line, or a ramp."""
        if self._rng.random() < self._habits.direct_start:
            tau_s = self._rng.uniform(0.5, 1.5)
            t_s = np.arange(1, round(5 * tau_s * CONTROL_HZ) + 1) / CONTROL_HZ
            return np.asarray(1.0 - np.exp(-t_s / tau_s))
        n = self._length(self._durations.start)
        return np.arange(1, n + 1) / n

    def _coast(self) -> Array:
        tau_s = self._rng.uniform(*self._durations.coast_tau)
        n = int(np.log(1.0 / STOPPED) * tau_s * CONTROL_HZ)
        return np.exp(-np.arange(n) / (tau_s * CONTROL_HZ))


def _trapezoid(n: int) -> Array:
    """Rise, hold at 1, and fall within ``n`` samples; the edges last ``EDGE_S`` at most."""
    edge = max(1, min(round(EDGE_S * CONTROL_HZ), n // 3))
    position = np.arange(1, n + 1)
    return np.asarray(np.minimum(1.0, np.minimum(position, n + 1 - position) / edge))
