"""Devices that no rule names a model for: what is learnt of them, and by whom it is confirmed.

The scoring thread counts what they send; the learning is done by a process of its own, see
``Apprentice``, from what is in the store.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

import msgspec

from detector.engines.contract import ScoringEngine
from detector.errors import BundleError
from detector.folding import Folding
from detector.provisional.apprentice import AHEAD, Apprentice
from detector.provisional.contract import Lesson, Outcome
from detector.provisional.files import Mark, ModelFolder, note_of, place_of
from detector.provisional.watch import LONGEST, Learning, Probation, Stretch
from detector.records import Frame, is_backlog
from detector.reloading.changes import judged_by
from detector.scoring.bundle import Bundle
from detector.scoring.learnt import NO_RULE
from detector.scoring.runtimes.choice import has_torch
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.schema import Engine

logger = logging.getLogger(__name__)

AGAIN_S = 0.1  # between looks for outcomes
MOST_LINES, LINES_EVERY_S = 5, 60.0
NO_TORCH = "learning a model of its own needs torch, which is not installed"


class Newcomers:
    """Their models and what is still to be learnt; for the scoring thread.

    Args:
        settings: Which devices have rules, and how long to listen to the others.
        store: What they sent is in it.
        manual: Devices of sources that shall not be learnt by themselves; grows.
    """

    def __init__(self, settings: Settings, store: Engine, manual: Container[str] = ()) -> None:
        self._settings, self._store, self._manual = settings, store, manual
        self._folder = ModelFolder(place_of(settings.adopt.folder, settings.store.url).absolute())
        self._marks, lines = self._folder.marks()
        for line in lines:
            logger.error("%s", line)
        self._bundles: dict[str, Bundle] = {}
        self._learning: dict[str, Learning] = {}
        self._probation: dict[str, Probation] = {}
        self._apprentice = Apprentice(settings.store.url, settings.store.archive)
        self._told = Folding(MOST_LINES, LINES_EVERY_S)
        self._due = 0.0
        self._learnt: set[str] = set()  # devices whose streams do not have the new model yet
        self._can_learn = has_torch()
        if settings.adopt.automatic and not self._can_learn:
            logger.warning(
                "a device that no rule names a model for is stored unscored: %s", NO_TORCH
            )

    def model_of(self, device: str) -> Bundle | None:
        """See ``LearntModels``; read from disk the first time."""
        mark = self._marks.get(device)
        if mark is None or not (mark.confirmed_by or self._may_learn(device)):
            return None
        if device not in self._bundles:
            try:
                self._bundles[device] = self._folder.bundle(mark)
            except BundleError as error:
                logger.error("%s; learnt anew", error)  # noqa: TRY400 -- one line for the operator
                del self._marks[device]
                return None
        return self._bundles[device]

    def reason(self, device: str) -> str:
        """See ``LearntModels``."""
        if not self._may_learn(device):
            return NO_RULE
        if not self._can_learn:
            return f"{NO_RULE}; {NO_TORCH}"
        learning = self._learning.get(device)
        return (learning or Learning(self._wanted_s)).reason

    def look(self, engine: ScoringEngine, scored: Sequence[Frame]) -> None:
        """Count what was scored, or stored unscored, just now."""
        for frame in scored:
            if is_backlog(frame.session):
                continue
            card = engine.card_of(frame.device)
            if card is None:
                if self._is_new(frame.device):
                    self._count(engine, frame)
            elif card.provisional:
                self._prove(frame)

    @property
    def is_at_work(self) -> bool:
        """Whether something is learnt, waits to be, or to be taken up."""
        return bool(self._learnt) or not self._apprentice.is_free

    def tick(self, engine: ScoringEngine) -> None:
        """Take up what was learnt, once all frames are stored; never waits for it."""
        self._renew(engine)
        now = time.monotonic()
        if now < self._due or (self._apprentice.is_free and self._apprentice.pid is None):
            return
        self._due = now + AGAIN_S
        for _ in range(AHEAD):
            outcome = self._apprentice.outcome()
            if outcome is None:
                return
            self._take_up(engine, outcome)
        self._due = now

    def confirm(self, device: str, who: str) -> str:
        """Let a provisional model alarm; returns ``applied`` or why not."""
        mark, bundle = self._marks.get(device), self.model_of(device)
        if mark is None or bundle is None or self._has_rule(device):
            return f"refused: {self._why_not(device)}, allowed: a device with a provisional model"
        if mark.confirmed_by is None:
            try:
                self._keep(
                    msgspec.structs.replace(mark, confirmed_by=who, confirmed_at=time.time())
                )
            except BundleError as error:
                return f"refused: {error}"
        bundle.is_provisional, bundle.note = False, None
        self._apprentice.drop(device)
        self._probation.pop(device, None)
        return "applied"

    def follow(self, settings: Settings, heard: Iterable[str]) -> None:
        """Go by other rules from now on.

        Devices that another model judges now, or another running signal, begin anew: what the
        model of a rule has judged may have been abnormal.
        """
        before, self._settings = self._settings, settings
        for device in {*heard, *self._learning}:
            if judged_by(before, device) != judged_by(settings, device):
                self._apprentice.drop(device)
                self._probation.pop(device, None)
                self._learning[device] = Learning(self._wanted_s)

    def close(self) -> None:
        """End the process that learns."""
        self._apprentice.close()

    @property
    def _wanted_s(self) -> float:
        return 60 * self._settings.adopt.learn_minutes

    def _may_learn(self, device: str) -> bool:
        return self._settings.adopt.automatic and device not in self._manual

    def _is_new(self, device: str) -> bool:
        """Whether a device without a model, or with one that fits no more, is to be learnt."""
        mark = self._marks.get(device)
        is_fixed = mark is not None and mark.confirmed_by is not None
        may_learn = self._can_learn and self._may_learn(device)
        return not self._has_rule(device) and not is_fixed and may_learn

    def _has_rule(self, device: str) -> bool:
        return judged_by(self._settings, device)[0] is not None

    def _why_not(self, device: str) -> str:
        if self._has_rule(device):
            return f"{device} has the model of a rule"
        return f"{device} has none yet ({self.reason(device)})"

    def _count(self, engine: ScoringEngine, frame: Frame) -> None:
        learning = self._learning.get(frame.device)
        if learning is None:
            learning = self._learning[frame.device] = self._begin(frame)
        learning.stretch.add(frame.ts)
        if learning.is_near:
            self._apprentice.get_ready()
        if learning.is_due:
            learning.is_queued = True
            self._ask(frame, learning.stretch, again=False)
        if frame.device not in self._marks:
            engine.explain(frame.device, learning.reason)

    def _begin(self, frame: Frame) -> Learning:
        """With what of the stretch an earlier run has stored."""
        first = float(frame.ts[0])
        with self._store.connect() as connection:
            stored = frames.amount(connection, frame.device, first - self._wanted_s, first)
        if stored is None:
            return Learning(self._wanted_s)
        start, newest, samples = stored
        return Learning(self._wanted_s, Stretch(start, newest, newest - start, samples))

    def _prove(self, frame: Frame) -> None:
        """A provisional model on probation."""
        mark = self._marks.get(frame.device)
        if mark is None or mark.settled or not self._can_learn:
            return
        probation = self._probation.get(frame.device)
        if probation is None:
            learnt_s = max(mark.running_s, self._wanted_s)
            probation = self._probation[frame.device] = Probation(learnt_s, mark.version)
        if probation.add(frame):
            probation.is_queued = True
            again = f"learning again: {probation.share:.0%} of its windows crossed what was learnt"
            self._bundles[frame.device].note = f"{note_of(mark)}, {again}"
            self._say("again", frame.device, again)
            self._ask(frame, probation.stretch, again=True)
        elif probation.has_held:
            self._keep(msgspec.structs.replace(mark, settled=True))
            del self._probation[frame.device]

    def _ask(self, frame: Frame, stretch: Stretch, *, again: bool) -> None:
        mark = self._marks.get(frame.device)
        assert stretch.start is not None
        start = max(stretch.start, stretch.newest - LONGEST * self._wanted_s)
        rate_hz = stretch.samples / max(stretch.heard_s, 1e-3)
        lesson = Lesson(
            device=frame.device,
            version=1 if mark is None else mark.version + 1,
            before=mark.spans if again and mark is not None else (),
            span=(start, stretch.newest),
            rate_hz=rate_hz,
            needed_s=self._wanted_s,
            running=judged_by(self._settings, frame.device)[1],
            folder=self._folder.path,
            features=tuple(sorted(frame.features)),
        )
        self._apprentice.take(replace(lesson, peers=lesson.alike(self._marks.values())))

    def _take_up(self, engine: ScoringEngine, outcome: Outcome) -> None:
        device = outcome.device
        if not self._is_new(device):
            return  # a rule or a confirmation came meanwhile
        if outcome.mark is None:
            self._put_off(outcome)
            return
        try:
            bundle = self._folder.bundle(outcome.mark)
            self._keep(outcome.mark)
        except BundleError as error:
            self._put_off(Outcome(device=device, reason=str(error)))
            return
        self._bundles[device] = bundle
        self._learning.pop(device, None)
        self._probation.pop(device, None)
        self._learnt.add(device)
        self._renew(engine)
        left = ", ".join(f"{name} {why}" for name, why in sorted(outcome.mark.left_out.items()))
        self._say("learnt", device, f"learnt from {outcome.mark.running_s / 60:.0f} minutes, "
                  f"provisional until confirmed{'; left out: ' if left else ''}{left}")  # fmt: skip

    def _renew(self, engine: ScoringEngine) -> None:
        """Reads the store; those for which it cannot be read are renewed with the next tick."""
        for device in sorted(self._learnt):
            engine.renew(device)
            self._learnt.discard(device)

    def _put_off(self, outcome: Outcome) -> None:
        device, learning = outcome.device, self._learning.get(outcome.device)
        self._say("put off", device, f"not learnt yet: {outcome.reason}")
        if device in self._probation:
            self._probation[device].keep()
            self._bundles[device].note = note_of(self._marks[device])
        if learning is None:
            return
        if outcome.is_stranger:
            learning.forget(self._wanted_s, outcome.reason)
        else:
            more_s = outcome.more_s or learning.stretch.heard_s
            learning.wait(min(more_s, LONGEST * self._wanted_s), outcome.reason)

    def _keep(self, mark: Mark) -> None:
        self._folder.write(mark)
        self._marks[mark.device] = mark

    def _say(self, kind: str, device: str, line: str) -> None:
        tail = self._told.tail(kind)
        if tail is not None:
            logger.info("%s: %s%s", device, line, tail)
