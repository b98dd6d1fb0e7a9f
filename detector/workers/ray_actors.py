"""Workers as actors of a Ray cluster, on whichever machines it has; an extra, ``ray``.

All that is Ray's own is here. A model is put into its object store once and fetched by each machine
that has a device of it. Ray does not bring an actor back: the line asks for another one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError

from detector.tasks.contract import GoneError
from detector.tasks.ray_cluster import first_line, join
from detector.workers.messages import Answer, Request
from detector.workers.parcels import Parcel, unpacked
from detector.workers.worker import Lines, Worker

START_S = 120.0  # for a node with a free CPU, and for the imports there
HUNG_S = 120.0  # without an answer; a request takes about a second


class RayActors:
    """See ``Transport``.

    Args:
        address: Of the cluster, as ``ray.init`` takes it; None: one on this machine, for as long as
            the detector runs.
        cpus: Of such a one.
        on_torch: Networks run on it.

    Raises:
        SettingsError: If it cannot be reached.
    """

    def __init__(self, address: str | None, cpus: int, *, on_torch: bool = True) -> None:
        self._on_torch = on_torch
        join("detector.ray_address", address, cpus)

    def link(self, number: int) -> ActorLink:
        """See ``Transport``."""
        return ActorLink(number, on_torch=self._on_torch)

    def keep(self, parcel: Parcel) -> ray.ObjectRef[Parcel]:
        """See ``Transport``: a reference to the one that is in the object store."""
        return ray.put(parcel)

    def close(self) -> None:
        """See ``Transport``."""
        ray.shutdown()


class Actor:
    """A worker at the other end.

    Args:
        log_level: From which on lines are told.
        on_torch: Networks run on it.
    """

    def __init__(self, log_level: int, on_torch: bool) -> None:
        lines = Lines()
        logging.basicConfig(level=log_level, handlers=[lines], force=True)
        if on_torch:
            from detector.networks.base import use_one_thread  # noqa: PLC0415 -- torch is large

            use_one_thread()
        self._worker = Worker(lambda reference: unpacked(ray.get(reference)), lines)

    def name(self) -> str:
        """Process and machine."""
        return f"process {os.getpid()} on node {ray.get_runtime_context().get_node_id()}"

    def answer(self, packed: bytes, models: Mapping[int, Any]) -> bytes:
        """See ``Worker``; references to models come beside, for Ray counts them."""
        request: Request = pickle.loads(packed)  # noqa: S301 -- from the detector
        request.models = dict(models)
        return pickle.dumps(self._worker.answer(request), pickle.HIGHEST_PROTOCOL)


class ActorLink:
    """See ``Link``.

    Args:
        number: Of the worker, from 0.
        on_torch: See ``RayActors``.
    """

    def __init__(self, number: int, *, on_torch: bool) -> None:
        self._number, self._on_torch = number, on_torch
        self._actor: Any = None

    def start(self) -> str:
        """See ``Link``."""
        level = logging.getLogger().getEffectiveLevel()
        made = ray.remote(Actor).options(
            num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD",
            name=f"faultline-{os.getpid()}-{self._number + 1}-{threading.get_ident()}",
        )  # fmt: skip
        try:
            self._actor = made.remote(level, self._on_torch)
            return str(ray.get(self._actor.name.remote(), timeout=START_S))
        except GetTimeoutError:
            raise GoneError(
                f"did not begin within {START_S:g} s; does the Ray cluster have a free CPU?"
            ) from None
        except RayError as error:
            raise GoneError(f"its actor has ended ({first_line(error)})") from None

    def call(self, request: Request) -> Answer:
        """See ``Link``."""
        packed = pickle.dumps(replace(request, models={}), pickle.HIGHEST_PROTOCOL)
        try:
            answer = ray.get(self._actor.answer.remote(packed, request.models), timeout=HUNG_S)
        except GetTimeoutError:
            raise GoneError(f"said nothing for {HUNG_S:g} s") from None
        except RayError as error:
            raise GoneError(f"its actor has ended ({first_line(error)})") from None
        found: Answer = pickle.loads(answer)  # noqa: S301 -- from our own actor
        return found

    def close(self) -> None:
        """See ``Link``."""
        actor, self._actor = self._actor, None
        if actor is not None and ray.is_initialized():
            with contextlib.suppress(RayError, ValueError):  # it has ended by itself
                ray.kill(actor)
