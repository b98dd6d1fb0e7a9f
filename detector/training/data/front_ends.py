"""Sessions described by a front end: fitted to them, then their feature samples as sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np

from detector.errors import TrainingError
from detector.frontends.blocks import Blocks
from detector.frontends.contract import FrontEnd
from detector.frontends.plans import FrontEndPlan, WaveformPlan, WindowPlan
from detector.frontends.table import front_end
from detector.frontends.waveform_plan import BLOCK_S as WAVEFORM_BLOCK_S
from detector.frontends.waveform_plan import HOP_S as WAVEFORM_HOP_S
from detector.frontends.waveform_plan import Machine, plan_waveform
from detector.records import Values
from detector.scoring.rate import TOLERANCE
from detector.training.data.dataset import Dataset, TrainingSession

BLOCK_S, HOP_S = 1.0, 0.1
HIGHEST = 0.4  # turns per sample: a filter against aliases begins there
STEADY = 0.05  # share by which the speed of a machine that has one may differ
USUAL = {"window": (BLOCK_S, HOP_S), "waveform": (WAVEFORM_BLOCK_S, WAVEFORM_HOP_S)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEndChoice:
    """What is asked for; a plan is fitted to normal sessions by it.

    Attributes:
        kind: One of ``FITTED``.
        block_s: Seconds described at once.
        hop_s: Seconds from one block to the next.
        speed: Channel of the sessions with the speed in 1/min; None: none.
        rpm: Nominal speed where no channel has it; None: not known.
        bands: Of frequency; of ``window`` only.
        bearing: Its name or geometry; of ``waveform`` only, as are the others.
        teeth: Of the pinion on the shaft.
        machine_class: Of ISO 20816-3.
        conditions: Channels whose mean over each block says what is normal then.
    """

    kind: str = "window"
    block_s: float = BLOCK_S
    hop_s: float = HOP_S
    speed: str | None = None
    rpm: float | None = None
    bands: int = 5
    bearing: str | None = None
    teeth: int | None = None
    machine_class: str | None = None
    conditions: tuple[str, ...] = ()

    @property
    def beside(self) -> tuple[str, ...]:
        """Channels that are taken and not described."""
        speed = () if self.speed is None else (self.speed,)
        return tuple(dict.fromkeys([*speed, *self.conditions]))


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
    sessions = [
        _described(session, dataset.features, front, wanted.conditions)
        for session in dataset.sessions
    ]
    kept = tuple(session for session in sessions if len(session.ts))
    if not kept:
        longest = max(len(session.ts) for session in dataset.sessions)
        raise TrainingError(
            f"front end: the longest session has {longest} samples, allowed: at least a block, "
            f"{front.block}"
        )
    period_s = front.hop * front.sampling_period_s
    own = dict(zip(front.columns, front.units, strict=True))
    return Dataset(
        front.columns, period_s, dataset.signal, kept, own, front, wanted.conditions
    ), wanted


def beside(wanted: FrontEndChoice | FrontEndPlan | None) -> tuple[str, ...]:
    """Channels that a front end takes and does not describe."""
    if wanted is None:
        return ()
    return wanted.beside if isinstance(wanted, FrontEndChoice) else front_end(wanted).conditions


def _described(
    session: TrainingSession,
    features: tuple[str, ...],
    front: FrontEnd,
    conditions: tuple[str, ...],
) -> TrainingSession:
    """Its feature samples; those of blocks with another rate count as not running."""
    columns = [features.index(name) for name in (*front.inputs, *front.conditions)]
    found = Blocks(front).push(session.ts, session.values[:, columns], session.running)
    span_s = (front.block - 1) * front.sampling_period_s
    runs = found.runs & (np.abs(found.spans_s - span_s) <= TOLERANCE * span_s)
    given = found.conditions[:, [front.conditions.index(name) for name in conditions]]
    return TrainingSession(
        session.name, session.ts[found.at], found.columns, runs, given if conditions else None,
        session.machine,
    )  # fmt: skip


def _window(dataset: Dataset, wanted: FrontEndChoice, units: dict[str, str]) -> WindowPlan:
    """Blocks and hop in samples; centre and scale of the inputs while the machine runs."""
    inputs = tuple(name for name in dataset.features if name not in wanted.beside)
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
        conditions=wanted.conditions,
        rest=wanted.speed is not None or wanted.rpm is not None,
        highest=HIGHEST,
    )


def _waveform(dataset: Dataset, wanted: FrontEndChoice, units: dict[str, str]) -> WaveformPlan:
    """Fitted to the longest stretch of running; a burst shorter than a block is one."""
    inputs = tuple(name for name in dataset.features if name not in wanted.beside)
    columns = [dataset.features.index(name) for name in inputs]
    ran = [session.values[session.running] for session in dataset.sessions]
    longest = max(ran, key=len)
    length_s = max(len(session.ts) for session in dataset.sessions) * dataset.sampling_period_s
    known = Machine(
        speed=wanted.speed,
        rpm=_nominal(dataset, ran, wanted),
        bearing=wanted.bearing,
        teeth=wanted.teeth,
        machine_class=wanted.machine_class,
    )
    plan = plan_waveform(
        {name: units.get(name, "") for name in inputs},
        1 / dataset.sampling_period_s,
        longest[:, columns],
        known,
        block_s=min(wanted.block_s, length_s),
        hop_s=wanted.hop_s,
    )
    return msgspec.structs.replace(plan, conditions=wanted.conditions)


def _nominal(dataset: Dataset, ran: list[Values], wanted: FrontEndChoice) -> float | None:
    """The speed, where it is one."""
    if wanted.speed is None:
        return wanted.rpm
    column = dataset.features.index(wanted.speed)
    speeds = np.concatenate([values[:, column] for values in ran])
    if not len(speeds):
        return None
    low, rpm, high = np.percentile(speeds, [5, 50, 95]).tolist()
    return rpm if rpm > 0 and high - low <= 2 * STEADY * rpm else None


FITTED: dict[str, Callable[[Dataset, FrontEndChoice, dict[str, str]], FrontEndPlan]] = {
    "window": _window,
    "waveform": _waveform,
}
