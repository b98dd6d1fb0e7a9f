"""Where to look in a spectrum: the orders of a machine's parts."""

from __future__ import annotations

from detector.frontends.plans import WaveformPlan
from detector.frontends.waveform_words import PARTS
from detector.frontends.waveforms.bearings import bearing_named

SHAFT = (1, 2, 3)


def orders_of(plan: WaveformPlan) -> dict[str, float]:
    """Orders by name: the shaft's, those of the bearing and of the gear where they are known.

    Raises:
        BundleError: If the bearing of the plan is unknown.
    """
    found = {f"{order}x": float(order) for order in SHAFT}
    if plan.bearing is not None:
        bearing = bearing_named(plan.bearing)
        found |= {name: bearing.order(part) for part, name in PARTS.items()}
    if plan.teeth is not None:
        found["gear mesh"] = float(plan.teeth)
    return found
