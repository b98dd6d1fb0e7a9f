"""Lines of a bearing in the envelope of what a sensor reports.

Small impacts hardly raise the power of a band, but they come again and again: in the spectrum of
the band's envelope, over turns of the shaft, they stand out of their neighbourhood long before.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Array = NDArray[np.float64]

HARMONICS = 3
BLOCK_S = 2.0
OVERLAP = 2  # blocks that share each sample
DECISION_S = 5.0  # what is decided of one block after the other
STANDS_OUT = 5.0  # deviations of what chance makes of a healthy machine in that time
WIDTH, STEP = 2.0 ** (2 / 3), 2.0 ** (1 / 3)  # of a band, and from one to the next
BANDS, TOP, LOWEST_HZ = 6, 0.4, 300.0  # most bands, their upper end as share of the rate
CORE, GAP, AROUND = 1, 2, 16  # lines of a tone, then those left out, then those it is compared with


@dataclass(frozen=True)
class Reported:
    """What a sensor reports of a machine.

    Attributes:
        acc: Shape (n, 3), g.
        rpm: Shape (n,), 1/min.
        rate_hz: Samples a second.
    """

    acc: Array
    rpm: Array
    rate_hz: float


def bands_of(rate_hz: float) -> list[tuple[float, float]]:
    """Bands whose envelope is looked at, from the highest on; none of a slow sensor."""
    tops = [TOP * rate_hz / STEP**k for k in range(BANDS)]
    return [(top / WIDTH, top) for top in tops if top / WIDTH >= LOWEST_HZ]


def standing_out(healthy: Reported, fault: Reported, order: float) -> tuple[float, str]:
    """How far the lines of an order stand out in the band where they do most.

    Returns:
        Deviations of a healthy machine's decisions, and the band in words; 0 and an empty text
        where there is no band.
    """
    best, where = 0.0, ""
    for low, high in bands_of(healthy.rate_hz):
        usual, seen = (_ratios(one, (low, high), order) for one in (healthy, fault))
        spread = usual.std() / np.sqrt(DECISION_S / BLOCK_S)
        away = float((seen.mean() - usual.mean()) / max(spread, 1e-12))
        if away > best:
            best, where = away, f"{low:.0f}-{high:.0f} Hz"
    return best, where


def _ratios(reported: Reported, band: tuple[float, float], order: float) -> Array:
    """Power at an order and its harmonics over that beside it, one value a block."""
    envelope = _squared(reported, band)
    turns = np.cumsum(reported.rpm) / (60.0 * reported.rate_hz)
    length = round(BLOCK_S * reported.rate_hz)
    starts = range(0, len(turns) - length + 1, length // OVERLAP)
    return np.array(
        [_ratio(envelope[at : at + length], turns[at : at + length], order) for at in starts]
    )


def _squared(reported: Reported, band: tuple[float, float]) -> Array:
    """Squared envelope of a band, all axes together, shape (n,)."""
    sos = signal.butter(4, band, "bandpass", fs=reported.rate_hz, output="sos")
    passed = signal.sosfiltfilt(sos, reported.acc - reported.acc.mean(axis=0), axis=0)
    return np.asarray((np.abs(signal.hilbert(passed, axis=0)) ** 2).sum(axis=1))


def _ratio(envelope: Array, turns: Array, order: float) -> float:
    made = turns - turns[0]
    evenly = np.interp(np.linspace(0.0, made[-1], len(made)), made, envelope)
    power = np.abs(np.fft.rfft((evenly - evenly.mean()) * np.hanning(len(evenly)))) ** 2
    found = []
    for harmonic in range(1, HARMONICS + 1):
        at = round(harmonic * order * made[-1])
        away = np.abs(np.arange(len(power)) - at)
        beside = (away > CORE + GAP) & (away <= CORE + GAP + AROUND) & (np.arange(len(power)) > 1)
        found.append(power[away <= CORE].mean() / np.median(power[beside]))
    return float(np.mean(found))
