"""What Prometheus gets: counters and states that exist anyway, read when it asks.

No name of a device is a label, so the number of series follows from the settings alone.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Histogram,
    MetricsHandler,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from detector.ingest.buffer import SharedBuffer
from detector.ingest.connection import ConnectionState
from detector.ingest.mqtt import Subscriber
from detector.ingest.sources import Sources
from detector.service.figures import PipelineFigures

if TYPE_CHECKING:
    from detector.service.pipeline import Pipeline

logger = logging.getLogger(__name__)

NO_SOURCE = "(none)"  # of messages whose topic no source takes
TICK_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
POLL_S = 0.1  # how soon the server notices that it shall stop
PATIENCE_S = 10.0  # with a client that says nothing


class FiguresCollector(Collector):
    """Reads what the parts of the detector count.

    Args:
        subscriber: Counts connections and messages.
        sources: Count messages and samples, each its own.
        buffer: Counts samples.

    Attributes:
        pipeline: Counts the rest; None until it is loaded.
    """

    def __init__(self, subscriber: Subscriber, sources: Sources, buffer: SharedBuffer) -> None:
        self._subscriber, self._sources, self._buffer = subscriber, sources, buffer
        self.pipeline: Pipeline | None = None

    def collect(self) -> Iterator[Metric]:
        """All figures, as they are now."""
        counters, buffered = self._subscriber.counters(), self._buffer.totals()
        pipeline = None if self.pipeline is None else self.pipeline.figures()
        yield from self._connection(counters)
        yield from self._messages(counters)
        yield from self._samples(buffered, pipeline)
        yield from _queues(buffered, pipeline)
        yield _counters("faults", "Exceptions that a thread caught and outlived.", "thread", {
            "network": counters["faults"],
            "scoring": 0 if pipeline is None else pipeline.faults,
        })  # fmt: skip
        if pipeline is not None:
            yield from _scoring(pipeline)

    def _connection(self, counters: Mapping[str, int]) -> Iterator[Metric]:
        now = self._subscriber.connection.state
        yield _gauges("connection_state", "1 for how the connection to the broker stands.",
                      "state", {state: state is now for state in ConnectionState})  # fmt: skip
        yield _counter("connections", "Connections made.", counters["connections"])
        yield _counter(
            "sessions_lost", "Reconnections to a broker that had forgotten the session.",
            counters["sessions_lost"],
        )  # fmt: skip
        yield _counter(
            "stale_receipts", "Messages committed when their connection had gone; sent again.",
            counters["stale_receipts"],
        )  # fmt: skip
        yield _counter("publishes_refused", "Messages out that the broker refused.",
                       counters["refused_publishes"])  # fmt: skip

    def _messages(self, counters: Mapping[str, int]) -> Iterator[Metric]:
        tallies = self._sources.tallies
        yield _counters("messages", "Messages whose topic a source takes.", "source",
                        {source: tally.messages for source, tally in tallies.items()})  # fmt: skip
        yield _counter("message_bytes", "Bytes of all messages received.", counters["bytes"])
        yield _counters("messages_ignored", "Messages without samples that are no mistake.",
                        "reason", {
            "retained": counters["retained"],
            "no_samples": counters["ignored"],
        })  # fmt: skip
        refused = CounterMetricFamily(
            "faultline_messages_refused", "Messages that were not taken.",
            labels=("source", "reason"),
        )  # fmt: skip
        refused.add_metric((NO_SOURCE, "topic"), counters["bad_topics"])
        for source, tally in tallies.items():
            for reason, count in dict(tally.refused).items():
                refused.add_metric((source, reason), count)
        yield refused

    def _samples(
        self, buffered: Mapping[str, int], pipeline: PipelineFigures | None
    ) -> Iterator[Metric]:
        tallies = self._sources.tallies
        yield _counters("samples", "Samples read.", "source",
                        {source: tally.samples for source, tally in tallies.items()})  # fmt: skip
        yield _counters("samples_dropped", "Samples read and not stored.", "reason", {
            "overrun": buffered.get("overrun_samples", 0),
            "features": buffered.get("too_many_features", 0),
            "devices": buffered["unheld_samples"],
            **({} if pipeline is None else pipeline.dropped),
        })  # fmt: skip


def _queues(buffered: Mapping[str, int], pipeline: PipelineFigures | None) -> Iterator[Metric]:
    unscored = 0 if pipeline is None else pipeline.unscored_samples
    yield _gauge("waiting_samples", "Samples that wait to be scored.",
                 buffered["waiting_samples"] + unscored)  # fmt: skip
    yield _gauge("waiting_receipts", "Messages in the buffer, to be acknowledged once committed.",
                 buffered["waiting_receipts"])  # fmt: skip


def _scoring(pipeline: PipelineFigures) -> Iterator[Metric]:
    yield _gauge("unsaved_frames", "Scored frames that wait for the store.",
                 pipeline.unsaved_frames)  # fmt: skip
    yield _gauge("thinned", "One window in so many is scored; 1: all of them.", pipeline.thinned)
    crew = pipeline.crew
    yield _gauge("workers", "Processes that score, wanted; 0: the detector itself.", crew.workers)
    yield _gauge("workers_alive", "Of these, those that live.", crew.alive)
    yield _counter("worker_restarts", "Workers that ended by themselves.", crew.restarts)
    yield _counter("blocks_given_up", "Blocks stored unscored, for they ended workers.",
                   crew.given_up)  # fmt: skip
    yield _gauges("devices", "Devices heard since the start.", "state", pipeline.states)
    yield _gauge("alarms_active", "Active alarms.", pipeline.active_alarms)
    if pipeline.lag_s is not None:
        yield _gauge(
            "commit_lag_seconds", "From arrival to commit, the longest of the newest commit.",
            pipeline.lag_s,
        )  # fmt: skip
    if pipeline.committed_at is not None:
        yield _gauge("last_commit_timestamp_seconds", "When the newest commit was made.",
                     pipeline.committed_at)  # fmt: skip


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(f"faultline_{name}", about, value=value)


def _counters(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    return _by_word(CounterMetricFamily(f"faultline_{name}", about, labels=(label,)), values)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"faultline_{name}", about, value=value)


def _gauges(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    return _by_word(GaugeMetricFamily(f"faultline_{name}", about, labels=(label,)), values)


def _by_word(
    family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[str, float]
) -> Metric:
    for word, value in values.items():
        family.add_metric((word,), value)
    return family


class ScrapeServer:
    """Answers scrapes from threads of its own.

    Args:
        listening: Bound already; whoever made it closes it.
        collector: What is told.
    """

    def __init__(self, listening: socket.socket, collector: FiguresCollector) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._collector = collector
        registry = CollectorRegistry()
        registry.register(collector)
        ProcessCollector(registry=registry)
        self._ticks = Histogram(
            "faultline_tick_seconds", "One tick: take, score, commit, publish.",
            buckets=TICK_BUCKETS_S, registry=registry,
        )  # fmt: skip
        self._server = _Server(listening, _Handler.factory(registry))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="metrics", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def watch(self, pipeline: Pipeline) -> Callable[[], None]:
        """Tell of a pipeline too; returns its tick, timed."""
        self._collector.pipeline = pipeline

        def tick() -> None:
            with self._ticks.time():
                pipeline.guarded_tick()

        return tick

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join()


class _Handler(MetricsHandler):
    timeout = PATIENCE_S


class _Server(ThreadingHTTPServer):
    """Takes a socket that listens already."""

    def __init__(self, listening: socket.socket, handler: type[MetricsHandler]) -> None:
        super().__init__(("", 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening

    def handle_error(self, request: object, client_address: object) -> None:
        """The guard of a scrape's thread; a client that went away is no fault."""
        if not isinstance(sys.exception(), OSError):
            logger.warning("metrics: a scrape by %s failed", client_address, exc_info=True)
