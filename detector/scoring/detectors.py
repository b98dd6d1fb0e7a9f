"""What scores a window: a network, or a reference without one, on samples or on window features.

All are one thing to the rest: windows in scaled units go in, the terms of each of K columns and
the newest reconstructed sample come out. No window's result depends on the rest of its batch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detector.normal.terms import Terms
from detector.records import Values
from detector.references.contract import Measuring, Reconstructing, Reference
from detector.scoring.runtimes.carried import Carrier
from detector.scoring.runtimes.contract import CarryingReconstructor, Reconstructor
from detector.scoring.score import EVERY, Array, distance_terms, residual_terms, window_terms
from detector.sessions.representation import ColumnScaling, WindowFeatures
from detector.sessions.windows import flatness


@dataclass(frozen=True, slots=True)
class Scored:
    """What is kept of B windows.

    Attributes:
        terms: Of K columns, see ``Terms``.
        newest: Shape (B, F), the reconstruction of each window's last sample, scaled units; NaN
            where the detector reconstructs none.
        mse: Shape (B,), mean squared residual over samples and features.
    """

    terms: Terms
    newest: Values
    mse: Array

    def part(self, start: int, end: int) -> Scored:
        """The windows ``start`` to ``end``."""
        return Scored(self.terms.part(start, end), self.newest[start:end], self.mse[start:end])


class Detector(Protocol):
    """Something that scores windows."""

    @property
    def groups(self) -> tuple[int, ...]:
        """For each of the K columns the feature it comes from, ``EVERY`` for all of them."""

    @property
    def carrier(self) -> Carrier | None:
        """Gives the codes of a session's windows; None: each window is seen alone."""

    def examine(self, windows: npt.NDArray[np.float32], codes: Values | None = None) -> Scored:
        """Score windows of shape (B, L, F) in scaled units; ``codes`` (B, C) of a ``carrier``."""


@dataclass(frozen=True, slots=True)
class ByNetwork:
    """A network, on whichever runtime."""

    network: Reconstructor
    features: int
    carrier: Carrier | None = None

    @property
    def groups(self) -> tuple[int, ...]:
        """Every feature is a column."""
        return tuple(range(self.features))

    def examine(self, windows: npt.NDArray[np.float32], codes: Values | None = None) -> Scored:
        """See ``Detector``."""
        if codes is not None and self.carrier is not None:
            reconstruction, residual = self.carrier.network.examine_coded(codes, windows)
        else:
            reconstruction, residual = self.network.examine(windows)
        terms = window_terms(residual, windows)
        return Scored(terms, reconstruction[:, -1].copy(), terms.mse)


@dataclass(frozen=True, slots=True)
class ByReconstruction:
    """A reference that reconstructs."""

    reference: Reconstructing
    carrier: None = None

    @property
    def groups(self) -> tuple[int, ...]:
        """Every feature is a column."""
        return tuple(range(self.reference.shape[1]))

    def examine(self, windows: npt.NDArray[np.float32], codes: Values | None = None) -> Scored:
        """See ``Detector``."""
        del codes
        found = self.reference.reconstruct(windows)
        terms = window_terms(found.residual, windows)
        return Scored(terms, found.reconstruction[:, -1].copy(), terms.mse)


@dataclass(frozen=True, slots=True)
class WithSignal:
    """A detector that reconstructs, and beside its residual the signal itself.

    What a model reconstructs well although it is wrong, such as a level that drifts or more of the
    usual vibration, leaves a small residual; in the signal it shows.

    Attributes:
        inner: The detector.
        scaling: Of the windows it was fitted to, so that held-out blocks are held out here too.
    """

    inner: Detector
    scaling: ColumnScaling

    @property
    def groups(self) -> tuple[int, ...]:
        """The columns of the residual, then every feature."""
        return (*self.inner.groups, *self.inner.groups)

    @property
    def carrier(self) -> Carrier | None:
        """Of the detector."""
        return self.inner.carrier

    def examine(self, windows: npt.NDArray[np.float32], codes: Values | None = None) -> Scored:
        """See ``Detector``."""
        found = self.inner.examine(windows, codes)
        own = residual_terms(self.scaling.apply(windows), found.terms.flat)
        return replace(found, terms=found.terms.beside(own))


@dataclass(frozen=True, slots=True)
class ByDistance:
    """A reference that measures one distance per window."""

    reference: Measuring
    carrier: None = None

    @property
    def groups(self) -> tuple[int, ...]:
        """One column, of all features."""
        return (EVERY,)

    def examine(self, windows: npt.NDArray[np.float32], codes: Values | None = None) -> Scored:
        """See ``Detector``."""
        del codes
        terms = distance_terms(self.reference.distance(windows), windows)
        nothing = np.full((len(windows), windows.shape[2]), np.nan, np.float32)
        return Scored(terms, nothing, terms.mse)


@dataclass(frozen=True, slots=True)
class OnFeatures:
    """Another detector that sees window features; there is no sample to reconstruct.

    A network that carries its state starts afresh in each window: segments are not samples.
    """

    represented: WindowFeatures
    scaling: ColumnScaling
    inner: Detector
    carrier: None = None

    @property
    def groups(self) -> tuple[int, ...]:
        """The raw feature of each column."""
        own = self.represented.groups
        return tuple(EVERY if column == EVERY else own[column] for column in self.inner.groups)

    def examine(self, windows: npt.NDArray[np.float32], codes: Values | None = None) -> Scored:
        """See ``Detector``."""
        del codes
        seen = self.scaling.apply(self.represented.represent(windows))
        nothing = np.full((len(windows), windows.shape[2]), np.nan, np.float32)
        terms = self.inner.examine(seen).terms
        return Scored(replace(terms, flat=flatness(windows)), nothing, terms.mse)


def residual_only(detector: Detector) -> Detector:
    """The same detector without the signal beside its residual."""
    return detector.inner if isinstance(detector, WithSignal) else detector


def detector_for(
    model: Reconstructor | Reference,
    width: int,
    represented: WindowFeatures | None = None,
    columns: ColumnScaling | None = None,
    *,
    signal: ColumnScaling | None = None,
) -> Detector:
    """What scores windows with a model.

    Args:
        model: Network or reference.
        width: Columns it takes: features, or window features.
        represented: The window features it sees; None: samples.
        columns: Their second scaling.
        signal: Of the samples fitted to: these are judged beside the residual, if there is one.
    """
    inner = _plain(model, width)
    if represented is not None and columns is not None:
        return OnFeatures(represented, columns, inner)
    if signal is None or isinstance(inner, ByDistance):
        return inner
    return WithSignal(inner, signal)


def _plain(model: Reconstructor | Reference, width: int) -> Detector:
    if isinstance(model, CarryingReconstructor):
        return ByNetwork(model, width, Carrier(model))
    if isinstance(model, Reconstructing):
        return ByReconstruction(model)
    if isinstance(model, Measuring):
        return ByDistance(model)
    assert not isinstance(model, Reference), model
    return ByNetwork(model, width)
