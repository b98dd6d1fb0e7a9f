"""The families of sensor faults by name."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import SimulatorError
from simulator.faults import families
from simulator.faults.families import Change, Scene


@dataclass(frozen=True)
class Fault:
    """A family of faults: one sentence, and what begins it (``axis_swap`` needs more than one)."""

    summary: str
    begin: Callable[[Scene], Change] | None


FAULTS: dict[str, Fault] = {
    "spike": Fault("0.5 % of the samples jump by 5-15 sigma for 1-3 samples", families.spike),
    "bias": Fault("the level shifts by 5 sigma", families.bias),
    "drift": Fault("the level moves by 3 sigma within 60 s", families.drift),
    "stuck": Fault("the last value, 0 or a range end is repeated", families.stuck),
    "noise": Fault("white noise of 5 sigma is added", families.noise),
    "gain": Fault("the reading is multiplied by 0.3, gravity included", families.gain),
    "clip": Fault("the reading is cut at 0.3 of its healthy peak", families.clip),
    "quantise": Fault("the reading has steps of 2 sigma", families.quantise),
    "dropout": Fault("values are missing in bursts of 20 samples", families.dropout),
    "axis_swap": Fault("two axes are exchanged, or one is reversed", None),
    "clock": Fault("times are offset, skewed, repeated or out of order", families.clock),
}


def fault_named(family: str) -> Fault:
    """Look a family up.

    Raises:
        SimulatorError: If there is none of that name.
    """
    if family not in FAULTS:
        raise SimulatorError(f"unknown fault {family!r}; allowed: {', '.join(FAULTS)}")
    return FAULTS[family]


def check_severity(severity: float) -> None:
    """Refuse a severity outside 0..1.

    Raises:
        SimulatorError: If it is.
    """
    if not 0.0 <= severity <= 1.0:
        raise SimulatorError(f"severity {severity:g}; allowed: 0 to 1")
