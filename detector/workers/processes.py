"""Workers as child processes of the detector."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import threading
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from detector.tasks.contract import GoneError
from detector.tasks.forking import Context, forking, how_it_ended
from detector.workers.messages import Answer, Request
from detector.workers.parcels import Parcel, unpacked
from detector.workers.worker import Lines, Worker

NETWORKS = "detector.scoring.runtimes.torch_network"
START_S = 120.0  # for the imports, on a machine that is busy
HUNG_S = 120.0  # without an answer; a request takes about a second
READY = b"ready"
_ONE_AT_A_TIME = threading.Lock()  # multiprocessing counts its children without one


class Processes:
    """See ``Transport``.

    Args:
        on_torch: Networks run on it, so it is imported once for all workers.
    """

    def __init__(self, *, on_torch: bool = True) -> None:
        self._on_torch = on_torch
        self._context = forking([__name__, *([NETWORKS] if on_torch else [])])

    def link(self, number: int) -> ProcessLink:
        """See ``Transport``."""
        return ProcessLink(number, self._context, on_torch=self._on_torch)

    def keep(self, parcel: Parcel) -> Parcel:
        """See ``Transport``: it goes as it is, once to each worker that needs it."""
        return parcel

    def close(self) -> None:
        """See ``Transport``."""


class ProcessLink:
    """See ``Link``.

    Args:
        number: Of the worker, from 0.
        context: How processes begin.
        on_torch: See ``Processes``.
    """

    def __init__(self, number: int, context: Context, *, on_torch: bool) -> None:
        self._number, self._context, self._on_torch = number, context, on_torch
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._closing = threading.Lock()

    def start(self) -> str:
        """See ``Link``."""
        level = logging.getLogger().getEffectiveLevel()
        pipe, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work,
            args=(theirs, level, self._on_torch),
            name=f"worker-{self._number + 1}",
            daemon=True,
        )
        with _ONE_AT_A_TIME:
            process.start()
        theirs.close()
        self._pipe, self._process = pipe, process
        self._receive(pipe, START_S)
        return f"process {process.pid}"

    def call(self, request: Request) -> Answer:
        """See ``Link``."""
        pipe = self._pipe
        if pipe is None:
            raise GoneError("has ended")
        try:
            pipe.send_bytes(pickle.dumps(request, pickle.HIGHEST_PROTOCOL))
        except OSError:
            raise GoneError(self._how_it_ended()) from None
        answer: Answer = pickle.loads(self._receive(pipe, HUNG_S))  # noqa: S301 -- our own process
        return answer

    def close(self) -> None:
        """See ``Link``; it holds nothing that a kill could lose."""
        with self._closing:
            if self._process is not None:
                self._process.kill()
                self._process.join()
            if self._pipe is not None:
                self._pipe.close()
            self._process = self._pipe = None

    def _receive(self, pipe: Connection, timeout_s: float) -> bytes:
        try:
            if pipe.poll(timeout_s):
                return pipe.recv_bytes()
        except (EOFError, OSError):
            raise GoneError(self._how_it_ended()) from None
        raise GoneError(f"said nothing for {timeout_s:g} s")

    def _how_it_ended(self) -> str:
        with self._closing:
            return "has ended" if self._process is None else how_it_ended(self._process)


def _work(pipe: Connection, log_level: int, on_torch: bool) -> None:
    """The whole life of a worker: it ends when the detector does, however that ends."""
    os.setpgid(0, 0)  # Ctrl-C is for the detector, which ends us
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lines = Lines()
    lines.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=log_level, handlers=[lines], force=True)
    if on_torch:
        from detector.networks.base import use_one_thread  # noqa: PLC0415 -- torch is large

        use_one_thread()
    worker = Worker(unpacked, lines)
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(READY)
        while True:
            request: Request = pickle.loads(pipe.recv_bytes())  # noqa: S301 -- from the detector
            pipe.send_bytes(pickle.dumps(worker.answer(request), pickle.HIGHEST_PROTOCOL))
