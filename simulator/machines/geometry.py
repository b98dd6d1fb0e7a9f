"""What a machine is made of, as far as its tones depend on it: bearings, gears, vanes.

An order is a frequency in multiples of the shaft's own.
"""

from dataclasses import dataclass
from math import cos, isfinite, pi, radians, sin

from simulator.errors import SimulatorError


@dataclass(frozen=True)
class Bearing:
    """A rolling bearing with a fixed outer ring.

    Source of the orders: Randall & Antoni, Mechanical Systems and Signal Processing 25 (2011).

    Attributes:
        balls: Number of rolling elements.
        ball_mm: Their diameter, mm.
        pitch_mm: Diameter of the circle through their centres, mm.
        contact_deg: Contact angle, degrees.

    Raises:
        SimulatorError: If no bearing has this geometry.
    """

    balls: int
    ball_mm: float
    pitch_mm: float
    contact_deg: float = 0.0

    def __post_init__(self) -> None:
        found = f"{self.balls} balls of {self.ball_mm:g} mm on {self.pitch_mm:g} mm"
        if self.balls < 3 or not 0 < self.ball_mm < self.pitch_mm:
            raise SimulatorError(
                f"bearing: {found}; allowed: 3 or more balls, smaller than the pitch circle"
            )
        if not isfinite(self.pitch_mm):
            raise SimulatorError(f"bearing: {found}; allowed: a finite pitch circle")
        room_mm = self.pitch_mm * sin(pi / self.balls)
        if self.ball_mm > room_mm:
            raise SimulatorError(
                f"bearing: {found}; allowed: at most {room_mm:.2f} mm, or they would overlap"
            )
        if not 0 <= self.contact_deg < 90:
            raise SimulatorError(
                f"bearing: contact angle {self.contact_deg:g} degrees; allowed: 0 to below 90"
            )

    @property
    def ratio(self) -> float:
        """``k`` of the formulas: ball over pitch diameter, seen along the contact."""
        return self.ball_mm / self.pitch_mm * cos(radians(self.contact_deg))

    @property
    def cage(self) -> float:
        """FTF: turns of the cage per turn of the shaft."""
        return (1 - self.ratio) / 2

    @property
    def outer(self) -> float:
        """BPFO: balls that pass a point of the outer ring per turn."""
        return self.balls * (1 - self.ratio) / 2

    @property
    def inner(self) -> float:
        """BPFI: balls that pass a point of the inner ring per turn."""
        return self.balls * (1 + self.ratio) / 2

    @property
    def ball(self) -> float:
        """Twice BSF: a damaged ball strikes both rings in each of its turns."""
        k = self.ball_mm / self.pitch_mm
        return (1 - self.ratio**2) / k


BEARINGS: dict[str, Bearing] = {
    "6204": Bearing(balls=8, ball_mm=7.94, pitch_mm=33.5),
    "6205": Bearing(balls=9, ball_mm=7.94, pitch_mm=39.04),
}


def bearing_named(text: str) -> Bearing:
    """Look a bearing up, or read ``BALLS,BALL_MM,PITCH_MM[,CONTACT_DEG]``.

    Raises:
        SimulatorError: If it is neither, or no bearing has that geometry.
    """
    if text in BEARINGS:
        return BEARINGS[text]
    parts = text.split(",")
    if len(parts) not in {3, 4} or not parts[0].strip().isdecimal():
        raise SimulatorError(_unknown(text))
    try:
        return Bearing(int(parts[0]), *(float(part) for part in parts[1:]))
    except ValueError:
        raise SimulatorError(_unknown(text)) from None


def _unknown(text: str) -> str:
    known = ", ".join(BEARINGS)
    return f"unknown bearing {text!r}; allowed: {known}, or BALLS,BALL_MM,PITCH_MM[,CONTACT_DEG]"
