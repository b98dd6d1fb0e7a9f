"""How the energy of a segment lies over frequency, and at multiples of a known speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ORDERS = (0.5, 1.0, 2.0, 3.0)  # half is looseness and rub, one unbalance, two misalignment
NYQUIST = 0.5  # turns per sample
WHOLE = np.arange(1.0, 7.0)  # orders that a healthy shaft may show
RIDGE = 1e-6  # of a tone's power: keeps equations solvable where two orders fold to one


def band_edges(length: int, bands: int) -> tuple[int, ...]:
    """First line of each band of a spectrum of ``length`` samples, and the end of the last.

    Bands are equally wide on a logarithmic axis as far as whole lines allow, and have at least
    one line each. Line 0, the mean, is in none.

    Args:
        length: Samples, at least ``2 * bands``.
        bands: >= 1.
    """
    last = length // 2
    edges = [1]
    for band in range(1, bands):
        edges.append(max(round((last + 1) ** (band / bands)), edges[-1] + 1))
    return (*edges, last + 1)


def band_energies(centred: Array, edges: Sequence[int]) -> Array:
    """Mean square of segments in each band.

    Args:
        centred: Shape (..., n), segments without their mean.
        edges: See ``band_edges``.

    Returns:
        Shape (..., bands), in the signal's unit squared; a tone of amplitude a gives a²/2.
    """
    taper = _taper(centred.shape[-1])
    lines = np.fft.rfft(centred * taper, axis=-1)  # (..., n // 2 + 1)
    power = (lines.real**2 + lines.imag**2) * 2 / (centred.shape[-1] * (taper**2).sum())
    energies = np.add.reduceat(power, list(edges[:-1]), axis=-1)
    return np.asarray(energies)


def visible_orders(length: int, turns_per_sample: float | None) -> tuple[float, ...]:
    """The ``ORDERS`` below the Nyquist frequency that turn at least once in ``length`` samples.

    Args:
        length: Samples.
        turns_per_sample: Of the machine; None where its speed is not known.
    """
    if turns_per_sample is None:
        return ()
    return tuple(
        order
        for order in ORDERS
        if order * turns_per_sample < NYQUIST and order * turns_per_sample * length >= 1
    )


def order_amplitudes(
    centred: Array, orders: Sequence[float], turns_per_sample: float | None
) -> Array:
    """Amplitude at multiples of a speed, wherever they lie between the lines of a spectrum.

    Args:
        centred: Shape (..., n), segments without their mean.
        orders: See ``visible_orders``.
        turns_per_sample: Of the machine.

    Returns:
        Shape (..., orders), in the signal's unit.
    """
    if turns_per_sample is None or not orders:
        return np.empty((*centred.shape[:-1], 0))
    samples = np.arange(centred.shape[-1])
    angle = 2 * np.pi * turns_per_sample * np.outer(samples, orders)  # (n, orders)
    taper = _taper(len(samples))[:, None]
    weight = 2 / taper.sum()
    cosine = centred @ (np.cos(angle) * taper * weight)
    sine = centred @ (np.sin(angle) * taper * weight)
    return np.asarray(np.hypot(cosine, sine))


def tracked_amplitudes(centred: Array, orders: Array, turns: Array) -> Array:
    """Amplitude at multiples of a speed that may change within a segment.

    Args:
        centred: Shape (B, F, n), segments without their mean.
        orders: Shape (O,).
        turns: Shape (B, n), turns made at each sample since the segment began.

    Returns:
        Shape (B, F, O), in the signal's unit.
    """
    taper = _taper(centred.shape[-1])
    angle = 2 * np.pi * orders[:, None] * turns[:, None, :]  # (B, O, n)
    weight = taper * 2 / taper.sum()
    # Sums of one block alone: a product of matrices depends on how many there are.
    cosine = np.einsum("bfn,bon->bfo", centred, np.cos(angle) * weight)
    sine = np.einsum("bfn,bon->bfo", centred, np.sin(angle) * weight)
    return np.asarray(np.hypot(cosine, sine))


def without_orders(centred: Array, turns: Array) -> Array:
    """What is left of segments without the whole multiples of a speed, by least squares.

    The amplitude of each may rise or fall evenly within a segment, as it does while the speed
    changes. One above the Nyquist frequency is taken out where it folds to.

    Args:
        centred: Shape (B, F, n), segments without their mean.
        turns: Shape (B, n), turns made at each sample since the segment began.

    Returns:
        Shape (B, F, n), in the signal's unit.
    """
    tones = _tones(turns)
    gram = np.einsum("bpn,bqn->bpq", tones, tones) + RIDGE * turns.shape[1] * np.eye(4 * len(WHOLE))
    held = np.einsum("bpn,bfn->bpf", tones, centred)
    return np.asarray(centred - np.einsum("bpf,bpn->bfn", np.linalg.solve(gram, held), tones))


def _tones(turns: Array) -> Array:
    """Cosine and sine of each whole order, steady and growing from -1 to 1, (B, 4 · orders, n)."""
    angle = 2 * np.pi * WHOLE[:, None] * turns[:, None, :]  # (B, O, n)
    steady = np.stack([np.cos(angle), np.sin(angle)], axis=2)  # (B, O, 2, n)
    growing = steady * np.linspace(-1.0, 1.0, turns.shape[1])
    return np.concatenate([steady, growing], axis=2).reshape(len(turns), -1, turns.shape[1])


def _taper(length: int) -> Array:
    """Hann, without its zeros at both ends: a tone leaks into few lines only."""
    return np.asarray(np.hanning(length + 2)[1:-1])
