"""An alarm in the viewer's words, as the lists show it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from dashboard.words.viewer import length, moment, number, percent, say, translated
from detector.records import HELD, Alarm, Life
from detector.text import inert

MAY_ACKNOWLEDGE = (Life.UNACKNOWLEDGED, Life.RETURNED, Life.LATCHED)
FIRST = (*MAY_ACKNOWLEDGE[:1], Life.LATCHED, Life.RETURNED, Life.ACKNOWLEDGED, *HELD, Life.NORMAL)
RANK = {"high": 0, "medium": 1, "low": 2}
OF_SCORE = ("score", "provisional")
QUIET = ("provisional", "drift")  # nobody is notified of these
NAMED = 3  # features
BY = {Life.ACKNOWLEDGED: "alarms.acknowledged_by", Life.NORMAL: "alarms.over_by"}


def ranked(alarms: Sequence[Alarm]) -> list[Alarm]:
    """Those that ask for an answer most first."""
    return sorted(
        alarms, key=lambda one: (FIRST.index(Life(one.life)), RANK[one.priority], -(one.id or 0))
    )


def row(alarm: Alarm, mine: Collection[str], comments: int = 0) -> dict[str, Any]:
    """What a line of a list shows, and what may be done to it.

    Args:
        alarm: The alarm.
        mine: Kinds of commands that this viewer may give.
        comments: How many there are.
    """
    return {
        "id": alarm.id,
        "life": alarm.life,
        "priority": alarm.priority,
        "is_quiet": alarm.kind in QUIET,
        "title": title(alarm),
        "what": what(alarm),
        "state": state(alarm),
        "rank": say(f"alarms.priority_{alarm.priority}"),
        "when": moment(alarm.start),
        "length": say("alarms.ongoing") if alarm.end is None else length(alarm.end - alarm.start),
        "verdict": "" if alarm.verdict is None else verdict(alarm),
        "comments": comments,
        "may": [kind for kind in _allowed(alarm) if kind in mine],
    }


def title(alarm: Alarm) -> str:
    """Whose it is and of which kind."""
    kind = "" if alarm.kind == "score" else f" · {kind_word(alarm.kind)}"
    return f"{device_of(alarm)}{kind}"


def device_of(alarm: Alarm) -> str:
    """Its name, safe to show."""
    return inert(alarm.device) or say("alarms.the_detector")


def kind_word(kind: str) -> str:
    """What raises such alarms."""
    return say(f"alarms.kind_{kind}")


def what(alarm: Alarm) -> str:
    """What is the matter; of a score from its numbers, else what the detector says."""
    if alarm.kind not in OF_SCORE:
        return inert(translated(alarm.sentence))
    most = sorted(alarm.contributions.items(), key=lambda item: -item[1])[:NAMED]
    names = ", ".join(f"{inert(name)} {percent(share)}" for name, share in most if share > 0)
    told = say("alarms.peak", score=number(alarm.peak_score, 2),
               threshold=number(alarm.threshold, 2))  # fmt: skip
    return say("alarms.mostly", told=told, names=names) if names else told


def state(alarm: Alarm) -> str:
    """Where it is in its life, and who answered."""
    word = say(f"alarms.life_{alarm.life.replace('-', '_')}")
    key = BY.get(Life(alarm.life))
    if alarm.acknowledged_by is None or key is None:
        return word
    return say(key, who=inert(alarm.acknowledged_by))


def verdict(alarm: Alarm) -> str:
    """What an operator says it was."""
    word = say(f"alarms.verdict_{alarm.verdict}")
    return f"{word}: {inert(alarm.cause)}" if alarm.cause and alarm.cause != word else word


def _allowed(alarm: Alarm) -> list[str]:
    found = ["comment", "verdict"]
    if alarm.life in MAY_ACKNOWLEDGE:
        found.append("ack")
    if alarm.life == Life.SHELVED:
        found.append("unshelve")
    elif alarm.life != Life.NORMAL:
        found.append("shelve")
    return found
