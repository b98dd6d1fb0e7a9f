"""What holds for each device: its model, its threshold and all else that a new stream asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from detector.alignment.rules import Rules, rules_for
from detector.normal.level import Own
from detector.scoring.bundle import Bundle
from detector.scoring.learnt import LearntModels, NoLearntModels
from detector.scoring.models import Models
from detector.settings.devices import RunningSignal
from detector.settings.sessions import SessionSettings
from detector.settings.tree import Settings


@dataclass(frozen=True, slots=True)
class Ruling:
    """What holds for one device, its model aside.

    Attributes:
        threshold: Score above which a judged sample is an anomaly.
        running: Running signal instead of the model's own.
        in_a_row: Scores that the alarm rule looks at together.
        own: The machine's own normal, if it is commissioned.
    """

    threshold: float
    running: RunningSignal | None
    in_a_row: int
    own: Own | None


class Rulings(Protocol):
    """What streams go by, wherever they are."""

    @property
    def sessions(self) -> SessionSettings:
        """Where sessions end."""
        ...

    @property
    def chunk(self) -> int:
        """Windows per call of a network."""
        ...

    def model_of(self, device: str) -> Bundle | str | None:
        """The model of a device, or why it cannot be used; None: it has none."""
        ...

    def why_none(self, device: str) -> str:
        """Why it has none, one line."""
        ...

    def of(self, device: str) -> Ruling:
        """The rest of what holds."""
        ...


class SettingsRulings:
    """By the settings, by what is learnt and by what operators have said.

    Args:
        settings: The whole tree.
        thresholds: Per device, what an operator last set.

    Attributes:
        settings: Those in force.
        thresholds: The same as in the arguments; it may be changed.
        learnt: Models of devices without one in the settings.
        owns: The own normal of each machine that is commissioned.
        models: The bundles that rules name.
        version: Counts changes that concern more than one device, or its delays.
    """

    def __init__(self, settings: Settings, thresholds: dict[str, float]) -> None:
        self.settings = settings
        self.thresholds = dict(thresholds)
        self.models = Models(settings.models, settings.detector.runtime)
        self.learnt: LearntModels = NoLearntModels()
        self.owns: dict[str, Own] = {}
        self.version = 0

    @property
    def sessions(self) -> SessionSettings:
        """See ``Rulings``."""
        return self.settings.sessions

    @property
    def chunk(self) -> int:
        """See ``Rulings``."""
        return self.settings.detector.chunk

    def model_of(self, device: str) -> Bundle | str | None:
        """See ``Rulings``; a bundle is read the first time."""
        rule = self.settings.rule_for(device)
        if rule is None or rule.model is None:
            return self.learnt.model_of(device)
        return self.models.of(rule.model)

    def why_none(self, device: str) -> str:
        """See ``Rulings``."""
        return self.learnt.reason(device)

    def of(self, device: str) -> Ruling:
        """See ``Rulings``."""
        rule = self.settings.rule_for(device)
        return Ruling(
            threshold=self.threshold_of(device),
            running=None if rule is None else rule.running,
            in_a_row=self.settings.alarms_for(device).n,
            own=self.owns.get(device),
        )

    def threshold_of(self, device: str) -> float:
        """In force: an operator's, else the rule's, else 1.0."""
        rule = self.settings.rule_for(device)
        own = None if rule is None else rule.threshold
        return self.thresholds.get(device, 1.0 if own is None else own)

    def alignment_of(self, device: str) -> Rules:
        """How a device's samples are joined: by its model's period and channels."""
        rules, bundle = rules_for(self.settings, device), self.model_of(device)
        if not isinstance(bundle, Bundle):
            return rules
        needed = frozenset(needed_by(bundle, self.of(device).running))
        return replace(rules, period_s=bundle.document.input_period_s, needed=needed)


def needed_by(bundle: Bundle, running: RunningSignal | None) -> set[str]:
    """The model's channels and the running signal."""
    signal = running or bundle.document.running
    return {*bundle.channels, *([] if signal is None else [signal.feature])}


def outlook(rulings: Rulings, device: str, features: Sequence[str]) -> Bundle | str:
    """The model of a device that sends these features, or why it has none."""
    bundle = rulings.model_of(device)
    if bundle is None:
        return rulings.why_none(device)
    if isinstance(bundle, str):
        return bundle
    needed = needed_by(bundle, rulings.of(device).running)
    if needed <= set(features):
        return bundle
    missing = ", ".join(sorted(needed - set(features)))
    return (
        f"{bundle.name}: needs {', '.join(sorted(needed))}; {device} sends "
        f"{', '.join(features)}; missing {missing}"
    )
