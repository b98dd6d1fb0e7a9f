"""The running detector: subscribed first, then loaded, then one tick after the other.

Whatever is published once ``serve`` has begun is received: the session on the broker and the
subscription come before torch and the models, which take seconds. What arrives meanwhile waits
in the bounded buffer, and beyond that, unacknowledged, at the broker.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from detector.housekeeping.contract import Orders
from detector.housekeeping.housekeeper import Housekeeper
from detector.ingest.buffer import SharedBuffer
from detector.ingest.clocks import Clocks
from detector.ingest.guard import Guard
from detector.ingest.mqtt import Subscriber, in_flight
from detector.ingest.simulated.simulators import Simulators
from detector.ingest.sources import Sources
from detector.ingest.sparkplug_host import PrimaryHost
from detector.notifying.notifier import Notifier
from detector.notifying.targets import refuse_unusable
from detector.records import DetectorHealth
from detector.reloading.request import Request
from detector.scoring.runtimes.choice import refuse_missing
from detector.service.account.log_tail import LogTail
from detector.service.account.writer import AccountWriter
from detector.service.keeping import rules_of
from detector.service.lease import Lease
from detector.service.metrics import MetricsEndpoint
from detector.service.sharing.duty import Duty
from detector.service.simulated.desk import SimulatorDesk
from detector.settings.mqtt import MqttSettings
from detector.settings.tree import Settings
from detector.store import births
from detector.store.archive.owner import claim
from detector.store.archive.place import place_at
from detector.store.keeping.checkpoints import Checkpoints, leave_to_others
from detector.store.keeping.rules import Rules
from detector.store.places import archive_place
from detector.store.schema import Engine, open_store
from detector.store.upkeep.damage import refuse_damaged
from detector.store.upkeep.migrating import migrate

if TYPE_CHECKING:
    from detector.flights.ring import Waveforms
    from detector.flights.waveform_recorder import WaveformRecorder
    from detector.reloading.reloads import Reloads
    from detector.service.pipeline import Pipeline

logger = logging.getLogger(__name__)

SENT_AGAIN_S = 10.0  # after the start, how long the broker may send stored samples again
# How long the network thread waits for a full buffer before samples are lost: longer than a tick
# that waits for a locked store, shorter than the broker waits for a sign of life.
PATIENCE_S = 20.0
LOADING_S = 30.0  # the same while models load: nobody takes, and that ends
LOTS = 16  # that the messages in flight are told apart in
LOADING = "loading"
SWITCH_S = 0.0005  # Python's 5 ms would keep each message waiting several times for what scores


class Detector:
    """Everything between the broker and the store.

    Args:
        settings: The whole tree.
        read: Reads it again for a reload; None: it stays as it is, and bundles alone are looked at.
        request: Asks for a reload, as commands in the store do; None: nobody does.
        tail: The last warnings, which the store keeps; None: they are not kept.
        stop: Ends the waiting for another detector of the same name.

    Raises:
        WaitEndedError: If it was told to stop meanwhile.
        SettingsError: If a source or a target of notifications cannot be used, or the port for
            metrics, or what networks are to run on is not installed.
        StoreError: If the store cannot be opened, is damaged or cannot be migrated, or another
            detector writes to it.
    """

    def __init__(
        self,
        settings: Settings,
        read: Callable[[], Settings] | None = None,
        request: Request | None = None,
        tail: LogTail | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        refuse_unusable(settings.notify)
        refuse_missing(settings.detector.runtime)
        self._settings = settings
        self._read, self._request = read or (lambda: settings), request or Request()
        self._store: Engine = open_store(settings.store.url, may_be_older=True)
        leave_to_others(self._store)
        self._buffer = SharedBuffer(
            settings.buffer.samples_per_device,
            settings.buffer.max_devices,
            patience_s=LOADING_S,
            lot=max(1, in_flight(settings.mqtt) // LOTS),
        )
        clocks = Clocks(settings.alignment.clock_limit_s, settings.is_clock_replaced)
        self._sources = Sources(settings.all_sources)
        self._subscriber = Subscriber(settings.mqtt, self._sources, self._buffer, clocks)
        self._metrics = MetricsEndpoint(settings.metrics)
        self._host = _primary_host(settings.mqtt)
        self._simulators = Simulators(settings.mqtt, Guard()) if settings.mqtt.simulators else None
        # Two detectors with one client id would take the session from each other: the lease
        # decides before either connects.
        name = settings.detector_name
        self._lease = Lease(self._store, name)
        self._make_ready(stop)
        self._scoring: Pipeline | None = None
        place = archive_place(self._store, settings.store.archive)
        claim(self._store, place_at(place), place)
        self._duty = Duty(self._lease, self._chores)
        self._waveforms: WaveformRecorder | None = None  # once scoring begins
        self._account = AccountWriter(
            self._store, self._sources, self._buffer, broker=settings.mqtt.url,
            connection=lambda: self._subscriber.connection, tail=tail, name=name,
        )  # fmt: skip
        with self._store.connect() as connection:
            self._sources.recall(births.every(connection))

    def run(self, stop: threading.Event, loaded: Callable[[], object] = lambda: None) -> None:
        """Work until ``stop`` is set, then commit what is there and say goodbye.

        Args:
            stop: Ends it.
            loaded: Called once all is loaded that scores.

        Raises:
            StoreError: If another detector takes the store.
        """
        switched_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self._subscriber.start()
        try:
            if self._host is not None:
                self._host.start()
            if self._simulators is not None:
                self._simulators.start()
            self._metrics.start(self._subscriber, self._sources, self._buffer)
            pipeline = self._scoring = self._load()
            loaded()
            self._duty.step()
            self._buffer.patience_s = PATIENCE_S
            self._account.begin()
            asked = self._asked()
            tick, reloads = self._metrics.watch(pipeline), self._reloads(pipeline)
            started = time.monotonic()
            clocks_trusted = False
            while not stop.is_set():
                pipeline.wait_for_work()
                tick()
                reloads.step()
                self._duty.step()
                self._account.write(pipeline.figures)
                if asked is not None:
                    asked.step()
                if not clocks_trusted and time.monotonic() - started > SENT_AGAIN_S:
                    clocks_trusted = True
                    pipeline.engine.trust_clocks()
            tick()
            pipeline.drain()
            reloads.stop()
        finally:
            self._duty.stop()
            if self._scoring is not None:
                self._scoring.engine.close()
            if self._waveforms is not None:
                self._waveforms.stop()
            self._metrics.stop()
            for beside in (self._host, self._simulators):
                if beside is not None:
                    beside.stop()
            self._subscriber.stop()
            self._lease.release()
            self._store.dispose()
            sys.setswitchinterval(switched_s)
            logger.info("detector stopped")

    def _make_ready(self, stop: threading.Event | None) -> None:
        """Take the lease, look at a store that was not given back, and migrate an older one.

        Where that fails the lease is not given back: the next start looks again.
        """
        is_unclean = self._lease.take(stop)
        with self._lease.kept_by(self._loading):
            if is_unclean:
                refuse_damaged(self._store)
            is_migrated = migrate(self._store, self._lease.owner) is not None
        if is_migrated:
            self._lease.take(stop)

    def _load(self) -> Pipeline:
        """Import what scores; nobody else gets the lease meanwhile."""
        began = time.monotonic()
        with self._lease.kept_by(self._loading):
            from detector.service.pipeline import Pipeline  # noqa: PLC0415 -- torch takes seconds

            rings = self._rings()
            pipeline = Pipeline(
                self._settings, self._store, self._buffer, self._subscriber, self._lease,
                manual=self._sources.manual, waveforms=rings,
            )  # fmt: skip
        logger.info("scoring begins, loaded in %.1f s", time.monotonic() - began)
        return pipeline

    def _rings(self) -> Waveforms | None:
        """Raw waveforms that the scoring fills, and what writes them."""
        from detector.flights.ring import Waveforms  # noqa: PLC0415 -- pyarrow takes time
        from detector.flights.waveform_recorder import WaveformRecorder  # noqa: PLC0415

        chosen = self._settings.detector
        rings = Waveforms(chosen.waveform_s, chosen.waveform_mb) if chosen.waveform_s else None
        place = archive_place(self._store, self._settings.store.archive)
        self._waveforms = WaveformRecorder(self._store, place, rings)
        self._waveforms.start()
        return rings

    def _asked(self) -> SimulatorDesk | None:
        if self._simulators is None:
            return None
        lease = self._lease
        return SimulatorDesk(self._store, self._simulators, lease.pending, lease.name)

    def _chores(self) -> tuple[Housekeeper, Notifier]:
        """What one detector of a store does for all: it keeps the store, and tells people."""
        place = archive_place(self._store, self._settings.store.archive)
        level = logging.getLogger().getEffectiveLevel()
        orders = Orders(
            url=self._settings.store.url, place=place, owner=self._lease.owner, log_level=level
        )
        return (
            Housekeeper(orders, self._rules, Checkpoints(self._store).make),
            Notifier(self._store, place, lambda: self._now.notify),
        )

    def _reloads(self, pipeline: Pipeline) -> Reloads:
        from detector.reloading.reloads import Reloads  # noqa: PLC0415 -- it knows torch too

        return Reloads(
            self._read_again,
            self._settings,
            self._request,
            store=self._store,
            subscriber=self._subscriber,
            sources=self._sources,
            scoring=pipeline,
            lease=self._lease,
        )

    def _read_again(self) -> Settings:
        settings = self._read()
        refuse_unusable(settings.notify)
        return settings

    @property
    def _now(self) -> Settings:
        """Those of now: a reload may have brought others."""
        return self._settings if self._scoring is None else self._scoring.settings

    def _rules(self) -> Rules:
        return rules_of(self._now.store)

    def _loading(self) -> DetectorHealth:
        return DetectorHealth(self._lease.owner, time.time(), LOADING, self._buffer.totals())


def _primary_host(settings: MqttSettings) -> PrimaryHost | None:
    if settings.sparkplug_host is None:
        return None
    return PrimaryHost(settings, settings.sparkplug_host, Guard())
