"""Asking the running detectors to read their settings and bundles again, from any process."""

from __future__ import annotations

import time

from detector.errors import ReloadError
from detector.settings.tree import Settings
from detector.store import commands, devices
from detector.store.schema import Connection, Engine, StoreFailure, open_store
from detector.store.told import detectors

LOOK_S = 0.1
TIMEOUT_S = 60.0
DEAD_S = 20.0  # without a sign of life; a tick that waits for a locked store is shorter
ALLOWED = (
    "allowed: a running `faultline serve` on the same store; it reads the settings at its start"
)
STOPPED = f"the detector was stopped meanwhile, {ALLOWED}"


def ask(
    settings: Settings,
    *,
    who: str | None = None,
    why: dict[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """Ask the detectors that write to a store to read their settings and bundles again.

    Args:
        settings: Name the store; a detector reads its own.
        who: For the audit log; None: the user of this process.
        why: Likewise, what was changed before; None: nothing is said of it.
        timeout_s: How long to wait for the answer.

    Returns:
        What was taken up, one line; by each, where there are several.

    Raises:
        ReloadError: If one refused, with its reason, or did not answer, or if none is alive.
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
    asked, told = _issue(store, who, why), dict[str, str]()
    deadline = time.monotonic() + timeout_s
    while len(told) < len(asked) and time.monotonic() < deadline:
        with store.connect() as connection:
            for name in asked.keys() - told.keys():
                outcome = commands.one(connection, asked[name]).outcome
                age_s = _age_s(connection, name)
                if outcome is not None:
                    told[name] = outcome
                elif age_s is None or age_s > DEAD_S:
                    told[name] = STOPPED
        time.sleep(LOOK_S)
    for name in asked.keys() - told.keys():
        told[name] = (
            f"no answer within {timeout_s:g} s, the detector takes it up when it gets to it and "
            "logs the outcome"
        )
    return _together({name: told[name] for name in asked})


def _issue(store: Engine, who: str, why: dict[str, str]) -> dict[str, int]:
    """One command for each detector that runs; where there is one, for whoever keeps the store."""
    with store.begin() as connection:
        names = devices.named_alive(connection, time.time())
        if len(names) < 2:
            return {"": commands.issue(connection, "", commands.RELOAD, why, who)}
        return {
            name: commands.issue(
                connection, "", commands.RELOAD, {**why, commands.ADDRESSEE: name}, who
            )
            for name in names
        }


def _together(told: dict[str, str]) -> str:
    """What all say; it is refused where one did not take it up."""
    said = {name: outcome.removeprefix(commands.APPLIED) for name, outcome in told.items()}
    line = "; ".join(f"{name}: {words}" if name else words for name, words in said.items())
    if not all(outcome.startswith(commands.APPLIED) for outcome in told.values()):
        raise ReloadError(f"reload: {line}")
    return line


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


def _age_s(connection: Connection, name: str = "") -> float | None:
    """Seconds since a detector said that it lives, or the one that keeps the store; None: gone."""
    health = detectors.one(connection, name) if name else devices.health(connection)
    return None if health is None else time.time() - health.renewed_at
