"""Kinds of front ends: a new one is a file, its plan in ``plans.py`` and a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from detector.frontends.contract import FrontEnd
from detector.frontends.plans import FrontEndPlan, WaveformPlan, WindowPlan
from detector.frontends.window import WindowFrontEnd


def _waveform(plan: WaveformPlan) -> FrontEnd:
    from detector.frontends.waveform import WaveformFrontEnd  # noqa: PLC0415 -- it needs scipy

    return WaveformFrontEnd(plan)


KINDS: dict[type[Any], Callable[[Any], FrontEnd]] = {
    WaveformPlan: _waveform,
    WindowPlan: WindowFrontEnd,
}


def front_end(plan: FrontEndPlan) -> FrontEnd:
    """The front end that a plan describes.

    Raises:
        BundleError: If its numbers do not go together.
    """
    return KINDS[type(plan)](plan)
