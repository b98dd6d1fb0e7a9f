"""Which channels a model can be learnt from, and why the others are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.errors import AdoptError
from detector.records import Values
from detector.sessions.files import RUNNING_COLUMNS, Recording
from detector.settings.sessions import SessionSettings

MOST_MISSING = 0.1  # share of samples that lie in holes too long to be filled
FEWEST_RISES = 10  # of a channel that only ever rises, to call it a counter
IS_SIGNAL = "says whether it runs, and is no feature"
TENTHS = 10
DRIFTS_SHARE = 0.5  # of a channel's variance that lies in the means of tenths of the stretch,
DRIFTS_ORDER = 0.9  # and how well these are in order, to say that it drifts
ROUNDING = 1e-6  # of its size; a channel that varies by less does not vary


@dataclass(frozen=True, slots=True)
class Channels:
    """Channels of a machine, sorted.

    Attributes:
        used: The F model features, in the order they came in.
        left_out: The others and why.
    """

    used: tuple[str, ...]
    left_out: dict[str, str]


def sort_channels(recordings: Sequence[Recording], device: str) -> Channels:
    """Look at every channel.

    Args:
        recordings: At least one, the same features in all.
        device: For the message.

    Raises:
        AdoptError: If none can be used.
    """
    used, left_out = [], {}
    for column, name in enumerate(recordings[0].samples.features):
        parts = [one.samples.values[:, column] for one in recordings]
        reason = missing(parts) if name in RUNNING_COLUMNS else unusable(parts)
        if reason is None and name in RUNNING_COLUMNS:
            reason = IS_SIGNAL
        if reason is not None:
            left_out[name] = reason
        else:
            used.append(name)
    return _refuse_none(Channels(tuple(used), left_out), device)


def without(channels: Channels, reasons: dict[str, str], device: str) -> Channels:
    """The same with some more left out.

    Raises:
        AdoptError: If none remains.
    """
    used = tuple(name for name in channels.used if name not in reasons)
    return _refuse_none(Channels(used, {**channels.left_out, **reasons}), device)


def _refuse_none(channels: Channels, device: str) -> Channels:
    if channels.used:
        return channels
    found = "; ".join(f"{name}: {reason}" for name, reason in channels.left_out.items())
    raise AdoptError(f"{device}: no channel to learn, found {found}; allowed: one that varies")


def unusable(parts: Sequence[Values]) -> str | None:
    """Why a channel cannot be learnt; None where it can.

    Args:
        parts: Shape (n,) each, one a session.
    """
    if reason := missing(parts):
        return reason
    known = [part[np.isfinite(part)].astype(np.float64) for part in parts]
    every = np.concatenate(known)
    if every.max() - every.min() <= ROUNDING * np.abs(every).max():
        return f"constant ({every[0]:g})"
    steps = np.concatenate([np.diff(part) for part in known])
    for sign, word in ((1, "rises"), (-1, "falls")):
        if (sign * steps >= 0).all() and np.count_nonzero(steps) >= FEWEST_RISES:
            return f"only {word}, as a counter does"
    return None


def drifting(sessions: Sequence[Values]) -> str | None:
    """Why a channel's range cannot be known yet; None where it can.

    A machine that warms up goes on to values that no model of its first minutes has seen.

    Args:
        sessions: Shape (n,) each, its running in order of time, nothing missing.
    """
    every = np.concatenate(sessions).astype(np.float64)
    if len(every) < TENTHS * FEWEST_RISES:
        return None
    tenths = np.array([part.mean() for part in np.array_split(every, TENTHS)])
    share = tenths.var() / every.var() if every.var() > 0 else 0.0
    order = float(np.corrcoef(np.argsort(np.argsort(tenths)), np.arange(TENTHS))[0, 1])
    if share < DRIFTS_SHARE or abs(order) < DRIFTS_ORDER:
        return None
    return f"still drifting, from {tenths[0]:.4g} to {tenths[-1]:.4g}; a longer stretch may tell"


def missing(parts: Sequence[Values]) -> str | None:
    """Why a channel is missing too often; None where it is not.

    Args:
        parts: Shape (n,) each, one a session.
    """
    samples = sum(len(part) for part in parts)
    share = sum(int(_in_long_holes(part).sum()) for part in parts) / max(samples, 1)
    return f"missing in {share:.0%} of the samples" if share > MOST_MISSING else None


def _in_long_holes(part: Values) -> npt.NDArray[np.bool_]:
    """Shape (n,), where a hole is longer than may be filled."""
    gone = ~np.isfinite(part)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], gone, [False]]).astype(np.int8)))
    long = np.zeros(len(part), np.bool_)
    for first, end in edges.reshape(-1, 2).tolist():
        long[first:end] = end - first > SessionSettings().max_hole
    return long
