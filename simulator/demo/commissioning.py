"""Each of the demo's motors learns its own normal once it has run healthily for long enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.demo.children import Child
from simulator.demo.fleet import Say
from simulator.demo.machines import TICK_S, Machine

RECOVER_S = 10.0  # not learnt from after a fault
TRIES = 4  # of one motor

Ask = Callable[[str, float, float], Child]


@dataclass
class Pupil:
    """A motor that is not commissioned yet.

    Attributes:
        machine: The motor.
        since_s: Healthy from this second of the stream on.
        ran_s: It has run for so long since then.
        tries: How often it was asked for.
    """

    machine: Machine
    since_s: float = 0.0
    ran_s: float = 0.0
    tries: int = 0

    @property
    def is_due(self) -> bool:
        """Whether there is enough to learn from."""
        return self.ran_s >= self.machine.kind.commission_s

    def hear(self, now_s: float, faulty: Machine | None) -> None:
        """Count the next ``TICK_S`` of it."""
        if self.machine is faulty:
            self.since_s, self.ran_s = now_s + RECOVER_S, 0.0
        elif now_s >= self.since_s and self.machine.motor.run_left_s > 0:
            self.ran_s += TICK_S


class Commissioner:
    """Commissions one motor after the other; what is refused is tried again later.

    Args:
        machines: The motors.
        ask: Starts `commission` for a device and a stretch in UTC seconds.
        say: Told in one line what came of it.
    """

    def __init__(self, machines: Sequence[Machine], *, ask: Ask, say: Say) -> None:
        self._pupils = [Pupil(machine) for machine in machines]
        self._ask, self._say = ask, say
        self._asked: tuple[Pupil, Child] | None = None

    def advance(self, now_s: float, offset: float, faulty: Machine | None) -> None:
        """Hear the last ``TICK_S`` of all of them, with ``offset`` as time zero of the stream."""
        for pupil in self._pupils:
            pupil.hear(now_s, faulty)
        if self._asked is not None:
            self._hear_answer(*self._asked, now_s)
        elif (due := next((one for one in self._pupils if one.is_due), None)) is not None:
            name, stretch = due.machine.name, (offset + due.since_s, offset + now_s)
            self._asked = due, self._ask(name, *stretch)

    def _hear_answer(self, pupil: Pupil, child: Child, now_s: float) -> None:
        code = child.process.poll()
        if code is None:
            return
        self._asked = None
        pupil.tries += 1
        if code == 0:
            self._leave(pupil, "commissioned, judged by its own normal from now on")
        elif pupil.tries == TRIES:
            self._leave(pupil, f"not commissioned; {child.last_lines().strip()}")
        else:
            pupil.since_s, pupil.ran_s = now_s, 0.0

    def _leave(self, pupil: Pupil, word: str) -> None:
        self._say(f"{pupil.machine.name}: {word}")
        self._pupils.remove(pupil)
