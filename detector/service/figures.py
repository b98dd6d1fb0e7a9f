"""How the pipeline stands, for whoever watches it from another thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from detector.account_records import Crew
from detector.records import DeviceState, DeviceStatus

DROPPED = ("late", "duplicate")  # counters of a stream that tell of samples not stored


@dataclass(frozen=True, slots=True)
class PipelineFigures:
    """One look at the pipeline.

    Attributes:
        statuses: Of the devices heard since the start.
        active_alarms: Of all devices.
        unscored_samples: Taken from the buffer and not scored yet.
        unsaved_frames: Scored and not committed yet.
        faults: Ticks that failed.
        thinned: One window in so many is scored.
        lag_s: From arrival to commit, the longest of the newest commit with samples; None before.
        committed_at: When the newest commit was made, UTC seconds; None before.
        crew: The processes that score.
    """

    statuses: Sequence[DeviceStatus]
    active_alarms: int
    unscored_samples: int
    unsaved_frames: int
    faults: int
    thinned: int
    lag_s: float | None
    committed_at: float | None
    crew: Crew = field(default_factory=Crew)

    @property
    def states(self) -> dict[str, int]:
        """Devices by state."""
        found = Counter(status.state for status in self.statuses)
        return {state.value: found[state] for state in DeviceState}

    @property
    def dropped(self) -> dict[str, int]:
        """Samples that the devices' streams dropped, by reason."""
        return {why: sum(one.counters.get(why, 0) for one in self.statuses) for why in DROPPED}
