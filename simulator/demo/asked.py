"""Faults that somebody asks for while the demo runs, one at a time on a motor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.demo.fleet import Say
from simulator.demo.machines import Machine
from simulator.errors import SimulatorError
from simulator.faults.inject import FAULTS, LiveFault
from simulator.live.announcing import Announcer
from simulator.live.publisher import Publisher
from simulator.live.requests import FAULT_TOPIC, LiveRequest, LiveRequests
from simulator.live.truth_feed import TRUTH_TOPIC
from simulator.machines.motor import FEATURES

FAMILIES = tuple(name for name in FAULTS if name not in {"clock", "axis_swap"})
SESSION = "demo"


@dataclass
class _Motor:
    """One motor that hears requests, and the fault that it has for one."""

    machine: Machine
    requests: LiveRequests
    announcer: Announcer
    fault: LiveFault | None = None
    told: dict[str, object] | None = None


class AskedFaults:
    """Hears requests for each motor, puts the faults in, and tells the truth of them.

    Args:
        machines: The motors.
        publisher: An open connection.
        begin: Device time of a stream's first sample, UTC seconds.
        busy: Gives the motor that has a fault of the demo's own.
        say: Told in one line when a fault begins.
    """

    def __init__(
        self,
        machines: Sequence[Machine],
        publisher: Publisher,
        begin: float,
        *,
        busy: Callable[[], Machine | None],
        say: Say,
    ) -> None:
        self._publisher, self._begin, self._busy, self._say = publisher, begin, busy, say
        self._motors = [self._heard(machine) for machine in machines]

    def advance(self) -> None:
        """Begin and end what is due, before the next batch."""
        for motor in self._motors:
            motor.announcer.tell()
            if motor.fault is not None and motor.machine.sent >= motor.fault.end:
                self._end(motor)
            while (taken := motor.requests.take()) is not None:
                try:
                    self._start(motor, LiveRequest.parse(taken[0]), taken[1])
                except SimulatorError as error:
                    self._tell(motor, {"event": "refused", "reason": str(error)})

    def _heard(self, machine: Machine) -> _Motor:
        requests = LiveRequests()
        topic = FAULT_TOPIC.replace("{device}", machine.name)
        self._publisher.subscribe(topic, requests.receive)
        announcer = Announcer(self._publisher, machine.name, FAMILIES, FEATURES)
        return _Motor(machine, requests, announcer)

    def _start(self, motor: _Motor, request: LiveRequest, seed: int) -> None:
        machine = motor.machine
        if request.family not in FAMILIES:
            raise SimulatorError(f"fault {request.family!r}; allowed: {', '.join(FAMILIES)}")
        if request.feature not in {None, *FEATURES}:
            raise SimulatorError(f"no feature {request.feature!r}; allowed: {', '.join(FEATURES)}")
        if machine.fault is not None or self._busy() is machine:
            raise SimulatorError(f"{machine.name}: has a fault already; allowed: one at a time")
        axis = FEATURES.index(request.feature) if request.feature else seed % len(FEATURES)
        fault = LiveFault(
            request.family, severity=request.severity, start=machine.sent,
            end=machine.sent + max(round(request.seconds * machine.kind.rate_hz), 1),
            sigma=float(machine.sigma[axis]), axis=axis, seed=seed, rate_hz=machine.kind.rate_hz,
            ramp_s=request.ramp,
        )  # fmt: skip
        machine.fault = motor.fault = fault
        motor.told = {"family": request.family, "axis": FEATURES[axis],
                      "severity": request.severity, "seed": seed}  # fmt: skip
        self._tell(motor, {"event": "start", **motor.told})
        self._say(f"{machine.name}: {request.family} on {FEATURES[axis]} for "
                  f"{request.seconds:.0f} s, as asked for")  # fmt: skip

    def _end(self, motor: _Motor) -> None:
        if motor.machine.fault is motor.fault:
            motor.machine.fault = None
        self._tell(motor, {"event": "end", **(motor.told or {})})
        motor.fault = motor.told = None

    def _tell(self, motor: _Motor, message: dict[str, object]) -> None:
        ts = self._begin + motor.machine.sent / motor.machine.kind.rate_hz
        topic = TRUTH_TOPIC.replace("{device}", motor.machine.name)
        self._publisher.tell(topic, {**message, "ts": round(ts, 6), "session": SESSION})
