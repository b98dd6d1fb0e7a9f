"""What a message says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from detector.alarms.priority import shares
from detector.notifying.targets import Message
from detector.records import Alarm, Priority
from detector.store.outbox.outbox import FLOOD, FLOOD_OVER, Notice
from detector.text import counted, inert, plain, span

ITSELF = "the detector"
WEIGHTS = {Priority.LOW.value: "info", Priority.MEDIUM.value: "warning",
           Priority.HIGH.value: "failure"}  # fmt: skip
WHAT = {"score": "abnormal", "sensor": "sensor trouble", "silent": "silent",
        "detector": "trouble"}  # fmt: skip
ENDS = {"stop": "the machine stopped", "model": "another model judges it now",
        "return": "its cause has gone"}  # fmt: skip
TEST = Message("Faultline: test", "This is a test: messages on alarms arrive here.")


def message_of(notice: Notice, dropped: int = 0, picture: bytes | None = None) -> Message:
    """Put a notice into words.

    Args:
        notice: To be sent.
        dropped: Messages before it that were too old to be sent.
        picture: PNG to send with it.
    """
    alarm = notice.alarm
    if alarm is None:
        title, lines, weight = _of_a_flood(notice.event, notice.content)
    else:
        title, lines, weight = _of_an_alarm(notice.event, alarm, notice.at)
    if dropped:
        lines.append(f"Not sent, for they waited too long: {counted(dropped, 'message')} before "
                     "this one; see faultline alarms.")  # fmt: skip
    lines.append(f"Notification {notice.id}, decided {_moment(notice.at)}; the same number again "
                 "is the same notification.")  # fmt: skip
    return Message(title, "\n".join(lines), weight, picture)


def _of_an_alarm(event: str, alarm: Alarm, at: float) -> tuple[str, list[str], str]:
    who = inert(alarm.device) or ITSELF
    what = WHAT.get(alarm.kind, alarm.kind)
    title, weight = {
        "raised": (f"{who}: {what}, priority {alarm.priority}", WEIGHTS[alarm.priority]),
        "risen": (f"{who}: {what}, priority now {alarm.priority}", WEIGHTS[alarm.priority]),
        "escalated": (f"{who}: {what}, nobody has answered for {_waited(alarm, at)}", "failure"),
        "returned": (f"{who}: no longer {what}", "success"),
        "acknowledged": (f"{who}: {what}, acknowledged", "info"),
        "reclassified": (f"{who}: it is the sensor, not the machine", "info"),
    }[event]
    lines = [_line(alarm)] if alarm.sentence else []
    if event == "returned":
        lines.append(f"After {span(_length_s(alarm))}: {ENDS.get(alarm.ended_by or '', 'over')}.")
    if event == "reclassified":
        lines.append(f"This corrects what was said of alarm {alarm.id} before.")
    if alarm.acknowledged_by:
        lines.append(f"Acknowledged by {inert(alarm.acknowledged_by)}.")
    lines.append(f"Alarm {alarm.id} since {_moment(alarm.start)}{_peak(alarm)}.")
    return title, lines, weight


def _of_a_flood(event: str, content: Mapping[str, Any]) -> tuple[str, list[str], str]:
    if event == FLOOD:
        minutes = plain(content["seconds"] / 60)
        lines = ["From now on they are counted; one message says when it is over.",
                 "All alarms are on the page and in faultline alarms --open."]  # fmt: skip
        title = f"Alarm flood: more than {content['most']} messages in {minutes} minutes"
        return title, lines, "failure"
    assert event == FLOOD_OVER
    named = ", ".join(f"{inert(who) or ITSELF} {n}" for who, n in content["devices"].items())
    said = counted(content["count"], "message")
    return (
        f"Alarm flood over: {said} not sent one by one",
        [f"Since {_moment(content['since'])}, most from: {named}.",
         "What is still there: faultline alarms --open."], "info",
    )  # fmt: skip


def _line(alarm: Alarm) -> str:
    said = inert(alarm.sentence)
    named = shares(alarm.contributions)
    return f"{said[:1].upper()}{said[1:]}" + (f" ({named})" if named and named not in said else "")


def _peak(alarm: Alarm) -> str:
    if not alarm.peak_score:
        return ""
    return f", highest score {plain(alarm.peak_score)}, model {inert(alarm.model)}"


def _waited(alarm: Alarm, at: float) -> str:
    return span(max(at - (alarm.raised_at or at), 0.0))


def _length_s(alarm: Alarm) -> float:
    return max((alarm.end or alarm.start) - alarm.start, 0.0)


def _moment(ts: float) -> str:
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
