"""What is wrong with the whole, as lines to read; a pure decision from what was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from dashboard.pages.system.reading import System
from detector.store.devices import KEPT_TOO_LARGE

Line: TypeAlias = tuple[str, dict[str, object]]  # key of the catalogue and its fields

SLOW_S = 3.0  # from arrival to commit
UNSAVED = 200  # frames; a tick of many devices leaves some for a moment
FULL_SOON_DAYS = 7.0
OLD_S = 15.0  # an account older than this is of a detector that hangs


def troubles(system: System) -> Iterator[Line]:
    """Whatever should be looked at, the worst first."""
    if not system.is_alive:
        yield "system.trouble_stopped", {}
        return
    yield from _connection(system)
    yield from _scoring(system)
    yield from _store(system)


def _connection(system: System) -> Iterator[Line]:
    if system.health is not None and system.health.connection not in {"connected", "loading"}:
        yield "system.trouble_broker", {"reason": system.health.connection}
    if refused := system.counters.get("refused_publishes", 0):
        yield "system.trouble_publishes", {"n": refused}


def _scoring(system: System) -> Iterator[Line]:
    counters, account = system.counters, system.account
    if counters.get("thinned", 1) > 1:
        yield "system.trouble_thinned", {"n": counters["thinned"]}
    yield from _workers(counters)
    if counters.get("flood", 0):
        yield "system.trouble_flood", {"n": counters["flood"]}
    if faults := counters.get("scoring_faults", 0) + counters.get("faults", 0):
        yield "system.trouble_faults", {"n": faults}
    if lost := counters.get("overrun_samples", 0) + counters.get("unheld_samples", 0):
        yield "system.trouble_lost", {"n": lost}
    if account is None:
        return
    if system.now - account.at > OLD_S:
        yield "system.trouble_silent", {}
    if is_slow(account.lag_s):
        yield "system.trouble_lag", {"seconds": account.lag_s}
    if account.unsaved_frames > UNSAVED:
        yield "system.trouble_unsaved", {"n": account.unsaved_frames}


def _workers(counters: Mapping[str, int]) -> Iterator[Line]:
    if dead := counters.get("workers", 0) - counters.get("workers_alive", 0):
        yield "system.trouble_workers", {"n": dead}
    if given_up := counters.get("blocks_given_up", 0):
        yield "system.trouble_given_up", {"n": given_up}


def _store(system: System) -> Iterator[Line]:
    if system.counters.get("disk_full"):
        yield "system.trouble_disk", {}
    if system.counters.get(KEPT_TOO_LARGE):
        yield "system.trouble_kept", {}
    if system.usage is None:
        yield "system.trouble_unmeasured", {}
        return
    room = system.usage.room
    if room is not None and is_full_soon(room.days_until_full):
        yield "system.trouble_full_soon", {"days": room.days_until_full}


def is_slow(lag_s: float | None) -> bool:
    """Whether commits come late."""
    return lag_s is not None and lag_s > SLOW_S


def is_full_soon(days: float | None) -> bool:
    """Whether the disk is full within a week."""
    return days is not None and days < FULL_SOON_DAYS
