"""Which engine a detector scores with, by its settings."""

from __future__ import annotations

from detector.engines.contract import ScoringEngine
from detector.engines.fleet import Fleet
from detector.engines.streams import History
from detector.settings.tree import Settings
from detector.workers.processes import Processes
from detector.workers.spread import SpreadFleet


def engine_for(settings: Settings, history: History, thresholds: dict[str, float]) -> ScoringEngine:
    """The engine that ``[detector]`` asks for; arguments as of ``Fleet``."""
    wanted = settings.detector
    if not wanted.workers:
        return Fleet(settings, history, thresholds)
    return SpreadFleet(settings, history, thresholds, Processes(), wanted.workers)
