"""Peaks over threshold: how high normal scores reach, beyond any that were seen. NumPy only.

Raw scores of overlapping windows come in clumps, and their tail is heavier than any the method
can fit: on them it gave thresholds 20 times off. So it sees logarithms of block maxima, and the
shape of the tail is kept within what such maxima show.

Source: Siffer et al., Anomaly detection in streams with extreme value theory, KDD 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError

Array = npt.NDArray[np.float64]

SECONDS_PER_DAY = 86_400.0
BLOCK_S = 10.0  # seconds of one maximum
FEWEST_BLOCKS = 120  # 20 minutes, of which 30 blocks are the tail
TAIL = 0.25  # share of the blocks that is the tail
SHAPES = np.linspace(-0.5, 0.1, 61)  # of the generalised Pareto distribution
TINY = 1e-12
HALVINGS = 60  # of the bracket around a scale


def block_maxima(runs: Sequence[npt.NDArray[np.floating]], period_s: float) -> Array:
    """Largest score of every whole block of 10 s.

    Args:
        runs: Shape (n,) each, scores of stretches without gaps; NaN is not judged.
        period_s: Seconds between scores, > 0.

    Returns:
        Shape (blocks,); a block of which less than half is judged is left out.
    """
    length = max(round(BLOCK_S / period_s), 1)
    whole = [run[: len(run) // length * length].reshape(-1, length) for run in runs]
    blocks = np.concatenate([np.empty((0, length)), *whole])
    blocks = blocks[np.isfinite(blocks).mean(axis=1) >= 0.5]
    return np.asarray(np.where(np.isfinite(blocks), blocks, -np.inf).max(axis=1))


def pot_threshold(maxima: Array, alarms_per_day: float) -> float:
    """Place the threshold where normal blocks reach it ``alarms_per_day`` times.

    Args:
        maxima: Shape (blocks,), see ``block_maxima``, >= 0.
        alarms_per_day: > 0, less than the tail has blocks in a day (2160).

    Returns:
        Threshold in the unit of ``maxima``.

    Raises:
        TrainingError: If there are too few blocks, or their tail has no spread.
    """
    if len(maxima) < FEWEST_BLOCKS:
        raise TrainingError(
            f"threshold pot: {len(maxima)} blocks of {BLOCK_S:g} s of held-out normal data, "
            f"allowed: at least {FEWEST_BLOCKS} ({FEWEST_BLOCKS * BLOCK_S / 60:g} minutes)"
        )
    logs = np.log(np.maximum(maxima, TINY))
    level = float(np.quantile(logs, 1 - TAIL))
    excess = logs[logs > level] - level
    if len(excess) < 2 or excess.max() <= TINY:
        raise TrainingError(
            "threshold pot: the largest blocks have all the same score, allowed: a spread"
        )
    shape, scale = fit_tail(excess)
    share = len(excess) / len(logs)
    rarity = share * SECONDS_PER_DAY / BLOCK_S / alarms_per_day  # tail blocks per alarm
    return math.exp(level + _beyond(rarity, shape, scale))


def fit_tail(excess: Array) -> tuple[float, float]:
    """Shape and scale of the generalised Pareto distribution that fits best.

    The likelihood is maximised over the allowed shapes, each with its own best scale; a shape
    clipped after a free fit would keep the scale of another.

    Args:
        excess: Shape (n,), > 0.
    """
    scales = _scales(excess)
    stretched = 1 + SHAPES[:, None] * excess / scales[:, None]  # (shapes, n)
    flat = np.abs(SHAPES) < TINY
    power = np.where(flat, 1.0, 1 + 1 / np.where(flat, 1.0, SHAPES))
    spent = np.where(
        flat, excess.sum() / scales, power * np.log(np.maximum(stretched, TINY)).sum(axis=1)
    )
    best = int(np.argmax(-len(excess) * np.log(scales) - spent))
    return float(SHAPES[best]), float(scales[best])


def _scales(excess: Array) -> Array:
    """The scale at which the likelihood of each shape is highest, by halving a bracket.

    There (1 + shape) · mean(x / (scale + shape · x)) = 1, and the left side falls as the scale
    grows.
    """
    largest = excess.max()
    low = np.maximum(-SHAPES * largest, 0) * (1 + 1e-9) + TINY
    high = np.full(len(SHAPES), 10 * largest)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        ratio = excess / (middle[:, None] + SHAPES[:, None] * excess)
        is_low = (1 + SHAPES) * ratio.mean(axis=1) > 1
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return np.asarray((low + high) / 2)


def _beyond(rarity: float, shape: float, scale: float) -> float:
    """How far above its level a tail reaches once in ``rarity`` excesses."""
    if abs(shape) < TINY:
        return scale * math.log(rarity)
    return scale * math.expm1(shape * math.log(rarity)) / shape
