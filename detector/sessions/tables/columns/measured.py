"""Cells that hold a number and its unit, such as ``1.5 bar``, as dashboards export what they show.

Only a unit that is the same in all of them is taken off: what changes its unit on the way, such as
from ``900 Pa`` to ``1.2 kPa``, would be off by a thousand.
"""

from __future__ import annotations

import re

import pandas as pd

_NUMBER = r"[+\-\u2212]?\d[\d.,'\u2019\u00a0\u202f]*(?:[eE][+-]?\d{1,3})?"
_LETTER = r"[^\W\d_]"  # of any alphabet: Ω and µ too
_UNIT = rf"(?:\s+(?:{_LETTER}|[%‰°])[\w%°/·^*²³.\-]{{0,15}}|\s*(?:%|‰|°{_LETTER}?))"
_MEASURED = re.compile(rf"\s*{_NUMBER}(?P<unit>{_UNIT})\s*")
LOOKED_AT = 200  # cells that tell the unit


def unit_of(cells: pd.Series) -> str:
    """The unit in cells that are no plain numbers; empty where they have none in common.

    Args:
        cells: Texts.
    """
    units: set[str] = set()
    for text in cells.iloc[:LOOKED_AT]:
        found = _MEASURED.fullmatch(text)
        if found is not None:
            units.add(found["unit"].strip())
    return units.pop() if len(units) == 1 else ""


def without_unit(cells: pd.Series, unit: str) -> pd.Series:
    """The same texts without the unit at the end of those that are measured in it."""
    is_measured = cells.str.fullmatch(_MEASURED) & cells.str.rstrip().str.endswith(unit)
    bare = cells.str.rstrip().str.removesuffix(unit)
    return cells.where(~is_measured, bare)
