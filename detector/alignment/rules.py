"""What a device's channels are joined by: the times that count, and the channels that must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from detector.settings.alignment import Method
from detector.settings.tree import Settings

LINEAR_PERIODS = 2.5  # neighbours of a channel this close are joined by a line


@dataclass(frozen=True, slots=True)
class Rules:
    """How one device is aligned.

    Attributes:
        wait_s: How long a row waits for what may still come.
        hold_s: How long a channel that is sent on change stays good.
        late_s: What is older than the newest by more is a backlog.
        period_s: Sampling period of the device's model; None without one.
        needed: Channels that make a row whole: the model's; empty: all that were heard.
        methods: How a channel is joined where not by itself; pattern to method.
    """

    wait_s: float
    hold_s: float
    late_s: float
    period_s: float | None = None
    needed: frozenset[str] = frozenset()
    methods: dict[str, Method] = field(default_factory=dict)

    def method_of(self, channel: str) -> Method | None:
        """What the settings say of a channel; None: nothing."""
        found = (how for what, how in self.methods.items() if fnmatchcase(channel, what))
        return next(found, None)


def rules_for(settings: Settings, device: str) -> Rules:
    """What the settings say of a device; its model is not asked."""
    rule = settings.rule_for(device)
    own = None if rule is None else rule.hold_s
    return Rules(
        wait_s=settings.alignment.wait_s,
        hold_s=settings.alignment.hold_s if own is None else own,
        late_s=settings.sessions.late_s,
        methods=rule.align if rule else {},
    )
