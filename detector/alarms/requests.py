"""What an operator may say to alarms, read and checked before anything is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ValidationError

from detector.errors import AlarmError
from detector.settings.alarms import Delays
from detector.text import inert

ACK, SHELVE, UNSHELVE, COMMENT, VERDICT = "ack", "shelve", "unshelve", "comment", "verdict"
MAINTENANCE, OUT_OF_SERVICE, NOTE = "maintenance", "out-of-service", "note"
KINDS = (ACK, SHELVE, UNSHELVE, COMMENT, VERDICT, MAINTENANCE, OUT_OF_SERVICE, NOTE)
VERDICTS = ("real", "false", "known")
LONGEST_TEXT, LONGEST_NAME = 1000, 80  # characters
MOST_ALARMS = 1000  # in one command
MAINTENANCE_AT_MOST_H = 24.0 * 31
MOST_ID = 2**63 - 1  # that a store can hold
LATEST = 253_402_300_799.0  # the last second that a date can tell

Value: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        ids: Of the alarms; empty where it is about a device.
        minutes: For how long; None: until the alarm is over, or it is undone.
        text: Why, the comment, or the cause of a verdict; None: nothing was said.
        verdict: ``real``, ``false`` or ``known``; None: it is none.
        undo: Ends what began before.
        span: First and last moment that a note is about, UTC seconds; None: it is no note.
    """

    ids: tuple[int, ...] = ()
    minutes: float | None = None
    text: str | None = None
    verdict: str | None = None
    undo: bool = False
    span: tuple[float, float] | None = None


def read(kind: str, value: Value, shelve_at_most_h: float) -> Request:
    """Check the value of a command.

    Args:
        kind: Of the command, one of ``KINDS``.
        value: As it came.
        shelve_at_most_h: Hours that an alarm may be shelved for.

    Raises:
        AlarmError: If something in it is not allowed; one line.
    """
    is_about_device = kind in {MAINTENANCE, OUT_OF_SERVICE, NOTE}
    undo = value.get("undo", False)
    if not isinstance(undo, bool):
        raise AlarmError(f"undo: found {_shown(undo)}, allowed: true or false")
    most_h = {SHELVE: shelve_at_most_h, MAINTENANCE: MAINTENANCE_AT_MOST_H}.get(kind)
    return Request(
        ids=() if is_about_device else _ids(value.get("alarms")),
        minutes=None if most_h is None or undo else _minutes(kind, value.get("minutes"), most_h),
        text=_text(kind, value.get("why")),
        verdict=_verdict(value.get("verdict")) if kind == VERDICT else None,
        undo=undo,
        span=_span(value.get("start"), value.get("end")) if kind == NOTE else None,
    )


def who_of(name: object) -> str:
    """Check the name of an operator.

    Raises:
        AlarmError: If it is empty, too long, or holds what does not print.
    """
    return _line("who", name, LONGEST_NAME)


def delays_of(value: Value) -> Delays | None:
    """Check the delays that a command asks for.

    Args:
        value: As it came: ``{"delays": {"k", "n", "on_delay_s", "off_delay_s"}}``.

    Returns:
        All four; None: those of the settings.

    Raises:
        AlarmError: If something in it is not allowed; one line.
    """
    found = value.get("delays", {})
    if found is None:
        return None
    if not isinstance(found, dict) or found.keys() != Delays.model_fields.keys():
        raise AlarmError(
            f"delays: found {_shown(found)}, allowed: {', '.join(Delays.model_fields)}"
        )
    try:
        given = Delays.model_validate(found, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name, said = str(first["loc"][0]), first["msg"].removeprefix("Input should be ")
        raise AlarmError(f"{name}: found {_shown(found[name])}, allowed: {said}") from None
    if given.k > given.n:
        raise AlarmError(f"k: found {given.k}, allowed: up to n, which is {given.n}")
    return given


def _ids(found: object) -> tuple[int, ...]:
    if not isinstance(found, list) or not found:
        raise AlarmError(f"alarms: found {_shown(found)}, allowed: a list of ids")
    if len(found) > MOST_ALARMS:
        raise AlarmError(f"alarms: found {len(found)} ids, allowed: up to {MOST_ALARMS} at once")
    for one in found:
        if isinstance(one, bool) or not isinstance(one, int) or not 0 < one <= MOST_ID:
            raise AlarmError(f"alarm {_shown(one)}: is no id, see `faultline alarms`")
    return tuple(dict.fromkeys(found))


def _minutes(kind: str, found: object, most_h: float) -> float | None:
    if found is None and kind == SHELVE:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise AlarmError(f"minutes: found {_shown(found)}, allowed: a number")
    if not (math.isfinite(found) and 0 < found <= most_h * 60):
        raise AlarmError(
            f"minutes: found {found:g}, allowed: above 0 up to {most_h * 60:g} ({most_h:g} h)"
        )
    return float(found)


def _text(kind: str, found: object) -> str | None:
    if found is None and kind not in {COMMENT, VERDICT, NOTE}:
        return None
    what = {COMMENT: "comment", VERDICT: "cause", NOTE: "note"}.get(kind, "why")
    return _line(what, found, LONGEST_TEXT)


def _span(start: object, end: object) -> tuple[float, float]:
    first, last = _moment("start", start), _moment("end", end)
    if first > last:
        raise AlarmError(f"start: found {first:.0f}, allowed: up to the end, {last:.0f}")
    return first, last


def _moment(what: str, found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise AlarmError(f"{what}: found {_shown(found)}, allowed: UTC seconds")
    if not (math.isfinite(found) and 0 <= found <= LATEST):
        raise AlarmError(f"{what}: found {found:g}, allowed: UTC seconds up to the year 9999")
    return float(found)


def _line(what: str, found: object, longest: int) -> str:
    if not isinstance(found, str) or not found.strip():
        raise AlarmError(f"{what}: found {_shown(found)}, allowed: some text")
    text = found.strip()
    if len(text) > longest:
        raise AlarmError(f"{what}: found {len(text)} characters, allowed: up to {longest}")
    if not text.isprintable():
        raise AlarmError(f"{what}: found {_shown(text)}, allowed: characters that print")
    return text


def _verdict(found: object) -> str:
    if found not in VERDICTS:
        raise AlarmError(f"verdict: found {_shown(found)}, allowed: {', '.join(VERDICTS)}")
    return str(found)


def _shown(found: object) -> str:
    """Something found, safe and short."""
    text = inert(found) if isinstance(found, str) else inert(repr(found))
    if not text:
        return "nothing"
    return "nothing" if found is None else text[:60] + ("…" if len(text) > 60 else "")
