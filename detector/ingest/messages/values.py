"""Values as messages give them -> numbers, missing values, or words that are no channel."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.ingest.messages.contract import RefusedPayloadError
from detector.records import Values
from detector.vocabulary import NO_NUMBER, NO_VALUE, SWITCHES

MAX_FEATURES = 512
MAX_SAMPLES = 100_000  # of a message
MAX_CELLS = 1 << 20  # samples x features of a message; as many as its bytes can tell
MAX_NAME = 200  # characters of a feature name or a session label
MOST_SHOWN = 40  # characters
LONGEST_NUMBER = 64  # characters of a text that is read as a number
# Serial numbers such as 007 and 011316E1 are words: no leading zero, a sign in the exponent.
TEXT_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]\d{1,3})?", re.ASCII)
NUMBERS = frozenset({bool, int, float, type(None)})
_PLAIN = NUMBERS - {bool}


def shown(found: object) -> str:
    """A found value, short enough for one line."""
    if isinstance(found, list | dict):
        return "an array" if isinstance(found, list) else "an object"
    if isinstance(found, str | bytes):
        found = found[: MOST_SHOWN + 1]  # cut first: some are a megabyte
    try:
        text = "null" if found is None else repr(found)
    except ValueError:
        return "an integer of thousands of digits"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def as_text(found: object) -> str:
    """A value that names something, as text.

    Raises:
        RefusedPayloadError: If it is an integer that Python does not write out, or too deep.
    """
    try:
        return str(found)
    except (ValueError, RecursionError):
        line = f"name: found {shown(found)}, allowed: 1 to {MAX_NAME} printable characters"
        raise RefusedPayloadError("names", line) from None


def number(
    found: object, *, is_expected: bool = False, missing: Container[object] = ()
) -> float | None:
    """Read a value as a number.

    Args:
        found: As it stands in the message.
        is_expected: The channel is known to be one.
        missing: Values that mean none.

    Returns:
        The number, NaN where it is missing; None where the value is a word that is no number.
    """
    if isinstance(found, str):
        return _from_text(found.strip(), is_expected, missing)
    if found is None or found in missing:
        return math.nan
    if isinstance(found, bool | int | float):
        return _finite(found)
    return None


def numbers(column: Sequence[Any]) -> npt.NDArray[np.float64] | None:
    """As ``number`` of each, all at once; None where one is neither int, float nor null."""
    if not _PLAIN.issuperset(map(type, column)):
        return None
    try:
        found = np.array(column, dtype=np.float64)
    except OverflowError:  # beyond float64: ``number`` refuses it
        return None
    found[~np.isfinite(found)] = math.nan
    return found


def _finite(found: float) -> float:
    try:
        return float(found) if math.isfinite(found) else math.nan
    except OverflowError:
        line = "sample: found an integer beyond float64, allowed: up to 3.4e38 (float32)"
        raise RefusedPayloadError("non-finite", line) from None


def _from_text(text: str, is_expected: bool, missing: Container[object]) -> float | None:
    word = text.lower()
    if text in missing or word.lstrip("+-") in NO_NUMBER or (is_expected and word in NO_VALUE):
        return math.nan
    if word in SWITCHES:
        return SWITCHES[word]
    if len(text) > LONGEST_NUMBER or not TEXT_NUMBER.fullmatch(text):
        return None
    value = float(text)
    return math.nan if value in missing else value


def session_label(found: object) -> str | None:
    """Read a ``session``: text or a number; empty and null mean none.

    Raises:
        RefusedPayloadError: If it is of another type, too long or not printable.
    """
    if found is None:
        return None
    label = found
    if isinstance(found, int | float) and not isinstance(found, bool):
        is_short = not abs(found) >= 10**MAX_NAME
        label = str(int(found) if found % 1 == 0 else found) if is_short else None
    if not isinstance(label, str) or len(label) > MAX_NAME or not label.isprintable():
        raise RefusedPayloadError(
            "session",
            f"session: found {shown(found)}, allowed: a number or up to {MAX_NAME} printable "
            "characters, one per sample or message",
        )
    return label or None


@functools.lru_cache(maxsize=256)  # machines repeat themselves; refusals are not kept
def feature_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Check the names of a sample's features.

    Raises:
        RefusedPayloadError: If there are none or more than 512, or one is empty, longer than 200
            characters or not printable.
    """
    if not names:
        raise RefusedPayloadError(
            "empty", "sample: found no features, allowed: at least one number"
        )
    if len(names) > MAX_FEATURES:
        raise RefusedPayloadError(
            "names", f"sample: found {len(names)} features, allowed: up to {MAX_FEATURES}"
        )
    for name in names:
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise RefusedPayloadError(
                "names",
                f"feature name: found {shown(name)}, allowed: 1 to {MAX_NAME} printable characters",
            )
    return names


def matrix(
    names: tuple[str, ...], rows: Sequence[Sequence[object] | npt.NDArray[np.float64]]
) -> Values:
    """Numbers as float32; null becomes NaN, true 1 and false 0.

    Args:
        names: What each row of ``rows`` is called, for the refusal.
        rows: Shape (F, n), checked to be numbers or null.

    Returns:
        Shape (n, F).

    Raises:
        RefusedPayloadError: If a number is too large for float32.
    """
    try:
        exact = np.array(rows, dtype=np.float64)
    except OverflowError:
        line = "sample: found an integer beyond float64, allowed: up to 3.4e38 (float32)"
        raise RefusedPayloadError("non-finite", line) from None
    with np.errstate(over="ignore"):
        values = exact.T.astype(np.float32, order="C")
    infinite = np.isinf(values)
    if np.count_nonzero(infinite):
        at, column = (int(index) for index in np.argwhere(infinite)[0])
        raise RefusedPayloadError(
            "non-finite",
            f"{shown(names[column])}: found {exact[column, at]:g}, allowed: up to 3.4e38 (float32)",
        )
    return values


def checked_count(n: int, features: int = 1) -> int:
    """Refuse a message of no samples, of too many, or of a table that its bytes cannot fill."""
    if n == 0:
        raise RefusedPayloadError("empty", "payload: found no samples, allowed: at least one")
    if n > MAX_SAMPLES:
        raise RefusedPayloadError("samples", f"payload: {n} samples, allowed: up to {MAX_SAMPLES}")
    if n * features > MAX_CELLS:
        line = f"payload: {n} samples of {features} features, allowed: up to {MAX_CELLS} values"
        raise RefusedPayloadError("samples", line)
    return n
