"""Frames in, alarms out: runs every device's state machine and writes what changes."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from detector.alarms.lifecycle import AlarmRule, AlarmState, Transition, advance
from detector.records import Alarm, Frame, ModelCard
from detector.settings.alarms import AlarmSettings
from detector.settings.tree import Settings
from detector.store import alarms as store
from detector.store.schema import Connection

logger = logging.getLogger(__name__)

CLEAR_AFTER_S = 5.0
SCORE, PROVISIONAL = "score", "provisional"  # kinds of alarms


def rule_of(settings: AlarmSettings, card: ModelCard) -> AlarmRule:
    """The rule in windows; an empty m is 5 s of windows and at least one window length."""
    every_s = card.sampling_period_s * card.hop
    m = settings.m or max(round(CLEAR_AFTER_S / every_s), -(-card.window // card.hop))
    return AlarmRule(min(settings.k, settings.n), settings.n, m)


class AlarmDesk:
    """Alarms of all devices.

    ``update`` works inside the caller's transaction on a copy; ``keep`` makes the copy the
    truth once the transaction is committed, so a failed commit changes nothing here.

    Args:
        settings: Alarm rules.
        active: Alarms that an earlier run left active.
    """

    def __init__(self, settings: Settings, active: Sequence[Alarm]) -> None:
        self._settings = settings
        self._states = {alarm.device: AlarmState(is_active=True) for alarm in active}
        self._active = {alarm.device: alarm for alarm in active}
        self._next = (self._states, self._active)

    def follow(self, settings: Settings) -> None:
        """Go by other alarm rules from the next window on."""
        self._settings = settings

    def restart(self, connection: Connection, device: str, ended: float | None) -> None:
        """A device has another model: none but its windows count from now on.

        An active alarm stays, for the new model to clear. ``keep`` makes it the truth.

        Args:
            connection: Inside a transaction.
            device: Name of the machine.
            ended: Where no model judges it any more, its newest sample time: its alarm ends there.
        """
        states, active = self._next = (dict(self._states), dict(self._active))
        alarm = active.get(device)
        if alarm is not None and ended is not None:
            self._clear(connection, active.pop(device), Transition("cleared", ended, ended))
        states[device] = AlarmState(is_active=device in active)

    def active(self, device: str) -> Alarm | None:
        """The active alarm of a device, None when there is none."""
        return self._active.get(device)

    @property
    def active_count(self) -> int:
        """Active alarms of all devices, those that nobody is notified of aside."""
        return sum(alarm.kind != PROVISIONAL for alarm in self._active.values())

    def update(self, connection: Connection, frames: Sequence[tuple[Frame, ModelCard]]) -> None:
        """Advance the devices by their newest frames and store what changed."""
        self._next = (dict(self._states), dict(self._active))
        for frame, card in frames:
            self._advance(connection, frame, card)

    def keep(self) -> None:
        """The transaction of the last ``update`` is committed."""
        self._states, self._active = self._next

    def _advance(self, connection: Connection, frame: Frame, card: ModelCard) -> None:
        states, active = self._next
        if frame.device in active and active[frame.device].kind != kind_of(card):
            self._end_other_kind(connection, frame)
        state = states.get(frame.device, AlarmState())
        counted = frame.judged & np.isfinite(frame.score)
        above = frame.anomaly[counted]
        if not (above.any() or state.is_active or state.hits):
            states[frame.device] = replace(state, seen=state.seen + len(above))
            return
        rule = rule_of(self._settings.alarms_for(frame.device), card)
        states[frame.device], transitions = advance(rule, state, _windows(frame))
        self._note_peak(connection, frame)
        for transition in transitions:
            if transition.kind == "raised":
                active[frame.device] = self._raise(connection, frame, card, transition)
            else:
                self._clear(connection, active.pop(frame.device), transition)

    def _raise(
        self, connection: Connection, frame: Frame, card: ModelCard, transition: Transition
    ) -> Alarm:
        alarm = Alarm(
            id=None,
            device=frame.device,
            kind=kind_of(card),
            state="active",
            start=transition.start,
            end=None,
            peak_score=peak_score(frame),
            contributions=_shares(frame),
            model=card.name,
            threshold=frame.threshold,
        )
        alarm = replace(alarm, id=store.raise_alarm(connection, alarm, at=time.time()))
        logger.warning(
            "%s: %s %s raised, score %.2f above %.2f, most of it from %s",
            alarm.device, _word(alarm), alarm.id, alarm.peak_score, alarm.threshold,
            max(alarm.contributions, key=alarm.contributions.__getitem__),
        )  # fmt: skip
        return alarm

    def _clear(self, connection: Connection, alarm: Alarm, transition: Transition) -> None:
        assert alarm.id is not None
        store.update(connection, replace(alarm, state="cleared", end=transition.ts))
        store.log(connection, alarm.id, "cleared", transition.ts, at=time.time())
        logger.warning(
            "%s: %s %s cleared after %.1f s, peak score %.2f",
            alarm.device, _word(alarm), alarm.id, transition.ts - alarm.start, alarm.peak_score,
        )  # fmt: skip

    def _end_other_kind(self, connection: Connection, frame: Frame) -> None:
        """Its model was confirmed or replaced: what goes on is raised anew, as what it is now."""
        states, active = self._next
        start = float(frame.ts[0])
        self._clear(connection, active.pop(frame.device), Transition("cleared", start, start))
        states[frame.device] = AlarmState()

    def _note_peak(self, connection: Connection, frame: Frame) -> None:
        _, active = self._next
        alarm, peak = active.get(frame.device), peak_score(frame)
        if alarm is None or not peak > alarm.peak_score:
            return
        active[frame.device] = replace(alarm, peak_score=peak, contributions=_shares(frame))
        store.update(connection, active[frame.device])


def kind_of(card: ModelCard) -> str:
    """Kind of the alarms of a model."""
    return PROVISIONAL if card.provisional else SCORE


def _windows(frame: Frame) -> Iterator[tuple[float, bool | None]]:
    """The judged windows; those without a score were left out."""
    judged = frame.judged if frame.due is None else frame.judged & frame.due
    left_out = np.isnan(frame.score[judged]).tolist()
    above = frame.anomaly[judged].tolist()
    for ts, is_above, is_out in zip(frame.ts[judged].tolist(), above, left_out, strict=True):
        yield ts, None if is_out else is_above


def peak_score(frame: Frame) -> float:
    """Largest judged score of a frame; NaN when none is judged."""
    judged = frame.score[frame.judged]
    return float(np.nanmax(judged)) if np.isfinite(judged).any() else float("nan")


def _word(alarm: Alarm) -> str:
    return "provisional alarm" if alarm.kind == PROVISIONAL else "alarm"


def _shares(frame: Frame) -> dict[str, float]:
    if frame.causes:
        return {cause.column: round(cause.share, 4) for cause in frame.causes}
    pairs = zip(frame.features, frame.contributions.tolist(), strict=True)
    return {name: round(share, 4) for name, share in pairs if share > 0}
