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
    for one in system.standings:
        if not one.is_alive:
            yield "system.trouble_one_stopped", {"name": one.name, "n": one.devices}
    yield from _connection(system)
    yield from _scoring(system)
    yield from _store(system)


def _connection(system: System) -> Iterator[Line]:
    if system.health is not None and system.health.connection not in {"connected", "loading"}:
        yield "system.trouble_broker", {"reason": system.health.connection}
    if refused := system.counters.get("refused_publishes", 0):
        yield "system.trouble_publishes", {"n": refused}


def _scoring(system: System) -> Iterator[Line]:
    counters = system.counters
    if counters.get("thinned", 1) > 1:
        yield "system.trouble_thinned", {"n": counters["thinned"]}
    yield from _workers(counters)
    if counters.get("flood", 0):
        yield "system.trouble_flood", {"n": counters["flood"]}
    if faults := counters.get("scoring_faults", 0) + counters.get("faults", 0):
        yield "system.trouble_faults", {"n": faults}
    if lost := counters.get("overrun_samples", 0) + counters.get("unheld_samples", 0):
        yield "system.trouble_lost", {"n": lost}
    if any(system.now - one.at > OLD_S for one in system.told):
        yield "system.trouble_silent", {}
    lag_s = max((one.lag_s for one in system.told if one.lag_s is not None), default=None)
    if is_slow(lag_s):
        yield "system.trouble_lag", {"seconds": lag_s}
    unsaved = max((one.unsaved_frames for one in system.told), default=0)
    if unsaved > UNSAVED:
        yield "system.trouble_unsaved", {"n": unsaved}


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
