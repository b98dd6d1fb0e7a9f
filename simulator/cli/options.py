"""Option values of the command line: each reads one text or says what is allowed."""

import argparse
import math
from collections.abc import Callable


def number_where(fits: Callable[[float], bool], allowed: str) -> Callable[[str], float]:
    """Return a reader of finite numbers for which ``fits`` holds."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and fits(value)):
            raise argparse.ArgumentTypeError(f"found {text!r}; allowed: {allowed}")
        return value

    return read


def whole_from(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range, both ends included."""
    top = "" if highest is None else f" to {highest}"
    allowed = f"a whole number from {lowest}{top}"

    def read(text: str) -> int:
        value = int(text) if text.isdecimal() else lowest - 1
        if value < lowest or (highest is not None and value > highest):
            raise argparse.ArgumentTypeError(f"found {text!r}; allowed: {allowed}")
        return value

    return read


def device(text: str) -> str:
    """Read a device name, one level of an MQTT topic."""
    if not text.strip() or set(text) & set("+#/\0"):
        raise argparse.ArgumentTypeError(f"found {text!r}; allowed: a name without + # /")
    return text


def names(text: str) -> list[str]:
    """Read a comma-separated list of names."""
    return [name.strip() for name in text.split(",") if name.strip()]


def speeds(text: str) -> tuple[float, ...]:
    """Read a speed, or the lowest and the highest: ``600`` or ``400:1500``, 1/min."""
    found = tuple(positive(part) for part in text.split(":"))
    if len(found) > 2 or list(found) != sorted(set(found)):
        raise argparse.ArgumentTypeError(f"found {text!r}; allowed: RPM, or LOWEST:HIGHEST")
    return found


positive = number_where(lambda value: value > 0, "a number above 0")
not_negative = number_where(lambda value: value >= 0, "a number of 0 or more")
share = number_where(lambda value: 0 <= value <= 1, "0 to 1")
