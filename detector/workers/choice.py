"""Which engine a detector scores with, by its settings."""

from __future__ import annotations

from detector.engines.contract import ScoringEngine
from detector.engines.fleet import Fleet
from detector.engines.streams import History
from detector.scoring.runtimes.choice import is_torch
from detector.settings.detector import DetectorSettings
from detector.settings.tree import Settings
from detector.tasks.choice import without_ray
from detector.workers.processes import Processes
from detector.workers.spread import SpreadFleet
from detector.workers.transport import Transport


def engine_for(settings: Settings, history: History, thresholds: dict[str, float]) -> ScoringEngine:
    """The engine that ``[detector]`` asks for; arguments as of ``Fleet``.

    Raises:
        SettingsError: If it cannot be used here.
    """
    wanted = settings.detector
    if not wanted.workers:
        return Fleet(settings, history, thresholds)
    return SpreadFleet(settings, history, thresholds, _transport(wanted), wanted.workers)


def _transport(wanted: DetectorSettings) -> Transport:
    on_torch = is_torch(wanted.runtime)
    if wanted.engine == "workers":
        return Processes(on_torch=on_torch)
    try:
        from detector.workers.ray_actors import RayActors  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise without_ray("detector.engine", error) from None
    return RayActors(wanted.ray_address, wanted.workers, on_torch=on_torch)
