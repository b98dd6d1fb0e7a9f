"""What is done to broker, network, detector and store while the devices publish."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from benchmarks.soak.judging import Outcome, count
from benchmarks.soak.plant import Plant, Published
from benchmarks.soak.publishing import Devices
from benchmarks.soak.site import Site, wait_until

ON_THE_WAY_S = 0.5  # acknowledgements of what was committed before
UNDER_WAY = 600  # samples in the store, and what came first is acknowledged
QUIET_S = 12.0  # without a new sample, and nothing more is expected
FAILED = "store: cannot be written"

Hurt = Callable[[Site], list[str]]


@dataclass(frozen=True)
class Extent:
    """How long and how often."""

    moments: int
    kills: int
    restarts: int
    cut_s: float
    locked_s: float
    full_s: float
    between_s: float = 1.0  # from one blow to the next


LONG = Extent(moments=5000, kills=5, restarts=3, cut_s=30.0, locked_s=15.0, full_s=15.0)


def ordeals(extent: Extent) -> dict[str, Hurt]:
    """All of them, by name."""
    return {
        "kill": lambda site: kill(site, extent),
        "restart": lambda site: restart_broker(site, extent),
        "silence": lambda site: silence(site, extent),
        "cut": lambda site: cut(site, extent),
        "full": lambda site: fill_disk(site, extent),
        "locked": lambda site: lock_store(site, extent),
    }


def suffer(name: str, site: Site, plant: Plant, hurt: Hurt) -> Outcome:
    """Publish all of a plant, hurt meanwhile, and count once nothing more comes."""
    notes = under_load(site, plant, lambda: hurt(site))
    return Outcome(name, count(site, plant), notes)


def under_load(site: Site, plant: Published, hurt: Callable[[], list[str]]) -> list[str]:
    """Publish all of it, hurt meanwhile, and wait until nothing more comes; what was done."""
    with Devices(plant, site.port) as devices:
        wait_until(lambda: site.stored(plant) >= UNDER_WAY, "samples are stored")
        notes = hurt()
        if devices.is_done:
            notes.append("all was published before the last of it")
    _wait_for_rest(site, plant)
    return notes


def kill(site: Site, extent: Extent) -> list[str]:
    """The detector is killed, and started again."""
    for _ in range(extent.kills):
        site.kill_detector()
        site.start_detector()
        time.sleep(extent.between_s)
    return [f"kill -9 {extent.kills} times"]


def restart_broker(site: Site, extent: Extent) -> list[str]:
    """The broker ends as on a restart, and begins again."""
    for _ in range(extent.restarts):
        site.stop_broker()
        wait_until(lambda: not site.is_connected, "the detector notices")
        site.start_broker()
        wait_until(lambda: site.is_connected, "the detector is connected again")
        time.sleep(extent.between_s)
    return [f"broker restarted {extent.restarts} times"]


def silence(site: Site, extent: Extent) -> list[str]:
    """Nothing passes, as behind a pulled cable."""
    site.network.silence()
    time.sleep(extent.cut_s)
    site.network.restore()
    return [f"network silent for {extent.cut_s:g} s"]


def cut(site: Site, extent: Extent) -> list[str]:
    """Connections break, and new ones are refused."""
    site.network.cut()
    time.sleep(extent.cut_s)
    site.network.restore()
    wait_until(lambda: site.is_connected, "the detector is connected again")
    return [f"network cut for {extent.cut_s:g} s"]


def fill_disk(site: Site, extent: Extent) -> list[str]:
    """No file of the detector may be written; each write is an error of the system's.

    None at all, since a write-ahead log that has just begun again has room within itself.
    """
    told = site.log.count(FAILED)
    soft, hard = resource.prlimit(site.detector, resource.RLIMIT_FSIZE)
    resource.prlimit(site.detector, resource.RLIMIT_FSIZE, (0, hard))
    wait_until(lambda: site.log.count(FAILED) > told, "a write fails")
    given = _acknowledged(site, extent.full_s)
    resource.prlimit(site.detector, resource.RLIMIT_FSIZE, (soft, hard))
    return [f"writes failed for {extent.full_s:g} s, {given} acknowledgements meanwhile"]


def lock_store(site: Site, extent: Extent) -> list[str]:
    """Another connection holds the database."""
    with _locked(site):
        given = _acknowledged(site, extent.locked_s)
    return [f"locked for {extent.locked_s:g} s, {given} acknowledgements meanwhile"]


@contextmanager
def _locked(site: Site) -> Iterator[None]:
    with closing(sqlite3.connect(site.store, timeout=30.0, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def _acknowledged(site: Site, seconds: float) -> int:
    """Acknowledgements of the next seconds, but for those of earlier commits."""
    time.sleep(ON_THE_WAY_S)
    before = site.network.acknowledged
    time.sleep(seconds)
    return site.network.acknowledged - before


def _wait_for_rest(site: Site, plant: Published) -> None:
    wanted = len(plant.devices) * plant.moments
    newest, since = -1, time.monotonic()
    while newest < wanted and time.monotonic() - since < QUIET_S:
        stored = site.stored(plant)
        if stored != newest:
            newest, since = stored, time.monotonic()
        time.sleep(0.1)
    time.sleep(1.0)  # what would come twice comes now
