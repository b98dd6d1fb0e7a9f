"""How bad a broadband velocity is: zones A to D of ISO 20816-3, as commonly published."""

from __future__ import annotations

from dataclasses import dataclass

from detector.errors import BundleError

ZONES = {
    "A": "as of a new machine",
    "B": "fit to run without limit of time",
    "C": "not fit to run for long",
    "D": "may do damage",
}


@dataclass(frozen=True, slots=True)
class ZoneLimits:
    """Where the zones end, mm/s rms.

    Raises:
        BundleError: If they do not rise from above 0.
    """

    a_b: float
    b_c: float
    c_d: float

    def __post_init__(self) -> None:
        if not 0 < self.a_b < self.b_c < self.c_d < float("inf"):
            raise BundleError(
                f"machine class: limits {self.a_b:g}, {self.b_c:g}, {self.c_d:g} mm/s, allowed: "
                "three that rise from above 0"
            )

    def zone(self, velocity_mm_s: float) -> str:
        """The zone of a velocity, mm/s rms; a limit itself belongs to the worse one."""
        passed = sum(velocity_mm_s >= limit for limit in (self.a_b, self.b_c, self.c_d))
        return "ABCD"[passed]


MACHINE_CLASSES: dict[str, ZoneLimits] = {
    "small": ZoneLimits(0.71, 1.8, 4.5),
    "medium-rigid": ZoneLimits(1.4, 2.8, 4.5),
    "medium-flexible": ZoneLimits(2.3, 4.5, 7.1),
    "large-rigid": ZoneLimits(2.3, 4.5, 7.1),
    "large-flexible": ZoneLimits(3.5, 7.1, 11.0),
}


def limits_of(machine_class: str) -> ZoneLimits:
    """Look a class up, or read three limits of its own: ``A/B,B/C,C/D`` in mm/s rms.

    Raises:
        BundleError: If it is neither.
    """
    if machine_class in MACHINE_CLASSES:
        return MACHINE_CLASSES[machine_class]
    try:
        a_b, b_c, c_d = (float(part) for part in machine_class.split(","))
    except ValueError:
        known = ", ".join(MACHINE_CLASSES)
        raise BundleError(
            f"machine class {machine_class!r}, allowed: {known}, or three limits in mm/s rms "
            "such as 0.71,1.8,4.5"
        ) from None
    return ZoneLimits(a_b, b_c, c_d)


def zone_in_words(velocity_mm_s: float, machine_class: str) -> str:
    """For example ``2.1 mm/s rms, zone C: not fit to run for long``.

    Raises:
        BundleError: If the class is unknown.
    """
    zone = limits_of(machine_class).zone(velocity_mm_s)
    return f"{velocity_mm_s:.2g} mm/s rms, zone {zone}: {ZONES[zone]}"
