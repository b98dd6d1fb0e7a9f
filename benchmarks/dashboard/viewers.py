"""Viewers without a browser: what an update weighs as it is sent, and what it costs the server."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import numpy as np
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from benchmarks.dashboard.plant import DEVICE, cpu_s

SETTLE_S = 5.0
STAY_S = (5.0, 60.0)  # of one that comes and goes


@dataclass(frozen=True)
class Weight:
    """Bytes on the wire, after compression: all until the first message, and each one after it."""

    on_connect: float
    per_update: float


@dataclass(frozen=True)
class Cost:
    """Of many viewers: updates each a second, cores taken, milliseconds per update and viewer."""

    viewers: int
    hz: float
    cores: float
    ms: float


def weigh(page: str, seconds: float) -> Weight:
    """Count what one viewer is sent, by a relay in between."""
    return asyncio.run(_weigh(page, seconds))


def watch(page: str, process: psutil.Process, viewers: int, seconds: float) -> Cost:
    """What a number of viewers of one device cost the dashboard's process."""
    return asyncio.run(_watch(page, process, viewers, seconds))


@contextmanager
def coming_and_going(page: str, viewers: int) -> Iterator[None]:
    """So many viewers at a time, each of whom leaves after a while and comes again."""
    is_over = threading.Event()

    async def one(seed: int) -> None:
        rng = np.random.default_rng(seed)
        while not is_over.is_set():
            with suppress(OSError, TimeoutError, ConnectionClosed):
                async with connect(_address(page), origin=Origin(page), max_size=None) as socket:
                    await _updates(socket, rng.uniform(*STAY_S), is_over)

    async def all_of_them() -> None:
        await asyncio.gather(*(one(seed) for seed in range(viewers)))

    thread = threading.Thread(target=lambda: asyncio.run(all_of_them()))
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


async def _weigh(page: str, seconds: float) -> Weight:
    counted = 0
    target = urlsplit(page)

    async def pump(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: bool
    ) -> None:
        nonlocal counted
        while data := await reader.read(65536):
            counted += len(data) if counts else 0
            writer.write(data)
            await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(
            pump(reader, ours, False), pump(theirs, writer, True), return_exceptions=True
        )

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with connect(_address(f"http://127.0.0.1:{port}"), origin=Origin(f"http://127.0.0.1:{port}"),
                       max_size=None) as socket:  # fmt: skip
        await socket.recv()
        first = counted
        updates = await _updates(socket, seconds)
        found = Weight(first, (counted - first) / max(updates, 1))
    server.close()
    return found


async def _updates(
    socket: ClientConnection, seconds: float, is_over: threading.Event | None = None
) -> int:
    until, updates = time.monotonic() + seconds, 0
    while (left := until - time.monotonic()) > 0 and not (is_over and is_over.is_set()):
        try:
            await asyncio.wait_for(socket.recv(), left)
            updates += 1
        except TimeoutError:
            break
    return updates


async def _watch(page: str, process: psutil.Process, viewers: int, seconds: float) -> Cost:
    async with asyncio.TaskGroup() as group:
        going = asyncio.Event()
        ready = asyncio.Semaphore(0)
        tasks = [group.create_task(_viewer(page, going, ready, seconds)) for _ in range(viewers)]
        for _ in tasks:
            await ready.acquire()
        await asyncio.sleep(SETTLE_S)
        before, began = cpu_s(process), time.monotonic()
        going.set()
        await asyncio.sleep(seconds)
        cpu, took = cpu_s(process) - before, time.monotonic() - began
    updates = sum(task.result() for task in tasks)
    return Cost(viewers, updates / viewers / took, cpu / took, 1000 * cpu / max(updates, 1))


async def _viewer(page: str, going: asyncio.Event, ready: asyncio.Semaphore, seconds: float) -> int:
    async with connect(_address(page), origin=Origin(page), max_size=None, compression=None,
                       open_timeout=120, ping_interval=None) as socket:  # fmt: skip
        await socket.recv()
        ready.release()
        while not going.is_set():
            await socket.recv()
        return await _updates(socket, seconds)


def _address(page: str) -> str:
    return f"{page.replace('http', 'ws', 1)}/live?{urlencode({'device': DEVICE, 'window': 60})}"
