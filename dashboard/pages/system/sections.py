"""The sections of the page of the system, as sheets."""

from __future__ import annotations

import platform
from collections import Counter
from importlib.metadata import version

from dashboard.live.hub import ANSWERS, HEADER
from dashboard.pages.sheets.sheet import Cell, Value, facts
from dashboard.pages.system.reading import System
from dashboard.pages.system.troubles import is_full_soon, is_slow
from dashboard.words.viewer import length, moment, number, say
from detector.account_records import Account
from detector.store.measuring.usage import Room
from detector.store.versions import VERSION

NONE = "—"
MB = 1e6
LIBRARIES = ("streamlit", "plotly", "babel")


def detector(system: System) -> str:
    """The process."""
    account = system.account if system.is_alive else None
    pairs: list[tuple[str, Value]] = [(say("system.state"), _state(system))]
    if account is not None:
        took = "" if account.memory_bytes is None else megabytes(account.memory_bytes)
        pairs += [
            (say("system.running_for"), length(system.now - account.started_at)),
            (say("system.process"), f"{account.host}, {account.pid}"),
            (say("system.memory"), took or NONE),
            (say("system.processor"), say("system.of_a_core", share=_tenths(account.cpu_share))),
        ]
    if workers := system.counters.get("workers", 0):
        alive, restarts = (number(system.counters.get(name, 0))
                           for name in ("workers_alive", "worker_restarts"))  # fmt: skip
        pairs.append((say("system.workers"), f"{alive}/{number(workers)}, {restarts}"))
    pairs.append((say("system.devices"), number(system.devices)))
    return facts(say("system.detector"), pairs)


def _state(system: System) -> Cell:
    if not system.is_alive:
        return Cell("", say("system.stopped"))
    return Cell(say("system.runs"))


def broker(system: System) -> str:
    """The connection."""
    account, counters = system.account if system.is_alive else None, system.counters
    pairs: list[tuple[str, Value]] = [(say("system.state"), _connection(system))]
    if account is not None:
        pairs += [
            (say("system.since"), moment(account.since)),
            (say("system.address"), account.broker),
        ]
    pairs += [
        (say("system.connections"), number(counters.get("connections", 0))),
        (say("system.sessions_lost"), number(counters.get("sessions_lost", 0))),
        (say("system.messages"), number(counters.get("messages", 0))),
        (say("system.bytes"), megabytes(counters.get("bytes", 0))),
    ]
    return facts(say("system.broker"), pairs)


def _connection(system: System) -> Cell:
    if system.health is None or not system.is_alive:
        return Cell("", say("system.unknown"))
    if system.health.connection == "connected":
        return Cell(say("system.connected"))
    if system.health.connection == "loading":
        return Cell(say("system.loading"))
    return Cell("", say("system.not_connected"))


def queues(system: System) -> str:
    """What waits, and what became of what was received."""
    account, counters = system.account if system.is_alive else None, system.counters
    pairs: list[tuple[str, Value]] = [] if account is None else _waiting(account)
    refused = counters.get("bad_payloads", 0) + counters.get("bad_topics", 0)
    pairs += [
        (say("system.waiting_receipts"), number(counters.get("waiting_receipts", 0))),
        (say("system.refused"), number(refused)),
        (say("system.ignored"), number(counters.get("ignored", 0) + counters.get("retained", 0))),
        (say("system.overrun"), _bad(counters.get("overrun_samples", 0), "system.lost")),
        (say("system.sent_again"), number(counters.get("stale_receipts", 0))),
        (say("system.publishes_refused"),
         _bad(counters.get("refused_publishes", 0), "system.refused_word")),
    ]  # fmt: skip
    return facts(say("system.delivery"), pairs)


def _waiting(account: Account) -> list[tuple[str, Value]]:
    slow = say("system.slow") if is_slow(account.lag_s) else None
    lag = NONE if account.lag_s is None else say("system.milliseconds",
                                                 n=number(1000 * account.lag_s))  # fmt: skip
    return [
        (say("system.lag"), Cell(lag, slow)),
        (say("system.waiting_samples"), number(account.waiting_samples)),
        (say("system.unsaved"), number(account.unsaved_frames)),
    ]


def store(system: System) -> str:
    """What it takes as a whole, and for how long there is room."""
    usage = system.usage
    if usage is None:
        return facts(say("system.store"), [(say("system.state"), Cell("", say("system.unknown")))])
    growth = usage.growth.bytes_per_day
    pairs: list[tuple[str, Value]] = [
        (say("system.address"), usage.url),
        (say("system.size"), megabytes(usage.bytes)),
        (say("system.growth"), NONE if growth is None else _per_day(growth)),
    ]
    if usage.room is not None:
        pairs += _room(usage.room)
    return facts(say("system.store"), pairs)


def _room(room: Room) -> list[tuple[str, Value]]:
    limit = NONE if room.limit_bytes is None else megabytes(room.limit_bytes)
    free = NONE if room.disk_free_bytes is None else megabytes(room.disk_free_bytes)
    soon = say("system.full_soon") if is_full_soon(room.days_until_full) else None
    return [
        (say("system.limit"), limit),
        (say("system.oldest_go"), _days(room.days_until_limit)),
        (say("system.disk_free"), free),
        (say("system.disk_full_in"), Cell(_days(room.days_until_full), soon)),
    ]


def versions(system: System) -> str:
    """Of the detector and of this page."""
    account = system.account
    found = {} if account is None else account.versions
    pairs: list[tuple[str, Value]] = [(name, shown) for name, shown in found.items()]
    pairs += [(name, version(name)) for name in LIBRARIES]
    pairs.append((say("system.tables"), VERSION))
    if "python" not in found:
        pairs.append(("python", platform.python_version()))
    return facts(say("system.versions"), pairs)


def viewers(found: Counter[str | None]) -> str:
    """How many pages are open, each of which has a header, and which devices are watched most."""
    pairs: list[tuple[str, Value]] = [(say("system.open_pages"), number(found[HEADER]))]
    watched = {name: n for name, n in found.items() if name not in {HEADER, ANSWERS}}
    for device, count in sorted(watched.items(), key=lambda one: (-one[1], one[0] or ""))[:5]:
        pairs.append((device or say("common.overview"), number(count)))
    return facts(say("system.viewers"), pairs)


def megabytes(size: float) -> str:
    """A size on the disk or in memory."""
    if size >= 1000 * MB:
        return say("system.gb", n=number(size / (1000 * MB), 2))
    return say("system.mb", n=number(size / MB, 1))


def _bad(count: int, word: str) -> Cell:
    return Cell(number(count), say(word) if count else None)


def _days(days: float | None) -> str:
    if days is None:
        return say("system.never_at_this_growth")
    return say("system.days", n=number(days, 1))


def _per_day(size: float) -> str:
    return say("system.a_day", size=megabytes(size))


def _tenths(share: float) -> str:
    return number(100 * share, 1)
