"""What a page says of a device: its state with ``stale`` added, and the worst-first order."""

from __future__ import annotations

import re

from detector.records import DeviceState, DeviceStatus, ModelCard

STALE = "stale"
WORST_FIRST = (
    DeviceState.ALARM.value,
    DeviceState.SENSOR.value,
    STALE,
    DeviceState.SUSPECT.value,
    DeviceState.UNSCORED.value,
    DeviceState.WARMING_UP.value,
    DeviceState.NOT_JUDGED.value,
    DeviceState.OK.value,
)
NO_SCORE = (STALE, DeviceState.NOT_JUDGED.value)  # says nothing of the machine; as in fleet.js
AUTO_SAMPLES = 600  # the least an automatic live window shows


def shown_state(status: DeviceStatus, now: float, stale_s: float) -> str:
    """The one word for a device; an alarm stays an alarm when its data grow old."""
    if (
        status.state not in {DeviceState.ALARM, DeviceState.SENSOR}
        and now - status.last_arrival > stale_s
    ):
        return STALE
    return status.state.value


def worst_first(statuses: list[DeviceStatus], now: float, stale_s: float) -> list[DeviceStatus]:
    """Devices ordered by how much they need a look, then by name."""
    return sorted(
        statuses,
        key=lambda status: (
            WORST_FIRST.index(shown_state(status, now, stale_s)),
            natural(status.device),
        ),
    )


def natural(name: str) -> list[tuple[int, int, str]]:
    """Key that orders names as people count: pump-2 before pump-10."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def sampling_period_s(status: DeviceStatus | None) -> float | None:
    """Seconds between samples, from the model, else from the measured rate; None if unknown."""
    if status is None:
        return None
    if status.model is not None:
        return status.model.sampling_period_s
    return 1.0 / status.rate_hz if status.rate_hz else None


def auto_window_s(status: DeviceStatus | None, live_window_s: float) -> float:
    """Length of the automatic live window: the setting, but at least 600 samples."""
    return max(live_window_s, AUTO_SAMPLES * (sampling_period_s(status) or 0.0))


def unit_of(card: ModelCard | None, feature: str) -> str:
    """The unit of a feature, empty when unknown."""
    if card is None or feature not in card.features:
        return ""
    return card.units[card.features.index(feature)]
