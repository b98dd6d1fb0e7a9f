"""Raw waveforms kept for flight records and spectra, where a model stores columns alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from detector.flights.ring import Waveforms
from detector.frontends.cursors import orders_of
from detector.frontends.plans import WaveformPlan, beside
from detector.ingest.buffer import TakenBlock
from detector.records import is_backlog_label
from detector.scoring.bundle import Bundle
from detector.store.archive.waveforms import WaveformNote


def hear(
    waveforms: Waveforms | None,
    part: Iterable[TakenBlock],
    bundle_of: Callable[[str], Bundle | None],
) -> None:
    """Keep the samples of blocks of waveforms; a backlog is no newest one.

    Args:
        waveforms: Where they are kept; None: nowhere.
        part: As the scoring takes them.
        bundle_of: The model that judges a device.
    """
    if waveforms is None:
        return
    for block in part:
        plan = _plan_of(bundle_of(block.device))
        if plan is None or is_backlog_label(block.samples.session):
            continue
        about = _about(block.device, plan)
        columns = [block.samples.features.index(name) for name in about.features]
        waveforms.hear(about, block.samples.ts, block.samples.values[:, columns])


def _plan_of(bundle: Bundle | None) -> WaveformPlan | None:
    plan = None if bundle is None else bundle.document.front_end
    return plan if isinstance(plan, WaveformPlan) else None


@lru_cache(maxsize=1024)
def _about(device: str, plan: WaveformPlan) -> WaveformNote:
    more = beside(plan)
    return WaveformNote(
        device=device,
        features=(*plan.inputs, *more),
        inputs=plan.inputs,
        units=(*plan.units, *("1/min" if name == plan.speed else "" for name in more)),
        rate_hz=1 / plan.sampling_period_s,
        speed=plan.speed,
        rpm=plan.rpm,
        orders=orders_of(plan),
        envelope_hz=plan.envelope_hz,
        velocity_hz=plan.velocity_hz,
        machine_class=plan.machine_class,
    )
