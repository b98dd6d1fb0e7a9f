"""Waiting until a machine has run for long enough; what it sends is stored meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from detector.adopting.machine.normal import Normal, look_at, newest_running
from detector.adopting.machine.stretch import Stretch, stored_stretch
from detector.errors import AdoptError, FaultlineError
from detector.store import devices
from detector.store.schema import Engine

LOOK_S = 1.0

Tell = Callable[[float, str], None]  # seconds of running so far, and why there are none


def gather(
    engine: Engine, device: str, *, minutes: float, start: float | None, tell: Tell
) -> Normal:
    """The newest running of a device, waited for where there is not enough of it yet.

    Args:
        engine: Of the store.
        device: Name of the machine.
        minutes: Of running, above 0; a standstill does not count.
        start: Use all from this time on, UTC seconds of the device clock; None: back to when it
            can be trusted.
        tell: Told how far it is, about once a second, while it waits.

    Raises:
        AdoptError: If the device is unknown, or nothing more can come because no detector runs.
    """
    while True:
        with engine.begin() as connection:
            stretch = stored_stretch(connection, device, start)
            alive = devices.is_alive(connection)
        normal, reason = _look(stretch, device)
        running_s = 0.0 if normal is None else normal.activity.running_s
        if normal is not None and running_s >= minutes * 60:
            return newest_running(normal, minutes * 60, device)
        if not alive:
            raise AdoptError(
                f"{device}: {running_s / 60:.1f} min of running are stored, allowed: {minutes:g} "
                "or more, and no detector runs to receive the rest; start `faultline serve` first"
            )
        tell(running_s, reason)
        time.sleep(LOOK_S)


def _look(stretch: Stretch, device: str) -> tuple[Normal | None, str]:
    """What there is; None and the reason while there is too little to say anything."""
    try:
        return look_at(stretch, device), ""
    except FaultlineError as error:
        return None, str(error)
