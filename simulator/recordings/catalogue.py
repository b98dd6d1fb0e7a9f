"""A whole data set of simulated machines: ``rpm_600/{train,test}`` and ``rpm_1200/{train,test}``.

``train`` has normal sessions of some units. ``test`` has sessions of units that ``train`` does not
know: normal ones, one for each kind of benign event, and one for each family of faults, in which
the severity changes from fault to fault.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.faults.inject import FAULTS
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.profile import BENIGN
from simulator.recordings.generate import write_sessions
from simulator.recordings.session_request import Request

SPEEDS = (600.0, 1200.0)
SEVERITIES = (0.5, 1.0, 0.25, 0.75)
TEST_UNITS = 1000  # seeds of test units begin so far above those of training units


@dataclass(frozen=True)
class Catalogue:
    """What to lay out.

    Attributes:
        common: Sensor, rate and seed of all sessions; its speed and fault do not count.
        units: Normal units to train on, one session each.
        train_minutes: Length of a training session.
        test_minutes: Length of a test session; one fault comes in some two minutes.
        speeds: Rated speeds, 1/min.
    """

    common: Request
    units: int = 24
    train_minutes: float = 5.0
    test_minutes: float = 10.0
    speeds: tuple[float, ...] = SPEEDS

    @property
    def seconds(self) -> float:
        """Signal to be made, for the progress bar."""
        return sum(60.0 * r.minutes * r.sessions for _, r in self.requests())

    def requests(self) -> list[tuple[str, Request]]:
        """Every session: its folder, relative to the catalogue, and what goes there."""
        return [
            (f"rpm_{request.speeds}/{part}", request)
            for rpm in self.speeds
            for part, request in [*self._train(rpm), *self._test(rpm)]
        ]

    def _train(self, rpm: float) -> list[tuple[str, Request]]:
        normal = replace(self.common, rpm=rpm, sessions=1, minutes=self.train_minutes)
        return [
            ("train", replace(normal, seed=self.common.seed + unit)) for unit in range(self.units)
        ]

    def _test(self, rpm: float) -> list[tuple[str, Request]]:
        seed = self.common.seed + TEST_UNITS
        plain = replace(self.common, rpm=rpm, sessions=1, minutes=self.test_minutes)
        kinds = [{}, {}, *({"benign": kind} for kind in BENIGN)]
        faults = [
            {"fault": family, "severities": SEVERITIES, "ramp_s": None}
            for family in (*MACHINE_FAULTS, *FAULTS)
        ]
        return [
            ("test", replace(plain, seed=seed + number, **kind))  # type: ignore[arg-type]
            for number, kind in enumerate([*kinds, *faults])
        ]


def write_catalogue(
    catalogue: Catalogue, out: Path, advance: Callable[[float], None]
) -> list[Path]:
    """Write all sessions below ``out`` and return their paths.

    Raises:
        SimulatorError: If a folder cannot be written.
    """
    written: list[Path] = []
    for folder, request in catalogue.requests():
        request.check()
        written += write_sessions(request, out / folder, advance)
    return written
