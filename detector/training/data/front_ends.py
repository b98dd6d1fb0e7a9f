"""Sessions described by a front end: fitted to them, then their feature samples as sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from detector.errors import TrainingError
from detector.frontends.blocks import Blocks
from detector.frontends.contract import FrontEnd
from detector.frontends.plans import FrontEndPlan, WindowPlan
from detector.frontends.table import front_end
from detector.scoring.rate import TOLERANCE
from detector.training.data.dataset import Dataset, TrainingSession

BLOCK_S, HOP_S = 1.0, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEndChoice:
    """What is asked for; a plan is fitted to normal sessions by it.

    Attributes:
        kind: One of ``FITTED``.
        block_s: Seconds described at once.
        hop_s: Seconds from one block to the next.
        speed: Channel of the sessions with the speed in 1/min; None: none.
        rpm: Nominal speed where no channel has it; None: not known.
        bands: Of frequency.
    """

    kind: str = "window"
    block_s: float = BLOCK_S
    hop_s: float = HOP_S
    speed: str | None = None
    rpm: float | None = None
    bands: int = 5


def described(
    dataset: Dataset, wanted: FrontEndChoice | FrontEndPlan, units: dict[str, str]
) -> tuple[Dataset, FrontEndPlan]:
    """Sessions of feature samples.

    Args:
        dataset: Sessions of samples, the channels that the front end takes among their features.
        wanted: A plan, or what one is fitted by.
        units: Of the channels.

    Raises:
        TrainingError: If no plan can be fitted, or no session is as long as a block.
        BundleError: If the numbers of the plan do not go together.
    """
    if isinstance(wanted, FrontEndChoice):
        return described(dataset, FITTED[wanted.kind](dataset, wanted, units), units)
    front = front_end(wanted)
    sessions = [_described(session, dataset.features, front) for session in dataset.sessions]
    kept = tuple(session for session in sessions if len(session.ts))
    if not kept:
        longest = max(len(session.ts) for session in dataset.sessions)
        raise TrainingError(
            f"front end: the longest session has {longest} samples, allowed: at least a block, "
            f"{front.block}"
        )
    period_s = front.hop * front.sampling_period_s
    own = dict(zip(front.columns, front.units, strict=True))
    return Dataset(front.columns, period_s, dataset.signal, kept, own, front), wanted


def beside(wanted: FrontEndChoice | FrontEndPlan | None) -> tuple[str, ...]:
    """Channels that a front end takes and does not describe."""
    if wanted is None:
        return ()
    if isinstance(wanted, FrontEndChoice):
        return () if wanted.speed is None else (wanted.speed,)
    return front_end(wanted).conditions


def _described(
    session: TrainingSession, features: tuple[str, ...], front: FrontEnd
) -> TrainingSession:
    """Its feature samples; those of blocks with another rate count as not running."""
    columns = [features.index(name) for name in (*front.inputs, *front.conditions)]
    found = Blocks(front).push(session.ts, session.values[:, columns], session.running)
    span_s = (front.block - 1) * front.sampling_period_s
    runs = found.runs & (np.abs(found.spans_s - span_s) <= TOLERANCE * span_s)
    return replace(session, ts=session.ts[found.at], values=found.columns, running=runs)


def _window(dataset: Dataset, wanted: FrontEndChoice, units: dict[str, str]) -> WindowPlan:
    """Blocks and hop in samples; centre and scale of the inputs while the machine runs."""
    inputs = tuple(name for name in dataset.features if name != wanted.speed)
    columns = [dataset.features.index(name) for name in inputs]
    running = [s.values[s.running][:, columns] for s in dataset.sessions]
    seen = np.concatenate(running).astype(np.float64)
    if not len(seen):
        raise TrainingError("front end window: no sample in the judged states; check --running")
    scale = seen.std(axis=0)
    if flat := [name for name, s in zip(inputs, scale, strict=True) if not s > 0]:
        raise TrainingError(
            f"front end window: {', '.join(flat)} is constant while the machine runs and tells "
            "nothing; allowed: --features with those that change"
        )
    period_s = dataset.sampling_period_s
    return WindowPlan(
        inputs=inputs,
        units=tuple(units.get(name, "") for name in inputs),
        block=round(wanted.block_s / period_s),
        hop=max(round(wanted.hop_s / period_s), 1),
        sampling_period_s=period_s,
        centre=tuple(seen.mean(axis=0).tolist()),
        scale=tuple(scale.tolist()),
        bands=wanted.bands,
        speed=wanted.speed,
        rpm=None if wanted.speed is not None else wanted.rpm,
    )


FITTED: dict[str, Callable[[Dataset, FrontEndChoice, dict[str, str]], FrontEndPlan]] = {
    "window": _window,
}
