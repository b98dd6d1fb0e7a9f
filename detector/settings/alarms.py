"""``[alarms]``."""

from __future__ import annotations

from pydantic import Field

from detector.settings.section import Section


class Delays(Section):
    """How long windows must be above and below the threshold; an operator may give others."""

    k: int = Field(3, ge=1, le=10_000, description="Windows above the threshold that raise it ...")
    n: int = Field(5, ge=1, le=10_000, description="... among this many judged windows in a row.")
    on_delay_s: float = Field(
        4.0,
        ge=0,
        le=86_400,
        description="Seconds of sample time from the first k of n until it is raised, if k of n "
        "are above then; a burst of 2 s is none as shipped.",
    )
    off_delay_s: float = Field(
        5.0,
        ge=0,
        le=86_400,
        description="Seconds of windows below that clear it where `m` is empty; an alarm of a "
        "machine that has stopped for as long returns by that.",
    )


class AlarmSettings(Delays):
    """When windows above the threshold become an alarm."""

    m: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="Judged windows below in a row that clear it; empty: 5 s and at least L.",
    )
    deadband: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="It clears below (1 - deadband) times the threshold.",
    )
    start_up_s: float = Field(
        0.0,
        ge=0,
        le=86_400,
        description="Seconds after a machine's start in which nothing is judged.",
    )
    latching: bool = Field(
        False,
        description="An alarm that nobody has answered stays active though its cause has gone.",
    )
    silent_s: float | None = Field(
        None,
        gt=0,
        le=31_536_000,
        description="Seconds without a sample after which a device is called silent; empty: never.",
    )
    shelve_at_most_h: float = Field(
        24.0, gt=0, le=8760, description="Hours that an alarm may be shelved for at most."
    )

    def with_delays(self, given: Delays) -> AlarmSettings:
        """The same with other delays; what clears it is then their off-delay."""
        return self.model_copy(update={**dict(given), "m": None})
