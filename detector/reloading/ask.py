"""Asking the running detector to read its settings and bundles again, from any process."""

from __future__ import annotations

import time

from detector.errors import ReloadError
from detector.settings.tree import Settings
from detector.store import commands, devices
from detector.store.schema import Connection, Engine, StoreFailure, open_store

LOOK_S = 0.1
TIMEOUT_S = 60.0
DEAD_S = 20.0  # without a sign of life; a tick that waits for a locked store is shorter
ALLOWED = (
    "allowed: a running `faultline serve` on the same store; it reads the settings at its start"
)


def ask(
    settings: Settings,
    *,
    who: str | None = None,
    why: dict[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """Ask the detector that writes to a store to read its settings and bundles again.

    Args:
        settings: Name the store; the detector reads its own.
        who: For the audit log; None: the user of this process.
        why: Likewise, what was changed before; None: nothing is said of it.
        timeout_s: How long to wait for the answer.

    Returns:
        What was taken up, one line.

    Raises:
        ReloadError: If it refused, with its reason, if none is alive, or if none answered.
        StoreError: If the store cannot be opened.
    """
    store = open_store(settings.store.url)
    try:
        return _outcome(store, who or commands.user(), why or {}, timeout_s)
    except StoreFailure as error:
        line = f"reload: store: cannot be used ({getattr(error, 'orig', error)})"
        raise ReloadError(line) from None
    finally:
        store.dispose()


def _outcome(store: Engine, who: str, why: dict[str, str], timeout_s: float) -> str:
    _wait_for_detector(store)
    with store.begin() as connection:
        command_id = commands.issue(connection, "", commands.RELOAD, why, who)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with store.connect() as connection:
            outcome = commands.one(connection, command_id).outcome
            age_s = _age_s(connection)
        if outcome is not None:
            return _taken_up(outcome)
        if age_s is None or age_s > DEAD_S:
            raise ReloadError(f"reload: the detector was stopped meanwhile, {ALLOWED}")
        time.sleep(LOOK_S)
    raise ReloadError(
        f"reload: no answer within {timeout_s:g} s, the detector takes it up when it gets to it "
        "and logs the outcome"
    )


def _taken_up(outcome: str) -> str:
    if outcome.startswith(commands.APPLIED):
        return outcome.removeprefix(commands.APPLIED)
    raise ReloadError(f"reload: {outcome}")


def _wait_for_detector(store: Engine) -> None:
    """Until it renews its lease; what a killed one left is not renewed."""
    deadline = time.monotonic() + devices.LEASE_S
    while True:
        with store.connect() as connection:
            age_s = _age_s(connection)
        if age_s is not None and age_s < devices.LEASE_S:
            return
        if age_s is None or time.monotonic() > deadline:
            where = store.url.render_as_string(hide_password=True)
            raise ReloadError(f"reload: no detector is alive on {where}, {ALLOWED}")
        time.sleep(LOOK_S)


def _age_s(connection: Connection) -> float | None:
    """Seconds since the detector last renewed its lease; None when there is none."""
    health = devices.health(connection)
    return None if health is None else time.time() - health.renewed_at
