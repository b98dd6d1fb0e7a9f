"""What a column of a front end says, in words that an operator reads."""

from __future__ import annotations

import re
from collections.abc import Callable

from detector.causes import Cause

ORDERS = {"0.5": "at half the speed", "1": "at the speed itself"}
# what stands behind the dot of a column's name -> words; {0} is a number in it
SAYINGS: tuple[tuple[str, str], ...] = (
    (r"mean", "level"),
    (r"rms", "vibration"),
    (r"crest", "crests"),
    (r"kurtosis", "impulses (kurtosis)"),
    (r"band(\d+)", "vibration in band {0}"),
    (r"order([\d.]+)", "vibration {order}"),
    (r"repeats", "repeated samples"),
    (r"band_(\d+)_(\d+)", "vibration in {0}-{1} Hz"),
)


def called(column: str) -> str:
    """For example ``acc_z: vibration at 2 times the speed``."""
    name, _, kind = column.rpartition(".")
    # The number of an order has a dot of its own, as in ``acc_z.order0.5``.
    if (found := re.fullmatch(r"(.+?)\.(order\d+\.\d+)", column)) is not None:
        name, kind = found.groups()
    return f"{name}: {saying(kind)}"


def saying(kind: str) -> str:
    """What a kind of column is called; the kind itself where it is not known here."""
    for pattern, words in SAYINGS:
        if (found := re.fullmatch(pattern, kind)) is not None:
            numbers = found.groups()
            return words.format(*numbers, order=_order(*numbers) if "{order}" in words else "")
    return kind


def _order(number: str) -> str:
    return ORDERS.get(number, f"at {number} times the speed")


def away(cause: Cause) -> str:
    """How far it is from its normal, and on which side."""
    side = "over" if cause.away > 0 else "under"
    shown: Callable[[float], str] = "{:.0f}".format if abs(cause.away) >= 10 else "{:.2g}".format
    unit = f" {cause.unit}" if cause.unit else ""
    return f"{shown(abs(cause.away))}{unit} {side} its normal"
