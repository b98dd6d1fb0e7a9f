"""Columns that say something of the rows: which are faulty, and of which session each is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.errors import SessionFileError
from detector.records import Flags
from detector.text import inert
from detector.vocabulary import EMPTY_CELL, NORMAL

SHOWN = 3


class Labels:
    """A column of 0 and 1, or of words: ``normal``, ``ok``, ``healthy`` and the like are 0."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts: list[Flags] = []
        self._faults: Counter[str] = Counter()  # words

    def add(self, cells: pd.Series, where: str) -> None:
        """Take the next cells.

        Raises:
            SessionFileError: If one is below 0, as where -1 means anomalous, or perhaps normal.
        """
        if cells.dtype.kind in "biuf":
            levels = cells.to_numpy(np.float64, na_value=np.nan)
        else:
            levels = self._from_words(cells)
        if (levels < 0).any():
            raise SessionFileError(
                f"{where}: column {inert(self._name)}: found {levels[levels < 0][0]:g}; "
                "allowed: 0 for normal and 1 for a fault, or words"
            )
        with np.errstate(invalid="ignore"):
            self._parts.append(levels > 0.5)

    def _from_words(self, cells: pd.Series) -> npt.NDArray[np.float64]:
        codes, words = pd.factorize(cells.where(cells.notna(), "").astype(str))
        levels = np.array([_level(word) for word in words])
        often = np.bincount(codes, minlength=len(words))
        for word, level, count in zip(words, levels, often, strict=True):
            if level and not word.strip().replace(".", "").isdecimal():
                self._faults[word] += int(count)
        return np.asarray(levels[codes], np.float64)

    def flags(self) -> Flags:
        """Shape (n,), True where a fault is labelled."""
        return np.concatenate(self._parts)

    def note(self) -> str | None:
        """Which words are faults, a sentence; None: there are none."""
        if not self._faults:
            return None
        words = [f"{inert(word)[:40]!r}" for word, _ in self._faults.most_common(SHOWN)]
        more = f" and {len(self._faults) - SHOWN} more" if len(self._faults) > SHOWN else ""
        return f"{inert(self._name)}: read as faults: {', '.join(words)}{more}"


def _level(word: str) -> float:
    plain = word.strip().lower()
    if plain in NORMAL or plain in EMPTY_CELL:
        return 0.0
    try:
        return float(plain)
    except ValueError:
        return 1.0


class SessionNames:
    """A column that names each row's session, with words or numbers."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._parts: list[npt.NDArray[np.int32]] = []

    def add(self, cells: pd.Series) -> None:
        """Take the next cells."""
        codes, found = pd.factorize(cells, use_na_sentinel=False)
        places = [self._names.setdefault(_label(name), len(self._names)) for name in found]
        self._parts.append(np.array(places, np.int32)[codes])

    def names(self) -> list[str]:
        """Every session's, by its code."""
        return list(self._names)

    def codes(self) -> npt.NDArray[np.int32]:
        """Shape (n,), of the rows."""
        return np.concatenate(self._parts)


def _label(name: object) -> str:
    """Empty where a row names none; 3.0 is session 3."""
    if name is None or name is pd.NA or name != name:  # noqa: PLR0124
        return ""
    if isinstance(name, float) and name.is_integer():
        return str(int(name))
    return str(name).strip()
