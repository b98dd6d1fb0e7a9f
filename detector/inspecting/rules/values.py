"""What the values of one feature say of its sensor: range, resolution, missing readings."""

from __future__ import annotations

import numpy as np

from detector.inspecting.measures.numbers import BLOCK, spread_out
from detector.inspecting.measures.seen import Column, Seen
from detector.inspecting.rules.contract import percent
from detector.records import Flags

CLIPPED_RUNS = 5  # times at the end of the range for at least two samples
PILED_UP = 3.0  # times as many samples at the end of the range as just before it
JUST_BEFORE = 0.1  # of the deviation, or a step of the sensor where that is more
STEPS_PER_SD = 2.0  # with fewer, the steps are a good part of what is seen
MOSTLY = 0.5  # missing
DIGITS = 100.0  # steps of float32 per deviation; with fewer, digits are lost
FILLERS = (-9999.0, -999.0, 999.0, 9999.0, 99999.0, 65535.0, 32767.0, -32768.0, -127.0)
FAR = 20.0  # deviations of the rest


def empty(column: Column, _: Seen) -> str | None:
    """No value at all."""
    if column.numbers.known:
        return None
    return (
        "no value in any row: the channel is dead or unplugged, training refuses it; leave it out"
    )


def mostly_missing(column: Column, _: Seen) -> str | None:
    """Fewer values than rows."""
    found = column.numbers
    share = found.missing / max(found.known + found.missing, 1)
    if not found.known or share <= MOSTLY or not column.is_signal:
        return None
    at = np.flatnonzero(np.isfinite(column.values[:BLOCK]))
    every = np.diff(at)
    told = f"{percent(share)} of the rows have no value"
    if len(every) and (every == every[0]).all():
        told += f", only every {every[0]}th has: it is sampled more slowly than the other features"
    return (
        f"{told}; such rows are in no window, so bring it to one rate with the rest or leave it out"
    )


def constant(column: Column, _: Seen) -> str | None:
    """One value only."""
    if column.numbers.levels != 1 or not column.is_signal:
        return None
    return (
        f"always {column.numbers.low:g}: the sensor is dead, disconnected or not configured; "
        "training refuses a constant, leave it out"
    )


def clipped(column: Column, _: Seen) -> str | None:
    """The signal stays at an end of its range again and again."""
    found = column.numbers
    if not column.varies or found.levels <= 3 or found.low is None or found.high is None:
        return None
    sides = [(found.high, 1.0)] + [(found.low, -1.0)] * (found.low != 0)  # 0 is a natural end
    told = [_clipped_at(column, end, side) for end, side in sides]
    ends = [one for one in told if one]
    if not ends:
        return None
    return f"clipped: {' and '.join(ends)}; widen the sensor's range, peaks beyond it are not seen"


def _clipped_at(column: Column, end: float, side: float) -> str | None:
    found = column.numbers
    width = max(JUST_BEFORE * (found.sd or 0.0), found.resolution or 0.0)
    at_end = column.values == np.float32(end)
    with np.errstate(invalid="ignore"):
        inside = end - side * np.float32(1.5 * width)
        near = (column.values >= inside) if side > 0 else (column.values <= inside)
    count, beside = int(at_end.sum()), int((near & ~at_end).sum())
    runs, longest = _runs(at_end)
    if runs < CLIPPED_RUNS or count < PILED_UP * beside:
        return None
    share = percent(count / found.known)
    return f"{share} of the samples are exactly {end:g}, in {runs} runs of up to {longest} samples"


def _runs(flags: Flags) -> tuple[int, int]:
    """How many runs of at least two, and the longest."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    lengths = edges[1::2] - edges[::2]
    return int((lengths >= 2).sum()), int(lengths.max(initial=0))


def quantised(column: Column, _: Seen) -> str | None:
    """The steps of the sensor are about as large as what it should show."""
    found = column.numbers
    if not column.varies or not found.sd or not found.resolution:
        return None
    if found.levels <= 3:
        return (
            f"only {found.levels} values: a state rather than a measurement; a switch that says "
            "whether the machine runs is named running, another one is better left out"
        )
    steps = found.sd / found.resolution
    if steps >= STEPS_PER_SD:
        return None
    return (
        f"coarse: it moves in steps of {found.resolution:.3g}, its deviation is only {steps:.2g} "
        "of them; choose a smaller range or a finer sensor, or use means over longer times"
    )


def offset(column: Column, _: Seen) -> str | None:
    """A level so large that float32 loses the digits of what moves on it."""
    found = column.numbers
    if not column.varies or not found.sd or found.mean is None:
        return None
    steps = found.sd / float(np.spacing(np.float32(abs(found.mean))))
    if steps >= DIGITS:
        return None
    return (
        f"its level of {found.mean:.6g} is {abs(found.mean) / found.sd:.2g} times its deviation; "
        f"samples are kept in float32, which leaves {steps:.2g} steps per deviation: take the "
        "level off before recording"
    )


def filler(column: Column, _: Seen) -> str | None:
    """A number that stands for a missing reading."""
    if not column.varies:
        return None
    ends = [end for end in FILLERS if end in (column.numbers.low, column.numbers.high)]
    some = column.values[spread_out(len(column.values), BLOCK)].astype(np.float64)
    for end in ends:
        rest = some[np.isfinite(some) & (some != end)]
        if len(rest) and abs(end - float(np.median(rest))) > FAR * float(rest.std()):
            count = int((column.values == np.float32(end)).sum())
            return (
                f"{count} samples are {end:g}, far from all others: it stands for a missing "
                "reading; make these cells empty, or they are taken for measurements"
            )
    return None
