"""A stretch of an unknown device to a small calibrated model: principal components or |z|.

Components are judged with the signal itself beside their residual, which is |z|. Trying both on
each device would take ten times as long and find no more: average precision on injected faults,
twelve machines of a kind, is .651 for |z| and .649 for components on motors, .663 and .691 on
pumps, .516 and .515 on compressors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from detector.errors import TrainingError
from detector.provisional.channels import too_little, unsettled
from detector.provisional.margins import widened
from detector.records import Flags, Samples, Values
from detector.scoring.bundle import Bundle
from detector.sessions.files import RUNNING_COLUMNS, Recording
from detector.sessions.segments import median_period
from detector.sessions.window_length import default_window
from detector.settings.devices import RunningSignal
from detector.training.data.dataset import Dataset, dataset_of
from detector.training.data.prepare import Preparation, prepare
from detector.training.fitting.network import Recipe
from detector.training.fitting.plan import TrainOptions
from detector.training.train import train

WIDEST = 600  # values of a window whose components are found in a fraction of a second
SHORTEST, LONGEST = 20, 60  # samples of a window
APART = 30  # windows side by side that the longest session should hold
FEWEST = 240  # samples in a row
ENOUGH = 0.7  # of the running asked for; what settles at its start is not counted
SEED = 0


class NotYetError(TrainingError):
    """More of the device must be heard before anything can be learnt.

    Attributes:
        more_s: Seconds of running that are missing, about.
    """

    def __init__(self, reason: str, more_s: float) -> None:
        super().__init__(reason)
        self.more_s = more_s


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model and what it was made of.

    Attributes:
        bundle: Calibrated, with the margins of few data.
        running_s: Seconds of running that it rests on.
        left_out: Channels it does not look at, with the reason.
    """

    bundle: Bundle
    running_s: float
    left_out: dict[str, str]


def learn(
    recorded: Sequence[Samples], running: RunningSignal | None, needed_s: float, name: str
) -> Learnt:
    """Learn what is normal of a device.

    Args:
        recorded: What it sent, in order, without great gaps inside each; the same features.
        running: Its running signal, where the settings name one; None: found if there is one.
        needed_s: Seconds of running asked for.
        name: Of the bundle.

    Raises:
        NotYetError: If it ran for too short a time, or no channel has settled.
        TrainingError: If it cannot be learnt from.
    """
    recorded = [samples for samples in recorded if median_period(samples.ts) is not None]
    if not recorded:
        raise NotYetError("fewer than 2 samples are stored", needed_s)
    features, values = recorded[0].features, np.concatenate([s.values for s in recorded])
    signals = {*RUNNING_COLUMNS, *([running.feature] if running else [])}
    left_out = {n: why for n, why in too_little(values, features).items() if n not in signals}
    kept = [name for name in features if name not in {*left_out, *signals}]
    ready = _Ready.of(recorded, kept, running, needed_s, left_out)
    ready.refuse_too_short(needed_s)
    left_out |= unsettled(ready.sessions, ready.judged, kept)
    kept = [name for name in kept if name not in left_out]
    ready = _Ready.of(recorded, kept, running, needed_s, left_out)
    return Learnt(_trained(ready, name), ready.running_s, left_out)


@dataclass(frozen=True, slots=True)
class _Ready:
    """Sessions with the flags of their judged samples."""

    dataset: Dataset
    window: int
    judged: list[Flags]

    @classmethod
    def of(
        cls,
        recorded: Sequence[Samples],
        features: Sequence[str],
        running: RunningSignal | None,
        needed_s: float,
        left_out: dict[str, str],
    ) -> _Ready:
        if not features:
            why = ", ".join(f"{name} {reason}" for name, reason in sorted(left_out.items()))
            raise NotYetError(f"no channel to learn from: {why or 'none'}", needed_s)
        dataset = _dataset(recorded, features, running, needed_s)
        window = _window(dataset)
        gate = dataset.signal is None
        found = prepare(dataset, Preparation(window=window, level_gate=gate))
        kept = [session for session in dataset.sessions if len(session.ts) >= window]
        return cls(replace(dataset, sessions=tuple(kept)), window, found.judged)

    @property
    def sessions(self) -> list[Values]:
        return [session.values for session in self.dataset.sessions]

    @property
    def running_s(self) -> float:
        return float(sum(map(np.count_nonzero, self.judged)) * self.dataset.sampling_period_s)

    def refuse_too_short(self, needed_s: float) -> None:
        """Refuse to learn from less running than asked for."""
        if self.running_s < ENOUGH * needed_s:
            found = f"{self.running_s / 60:.0f} of {needed_s / 60:.0f} minutes of running"
            raise NotYetError(found, needed_s - self.running_s)


def _dataset(
    recorded: Sequence[Samples],
    features: Sequence[str],
    running: RunningSignal | None,
    needed_s: float,
) -> Dataset:
    signals = [*RUNNING_COLUMNS, *([running.feature] if running else [])]
    wanted = dict.fromkeys([*features, *(n for n in signals if n in recorded[0].features)])
    cut = [
        Recording(f"stretch {number}", samples.with_features(tuple(wanted)), None)
        for number, samples in enumerate(recorded, 1)
    ]
    cut = [one for one in cut if np.isfinite(one.samples.values).any(axis=0).all()]
    if not cut:
        raise NotYetError("its channels never came together", needed_s)
    try:
        return dataset_of(cut, features=features, running=running)
    except TrainingError as error:  # it never turned, or its rate changed
        raise NotYetError(str(error), needed_s) from None


def _window(dataset: Dataset) -> int:
    """Short enough for the stretch to hold many that do not overlap."""
    values = [session.values for session in dataset.sessions]
    longest = max(len(session) for session in values)
    if longest < FEWEST:
        raise NotYetError(
            f"{longest} samples in a row, allowed: at least {FEWEST}",
            FEWEST * dataset.sampling_period_s,
        )
    wished, _ = default_window(values, dataset.sampling_period_s)
    return min(max(min(wished, longest // APART), SHORTEST), LONGEST)


def _trained(ready: _Ready, name: str) -> Bundle:
    gate = ready.dataset.signal is None
    is_small = ready.window * len(ready.dataset.features) <= WIDEST
    options = TrainOptions(
        recipe=Recipe(name="pca" if is_small else "zscore", device="cpu"),
        preparation=Preparation(window=ready.window, level_gate=gate),
        hold_out="block",
        seed=SEED,
    )
    bundle = train(ready.dataset, options, name, has_rows_beside=False)
    document = bundle.document
    apart = document.calibration.windows / ready.window
    calibration = msgspec.structs.replace(
        document.calibration, method=f"{document.calibration.method} with provisional margins"
    )
    return Bundle(name, msgspec.structs.replace(
        document, score=widened(document.score, apart), calibration=calibration
    ), bundle.model)  # fmt: skip
