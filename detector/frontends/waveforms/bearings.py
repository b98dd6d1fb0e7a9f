"""Orders of a rolling bearing: how often its parts pass per turn of the shaft."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin

from detector.errors import BundleError

PARTS = ("outer", "inner", "ball", "cage")


@dataclass(frozen=True, slots=True)
class Bearing:
    """A rolling bearing with a fixed outer ring.

    Source of the orders: Randall & Antoni, Mechanical Systems and Signal Processing 25 (2011).

    Attributes:
        balls: Number of rolling elements.
        ball_mm: Their diameter, mm.
        pitch_mm: Diameter of the circle through their centres, mm.
        contact_deg: Contact angle, degrees.

    Raises:
        BundleError: If no bearing has this geometry.
    """

    balls: int
    ball_mm: float
    pitch_mm: float
    contact_deg: float = 0.0

    def __post_init__(self) -> None:
        fits = self.balls >= 3 and 0 < self.ball_mm < self.pitch_mm < float("inf")
        if not fits or self.ball_mm > self.pitch_mm * sin(pi / self.balls):
            raise BundleError(
                f"bearing: {self.balls} balls of {self.ball_mm:g} mm on {self.pitch_mm:g} mm, "
                "allowed: 3 or more balls that find room on the pitch circle"
            )
        if not 0 <= self.contact_deg < 90:
            raise BundleError(
                f"bearing: contact angle {self.contact_deg:g} degrees, allowed: 0 to below 90"
            )

    def order(self, part: str) -> float:
        """BPFO, BPFI, twice BSF (a damaged ball strikes both rings) or FTF, of ``PARTS``."""
        ratio = self.ball_mm / self.pitch_mm
        seen = ratio * cos(radians(self.contact_deg))
        return {
            "outer": self.balls * (1 - seen) / 2,
            "inner": self.balls * (1 + seen) / 2,
            "ball": (1 - seen**2) / ratio,
            "cage": (1 - seen) / 2,
        }[part]


BEARINGS: dict[str, Bearing] = {
    "6204": Bearing(balls=8, ball_mm=7.94, pitch_mm=33.5),
    "6205": Bearing(balls=9, ball_mm=7.94, pitch_mm=39.04),
}


def bearing_named(text: str) -> Bearing:
    """Look a bearing up, or read ``BALLS,BALL_MM,PITCH_MM[,CONTACT_DEG]``.

    Raises:
        BundleError: If it is neither, or no bearing has that geometry.
    """
    if text in BEARINGS:
        return BEARINGS[text]
    parts = text.split(",")
    if len(parts) not in {3, 4} or not parts[0].strip().isdecimal():
        raise BundleError(_unknown(text))
    try:
        return Bearing(int(parts[0]), *(float(part) for part in parts[1:]))
    except ValueError:
        raise BundleError(_unknown(text)) from None


def _unknown(text: str) -> str:
    known = ", ".join(BEARINGS)
    return f"bearing {text!r}, allowed: {known}, or BALLS,BALL_MM,PITCH_MM[,CONTACT_DEG]"
