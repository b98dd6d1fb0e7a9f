"""All that the page of the system shows, read at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from dashboard import context
from dashboard.live import detectors
from dashboard.live.detectors import Standing
from detector.account_records import Account, LogLine
from detector.records import DetectorHealth, Outcome, Unused
from detector.service.keeping import rules_of
from detector.store import devices, unused
from detector.store.archive.place import place_at
from detector.store.measuring.usage import StoreUsage, measure
from detector.store.places import archive_place
from detector.store.told import facts

logger = logging.getLogger(__name__)

MEASURE_S = 60.0  # between two measurements of the store
MOST_UNUSED = 50  # rows


@dataclass(frozen=True)
class System:
    """How everything stands.

    Attributes:
        now: When it was read, UTC seconds.
        health: The newest word of the detectors, as one; None: none runs.
        is_alive: Whether that is new.
        account: A detector's account of itself, of the one that keeps the store where that has
            written one; None where none was written.
        unused: What was received and not used, the newest first, at most ``MOST_UNUSED``.
        log: The last warnings, the newest first.
        usage: What the store takes; None where it could not be measured.
        devices: How many are known.
        accounts: Of all detectors that live; empty: ``account`` alone.
        standings: How each detector stands.
    """

    now: float
    health: DetectorHealth | None
    is_alive: bool
    account: Account | None
    unused: Sequence[Unused]
    log: Sequence[LogLine]
    usage: StoreUsage | None
    devices: int
    accounts: Sequence[Account] = ()
    standings: Sequence[Standing] = ()

    @property
    def told(self) -> Sequence[Account]:
        """All accounts there are."""
        return self.accounts or (() if self.account is None else (self.account,))

    @property
    def counters(self) -> dict[str, int]:
        """Of the detector; none where none runs."""
        return {} if self.health is None else self.health.counters


def read() -> System:
    """Read it.

    Raises:
        StoreError: If the store cannot be opened.
        StoreFailure: If it cannot be read.
    """
    now = time.time()
    with context.engine().connect() as connection:
        health = detectors.together(connection, now)
        standings = detectors.standings(connection, now)
        accounts = facts.accounts(connection)
        keeper = next((one.name for one in standings if one.keeps), None)
        alive = [accounts[one.name] for one in standings if one.is_alive and one.name in accounts]
        return System(
            now=now,
            health=health,
            is_alive=health is not None and devices.is_new(health, now),
            account=accounts.get(keeper or "") or facts.account(connection),
            unused=_worth_showing(unused.every(connection)),
            log=list(reversed(facts.log(connection))),
            usage=_usage(int(now // MEASURE_S)),
            devices=devices.newest_arrival(connection)[0],
            accounts=alive,
            standings=standings,
        )


def _worth_showing(found: Sequence[Unused]) -> list[Unused]:
    """Refusals first, then the newest."""
    newest = sorted(found, key=lambda one: -one.last_seen)
    return sorted(newest, key=lambda one: one.outcome is not Outcome.REFUSED)[:MOST_UNUSED]


@lru_cache(maxsize=1)
def _usage(_turn: int) -> StoreUsage | None:
    """Measured once in a turn for all viewers: it costs more than all else here."""
    settings, store = context.settings(), context.engine()
    place = place_at(archive_place(store, settings.store.archive))
    try:
        return measure(store, place, rules_of(settings.store), time.time())
    except OSError as error:
        logger.warning("system: the archive cannot be listed (%s)", error)
        return None
