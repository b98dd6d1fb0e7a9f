"""The live hub: reads the store once for all viewers and pushes to each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import msgspec

from dashboard.live import columns, detectors, header, reading, wire
from dashboard.live.columns import Columns
from dashboard.live.overview import Overview
from dashboard.live.spoken import spoken
from dashboard.refusals import is_of_store, noted
from dashboard.words.catalogue import DEFAULT
from detector.errors import FaultlineError
from detector.records import Frame
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.schema import Connection, Engine, StoreFailure

logger = logging.getLogger(__name__)

Start: TypeAlias = tuple[str | None, float | None, Columns]  # what a viewer asks for
Stream: TypeAlias = tuple[str | None, Columns]  # what is encoded once for all who watch it
Updates: TypeAlias = dict[Stream, bytes]
Snapshots: TypeAlias = dict[Start, tuple[Columns, bytes]]
Read: TypeAlias = tuple[Updates, Snapshots]  # in one language

QUEUED = 8  # messages a viewer may be behind before it starts again from a snapshot
BATCH = 1000  # frames read at once
RETRY_S = 1.0
LOG_EVERY = 60  # failures
HEADER = "\0"  # watched by the header of every page; no device has the name, MQTT forbids it
ANSWERS = "\0answers"  # watched by pages that list alarms or commands


class Viewer:
    """One browser's socket: what is still to be sent to it.

    A viewer that falls behind loses what is queued and gets a fresh snapshot, so that its
    chart never has a hole.

    Args:
        device: Which device it watches; None: the overview of all; ``HEADER``: the header.
        window_s: Seconds of device time it shows; None: the automatic window.
        asked: Features that it draws; None: those that matter, as of its snapshot.
        language: Of its page.
    """

    def __init__(
        self,
        device: str | None,
        window_s: float | None = None,
        asked: Columns = None,
        language: str = DEFAULT,
    ) -> None:
        self.device = device
        self.window_s = window_s
        self.asked = asked
        self.columns = asked  # that it is sent
        self.language = language
        self.needs_snapshot = True
        self._queue: deque[bytes] = deque()
        self._filled = asyncio.Event()

    def offer(self, message: bytes) -> None:
        """Queue a message; the oldest go when the viewer is too slow."""
        if len(self._queue) >= QUEUED:
            self._queue.clear()
            self.needs_snapshot = True
            return
        self._queue.append(message)
        self._filled.set()

    @property
    def drained(self) -> bool:
        """Whether everything queued has been taken."""
        return not self._queue

    async def take(self) -> bytes:
        """The next message, as soon as there is one."""
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        return self._queue.popleft()


class LiveHub:
    """Tails the frames of the watched devices and encodes them once per device.

    Viewers are registered before their snapshot is read, so a snapshot and the updates after
    it may overlap but never leave a hole; browsers drop the frames they already have by id.

    Args:
        settings: Gives the settings; may raise ``FaultlineError``.
        engine: Gives the store; may raise ``FaultlineError``.
    """

    def __init__(self, settings: Callable[[], Settings], engine: Callable[[], Engine]) -> None:
        self._settings = settings
        self._engine = engine
        self._viewers: set[Viewer] = set()
        self._newest: int | None = None
        self._sent: dict[str, bytes] = {}
        self._overview = Overview()
        self._channels = {HEADER: header.Header(), ANSWERS: header.Header()}
        self._joined = asyncio.Event()
        self._closing = False
        self.errors = 0

    @contextmanager
    def watching(
        self,
        device: str | None,
        window_s: float | None = None,
        asked: Columns = None,
        language: str = DEFAULT,
    ) -> Iterator[Viewer]:
        """Register a viewer for as long as the context lasts."""
        viewer = Viewer(device, window_s, asked, language)
        self._viewers.add(viewer)
        self._joined.set()
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    @property
    def viewers(self) -> Counter[str | None]:
        """How many watch each device; None: the overview."""
        return Counter(viewer.device for viewer in list(self._viewers))

    async def run(self) -> None:
        """Push until closed; a store that fails is tried again."""
        while not self._closing:
            self._joined.clear()
            try:
                await self.push()
                pause = self._settings().dashboard.push_ms / 1000
            except Exception as error:  # noqa: BLE001 -- the guard of this task
                self._fail(error)
                pause = RETRY_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._joined.wait(), pause)

    def close(self) -> None:
        """End ``run`` after the push under way."""
        self._closing = True
        self._joined.set()

    async def push(self) -> None:
        """Read what is new and queue it for every viewer."""
        viewers = list(self._viewers)
        if not viewers:
            self._newest = None
            self._forget()
            return
        starting = {viewer for viewer in viewers if viewer.needs_snapshot and viewer.drained}
        watched = {(viewer.device, viewer.columns) for viewer in viewers}
        fresh = {(viewer.device, viewer.window_s, viewer.asked) for viewer in starting}
        languages = {viewer.language for viewer in viewers}
        read = await asyncio.to_thread(self._read_for, languages, watched, fresh)
        for viewer in viewers:
            updates, snapshots = read[viewer.language]
            if viewer in starting:
                viewer.needs_snapshot = False
                start = (viewer.device, viewer.window_s, viewer.asked)
                viewer.columns, snapshot = snapshots[start]
                viewer.offer(snapshot)
            elif not viewer.needs_snapshot:
                update = updates.get((viewer.device, viewer.columns))
                if update is not None:
                    viewer.offer(update)

    def _read_for(
        self, languages: set[str], streams: set[Stream], fresh: set[Start]
    ) -> dict[str, Read]:
        """What ``_read`` gives, by language; runs in a worker thread."""
        updates, snapshots = self._read(streams, fresh)
        return {language: (
            {stream: spoken(language, message, has_samples=_has_samples(stream[0]))
             for stream, message in updates.items()},
            {start: (sent, spoken(language, message, has_samples=_has_samples(start[0])))
             for start, (sent, message) in snapshots.items()},
        ) for language in languages}  # fmt: skip

    def _read(self, streams: set[Stream], fresh: set[Start]) -> Read:
        """Updates by stream, and the snapshots asked for."""
        watched = {device for device, _ in streams}
        settings = self._settings()
        updates: Updates = {}
        snapshots: Snapshots = {}
        named = sorted(device for device in watched if device and _has_samples(device))
        self._sent = {device: said for device, said in self._sent.items() if device in watched}
        with self._engine().connect() as connection:
            new = self._new_frames(connection, named)
            health = detectors.health(connection, time.time())
            for device in named:
                facts = reading.device_facts(connection, device)
                said = {"health": health, **reading.lasting(facts)}
                head = self._head(facts, new.get(device, []), said, settings)
                for sent in {sent for watching, sent in streams if watching == device}:
                    updates[device, sent] = _encoded(head, new.get(device, []), sent)
                for start in (start for start in fresh if start[0] == device):
                    held = reading.snapshot(connection, device, facts, start[1], settings)
                    head = {"full": True, **said, **reading.header(facts, held, settings)}
                    sent = start[2] or columns.begun_with(
                        facts.status.model if facts.status else None, held, facts.alarms,
                        head["contributions"],
                    )  # fmt: skip
                    snapshots[start] = sent, _encoded(head, held, sent)
            told = {}
            if HEADER in watched:
                told[HEADER] = header.read(connection, settings, health)
            if ANSWERS in watched:
                told[ANSWERS] = reading.answers(connection, health)
            for channel, all_of_it in told.items():
                if (update := self._channels[channel].update(all_of_it)) is not None:
                    updates[channel, None] = update
                snapshots[channel, None, None] = None, msgspec.json.encode(all_of_it)
            if None in watched:
                said = reading.overview(connection, settings, health)
                updates[None, None] = self._overview.update(connection, said)
                if (None, None, None) in fresh:
                    snapshots[None, None, None] = None, self._overview.full(said)
        return updates, snapshots

    def _head(
        self, facts: reading.Facts, new: list[Frame], said: dict[str, Any], settings: Settings
    ) -> dict[str, Any]:
        """An update without samples; card, alarms and notes only where they have changed."""
        lasting = {key: said[key] for key in ("card", "alarms", "notes")}
        key = msgspec.json.encode(lasting)
        if self._sent.get(facts.device) == key:
            lasting = {}
        self._sent[facts.device] = key
        head = {"full": False, "health": said["health"], **lasting}
        return {**head, **reading.header(facts, new, settings)}

    def _new_frames(self, connection: Connection, named: list[str]) -> dict[str, list[Frame]]:
        if self._newest is None:
            self._newest = frames.newest_id(connection)
        found: dict[str, list[Frame]] = {}
        for frame in frames.after(connection, named, self._newest, BATCH) if named else ():
            found.setdefault(frame.device, []).append(frame)
            self._newest = max(self._newest, frame.frame_id or 0)
        return found

    def _forget(self) -> None:
        self._sent.clear()
        self._overview.forget()
        for channel in self._channels.values():
            channel.forget()

    def _fail(self, error: Exception) -> None:
        """Count a failure, tell the viewers, and say it in the log now and then."""
        self.errors += 1
        self._forget()  # what was last read may not have reached anybody
        self._newest = None  # a store that comes back may be an older copy, which counts anew
        line = f"{type(error).__name__}: {error}" if _unexpected(error) else noted(error)
        if self.errors % LOG_EVERY == 1 and not is_of_store(error):
            logger.error(
                "live hub: %s (%d failures so far)",
                line,
                self.errors,
                exc_info=error if _unexpected(error) else None,
            )
        said = {"now": time.time(), "error": line}
        for viewer in self._viewers:
            viewer.needs_snapshot = True
            of_device = _has_samples(viewer.device)
            message = wire.encode(said, []) if of_device else msgspec.json.encode(said)
            viewer.offer(spoken(viewer.language, message, has_samples=of_device))


def _has_samples(device: str | None) -> bool:
    """Whether it is a device, and neither the overview nor a channel."""
    return device not in {None, HEADER, ANSWERS}


def _encoded(head: dict[str, Any], frames_: list[Frame], sent: Columns) -> bytes:
    shares = columns.of_those(head["contributions"], sent)
    return wire.encode({**head, "contributions": shares}, frames_, sent)


def _unexpected(error: Exception) -> bool:
    return not isinstance(error, FaultlineError | StoreFailure)
