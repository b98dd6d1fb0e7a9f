"""Option values of the command line: each reads one text or says what is allowed.

And the options that many commands have.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

LONGEST_S = 60.0  # of a time scale


def at_least(low: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from ``low``."""

    def number(text: str) -> int:
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"found {value}, allowed: {low} or more")
        return value

    number.__name__ = "whole number"
    return number


def above(low: float) -> Callable[[str], float]:
    """Return a reader of finite numbers above ``low``."""

    def number(text: str) -> float:
        value = float(text)
        if not low < value < math.inf:
            raise argparse.ArgumentTypeError(f"found {text}, allowed: above {low:g}")
        return value

    number.__name__ = "number"
    return number


def names(text: str) -> list[str]:
    """Read a comma-separated list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def some_of(allowed: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Return a reader of a comma-separated list of known words."""

    def read(text: str) -> list[str]:
        found = names(text)
        if unknown := [name for name in found if name not in allowed]:
            raise argparse.ArgumentTypeError(
                f"found {', '.join(unknown)}, allowed: {', '.join(allowed)}"
            )
        return found

    return read


def unit(text: str) -> tuple[str, str]:
    """Read ``NAME=UNIT``."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed: NAME=UNIT")
    return name, value


def field(text: str) -> tuple[str, object]:
    """Read ``NAME=VALUE`` of a network's config: a number, true, false or a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed: FIELD=VALUE")
    if value in {"true", "false"}:
        return name, value == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def instant(text: str) -> float:
    """A time in ISO 8601 to UTC seconds; UTC unless it says."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text}: no time, allowed: ISO 8601, for example 2026-03-01T12:00 (UTC) or "
            "2026-03-01T12:00+09:00"
        ) from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def seconds(text: str) -> tuple[float, ...]:
    """Durations above 0, with commas between them, in order."""
    try:
        found = sorted({float(part) for part in text.split(",")})
    except ValueError:
        found = []
    if not found or not 0 < found[0] <= found[-1] <= LONGEST_S:
        raise argparse.ArgumentTypeError(
            f"{text}, allowed: seconds above 0 and up to {LONGEST_S:g}, such as 1,3,10"
        )
    return tuple(found)


def severities(text: str) -> list[float]:
    """Read a comma-separated list of severities, 0..1."""
    found = [float(part) for part in names(text)]
    if not found or any(not 0 < value <= 1 for value in found):
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed: above 0 to 1, as in 0.25,0.5,1")
    return found


def add_settings(part: argparse.ArgumentParser) -> None:
    """Add the settings file."""
    part.add_argument(
        "--settings", type=Path, metavar="FILE",
        help="settings file (default: the one named by FAULTLINE_SETTINGS, else faultline.toml)",
    )  # fmt: skip


def add_serve(part: argparse.ArgumentParser) -> None:
    """Add the settings file, and where scoring is done."""
    add_settings(part)
    add_engine(part, "score", section="detector.")


def add_engine(part: argparse.ArgumentParser, work: str, section: str | None = None) -> None:
    """Add in which processes, on which machines, work is done.

    Args:
        part: Of the command.
        work: That they do.
        section: Of the settings that hold where an option is not given; None: no setting does.
    """
    defaults = "0, with ray as many as it has CPUs", "workers", "one on this machine"
    if section is not None:
        keys = f"{section}workers", f"{section}engine", f"{section}ray_address"
        defaults = keys[0], keys[1], f"{keys[2]}, else {defaults[2]}"
    add = part.add_argument_group("where it is done").add_argument
    add("--workers", type=at_least(0), metavar="N",
        help=f"processes beside it that {work}; 0: it does (default: {defaults[0]})")  # fmt: skip
    add("--engine", choices=("workers", "ray"),
        help=f"its children, or processes of a Ray cluster (default: {defaults[1]})")  # fmt: skip
    add("--address", metavar="HOST:PORT", help=f"of that (default: {defaults[2]})")


def add_json(part: argparse.ArgumentParser) -> None:
    """Add the choice of JSON."""
    part.add_argument("--json", action="store_true", help="as JSON")
