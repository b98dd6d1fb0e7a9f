"""What every page says of the detectors: whether they live, and what is wrong with any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.live import reading
from detector.records import DetectorHealth
from detector.store import devices
from detector.store.schema import Connection
from detector.store.told import detectors

CONNECTED, LOADING = "connected", "loading"
WORST = ("thinned", "flood", "disk_full")  # counters of which the largest counts, not the sum


@dataclass(frozen=True)
class Standing:
    """How one detector stands.

    Attributes:
        name: Of it.
        is_alive: Whether it has renewed its word just now.
        age_s: Of that word; None: it has ended as it should.
        connection: State of its connection to the broker; None likewise.
        devices: How many it has heard last.
        keeps: Whether it keeps the store.
    """

    name: str
    is_alive: bool
    age_s: float | None
    connection: str | None
    devices: int
    keeps: bool


def standings(connection: Connection, now: float) -> list[Standing]:
    """All detectors that run, were killed, or have heard a device last, by name."""
    words = {one.name: one for one in detectors.every(connection)}
    heard, keeper = detectors.with_devices(connection), devices.health(connection)
    owner = None if keeper is None else keeper.owner
    found = []
    for name in sorted({*words, *heard} - {""}):
        word = words.get(name)
        found.append(Standing(
            name,
            is_alive=word is not None and devices.is_new(word, now),
            age_s=None if word is None else now - word.renewed_at,
            connection=None if word is None else word.connection,
            devices=heard.get(name, 0),
            keeps=word is not None and word.owner == owner,
        ))  # fmt: skip
    return found


def together(connection: Connection, now: float) -> DetectorHealth | None:
    """One word for all that live, the worst of each; of those that do not, the newest."""
    keeper = devices.health(connection)
    found = detectors.every(connection) or ([] if keeper is None else [keeper])
    alive = [one for one in found if devices.is_new(one, now)]
    newest = max(alive or found, key=lambda one: one.renewed_at, default=None)
    if newest is None:
        return None
    counters = _summed([one.counters for one in alive or found])
    if keeper is not None:
        counters |= {name: keeper.counters[name] for name in devices.OF_UPKEEP
                     if name in keeper.counters}  # fmt: skip
    states = [one.connection for one in alive or found]
    apart = [one for one in states if one not in {CONNECTED, LOADING}]
    shown = next(iter([*apart, *(one for one in states if one == LOADING)]), CONNECTED)
    return DetectorHealth(newest.owner, newest.renewed_at, shown, counters)


def health(connection: Connection, now: float) -> dict[str, Any]:
    """What is sent to every page: see ``reading.health_facts``, and the names of the stopped."""
    said = reading.health_facts(together(connection, now), now)
    stopped: list[str] = []
    if said["alive"] and connection.dialect.name != "sqlite":  # which has one detector
        stopped = [one.name for one in standings(connection, now) if not one.is_alive]
    return {**said, "stopped": stopped}


def _summed(found: Sequence[dict[str, int]]) -> dict[str, int]:
    if len(found) == 1:
        return dict(found[0])
    names = dict.fromkeys(name for one in found for name in one)
    return {
        name: (max if name in WORST else sum)([one.get(name, 0) for one in found])
        for name in names
    }  # fmt: skip
