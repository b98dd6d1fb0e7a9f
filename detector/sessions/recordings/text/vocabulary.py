"""Words, in lower case, for nothing and for how a column was made."""

from __future__ import annotations

from detector.vocabulary import EMPTY_CELL

_BEYOND = """
inf +inf -inf infinity +infinity -infinity 1.#inf -1.#ind 1.#qnan overflow over ol o.l ++++ bad
error
"""
_KINDS = """
avg smp max min std tot med mean sample float float32 float64 single double real int int16 int32
int64 integer long string str text bool boolean datetime date/time numeric number
"""

MISSING = EMPTY_CELL | frozenset(_BEYOND.split())
KINDS = frozenset(_KINDS.split())
