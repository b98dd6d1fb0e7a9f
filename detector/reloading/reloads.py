"""Reloads, one after the other: asked for, prepared beside the scoring, taken up between two ticks.

All that is asked for before a reload begins is answered by it; what is asked for later gets the
next one, since files may have changed again after they were read.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from detector.folding import Folding
from detector.ingest.clocks import ClockRules
from detector.ingest.connection import ConnectionState
from detector.ingest.mqtt import Subscriber
from detector.ingest.sources import Sources
from detector.records import Command
from detector.reloading.answer import answer
from detector.reloading.changes import outdated
from detector.reloading.preparation import Preparation, Prepared, Running
from detector.reloading.renewal import Renewal
from detector.reloading.request import Request
from detector.settings.tree import Settings
from detector.store import commands
from detector.store.connecting import reason_of
from detector.store.schema import Connection, Engine, StoreFailure

logger = logging.getLogger(__name__)

LOOK_S = 0.25  # between looks for commands
RENEW_S = 0.25  # that devices may take at a time, between two ticks
TELL_S = 10.0  # between log lines of a store that cannot be used
SUBSCRIBED_S = 5.0  # that the broker may take to answer
STOP_S = 5.0  # to wait for a preparation at the end
FAULT = "not all of it was taken up, for a fault that the detector's log tells"


class Scoring(Protocol):
    """The scoring thread's work, as far as a reload goes."""

    renewal: Renewal

    @property
    def is_committed(self) -> bool:
        """Whether all that was scored so far is in the store."""
        ...

    def follow(self, settings: Settings) -> None:
        """Go by other settings from the next tick on."""
        ...


class Holds(Protocol):
    """What of the lease is used."""

    name: str

    def pending(self, connection: Connection) -> list[Command]:
        """Commands that wait for this detector."""
        ...


@dataclass(slots=True)
class _Round:
    """One reload.

    Attributes:
        asked: Numbers of the commands that it answers.
        preparation: Begun with it.
        renewed: Devices that wait for their new stream; None before anything was taken up.
        moved: Devices that have another threshold only.
        counts: Devices renewed, by folder of their bundle.
        unjudged: Devices renewed that no model judges, with the reason.
        subscribed_by: When the broker is waited for no longer, of ``time.monotonic``.
        outcome: What is answered, once that is known.
    """

    asked: list[int]
    preparation: Preparation
    renewed: list[str] | None = None
    moved: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    unjudged: dict[str, str] = field(default_factory=dict)
    subscribed_by: float = 0.0
    outcome: str | None = None


class Reloads:
    """Takes up changed settings and bundles; for the scoring thread, between two ticks.

    Args:
        read: Reads the settings as at the start.
        settings: Those of the start.
        request: A reload is asked for by it, or by a command in the store.
        store: Open; this process holds its lease.
        subscriber: Asks the broker for topics.
        sources: How messages are read.
        scoring: Goes by the settings.
        lease: Says which commands and devices are this detector's; None: all.
    """

    def __init__(
        self,
        read: Callable[[], Settings],
        settings: Settings,
        request: Request,
        *,
        store: Engine,
        subscriber: Subscriber,
        sources: Sources,
        scoring: Scoring,
        lease: Holds | None = None,
    ) -> None:
        self._reader, self._request, self._store = read, request, store
        self._subscriber, self._scoring = subscriber, scoring
        self._name = None if lease is None else lease.name
        self._pending = commands.pending if lease is None else lease.pending
        self._renewal = scoring.renewal
        self._running = Running(settings, settings, sources, self._renewal.models)
        self._round: _Round | None = None
        self._due = 0.0
        self._told_of = Folding(1, TELL_S)

    def step(self) -> None:
        """Go on with the reload there is, or begin one that was asked for; never for long."""
        try:
            if self._round is None:
                self._begin()
            else:
                self._go_on(self._round)
        except StoreFailure as error:  # the next step tries again
            tail = self._told_of.tail("store")
            if tail is not None:
                logger.warning("reload: store: %s%s", reason_of(error), tail)
        except Exception:
            logger.exception("reload: cannot be taken up")
            if self._round is not None:
                self._round.outcome = f"{commands.REFUSED}{FAULT}"

    def stop(self) -> None:
        """Let a preparation end; who asked for it is not answered."""
        if self._round is not None:
            self._round.preparation.wait(STOP_S)

    def _begin(self) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + LOOK_S
        with self._store.connect() as connection:
            waiting = self._pending(connection)
        asked = [one.id for one in waiting if one.kind == commands.RELOAD]
        if self._request.take() or asked:
            prepared = Preparation(self._reader, self._running, self._store, self._name)
            self._round = _Round(asked, prepared)

    def _go_on(self, now: _Round) -> None:
        if now.outcome is None and now.preparation.is_done:
            result = now.preparation.result
            if isinstance(result, str):
                now.outcome = f"{commands.REFUSED}nothing changed: {result}"
            else:
                self._take_up(now, result)
        if now.outcome is not None:
            self._answer(now, now.outcome)

    def _take_up(self, now: _Round, prepared: Prepared) -> None:
        if now.renewed is None:
            if not self._scoring.is_committed:  # a new stream goes on with what is stored
                self._renewal.settle()
                return
            self._change(now, prepared)
            now.subscribed_by = time.monotonic() + SUBSCRIBED_S
        is_heard = self._subscriber.is_heard or time.monotonic() > now.subscribed_by
        if self._renew(now) and is_heard:
            told = answer(self._running, prepared, now.counts, now.unjudged)
            connection = self._subscriber.connection
            if prepared.sources is not None and connection.state is not ConnectionState.CONNECTED:
                told = f"{told}; broker: {connection.reason}"
            now.outcome = f"{commands.APPLIED}{told}"
            self._running = Running(
                self._running.started, prepared.read, self._running.sources, self._running.models
            )

    def _change(self, now: _Round, prepared: Prepared) -> None:
        """All that takes no time, at once."""
        settings, renewal = prepared.settings, self._renewal
        devices = dict.fromkeys([*prepared.known, *renewal.devices])
        now.renewed = outdated(devices, self._running.read, prepared.read, prepared.changed)
        self._scoring.follow(settings)
        renewal.take_up(settings, prepared.models, now.renewed)
        rules = ClockRules(settings.alignment.clock_limit_s, settings.is_clock_replaced)
        self._subscriber.clocks.follow(rules)
        if prepared.sources is not None:
            self._running.sources.become(prepared.sources)
            self._subscriber.ask_for(prepared.sources.filters)
        now.moved = [
            device for device in devices.keys() - set(now.renewed)
            if renewal.has_moved(device, prepared.known.get(device))
        ]  # fmt: skip
        for device in now.renewed:
            rule = settings.rule_for(device)
            now.counts[str(rule.model) if rule else ""] += 1

    def _renew(self, now: _Round) -> bool:
        """Devices that wait, as many as there is time for; returns whether that was all."""
        ends = time.monotonic() + RENEW_S
        while now.renewed and self._scoring.is_committed:
            device = now.renewed[-1]
            reason = self._renewal.renew(device)
            if reason is not None:
                now.unjudged[device] = reason
            now.renewed.pop()
            if time.monotonic() > ends:
                break
        if now.renewed:
            self._renewal.settle()
        while now.moved and not now.renewed and time.monotonic() <= ends:
            self._renewal.move(now.moved[-1])
            now.moved.pop()
        return not now.renewed and not now.moved

    def _answer(self, now: _Round, outcome: str) -> None:
        with self._store.begin() as connection:
            for command_id in now.asked:
                commands.mark_applied(connection, command_id, outcome)
        is_refused = outcome.startswith(commands.REFUSED)
        logger.log(logging.ERROR if is_refused else logging.INFO, "reload %s", outcome)
        self._round = None
