"""What a column of a waveform says of the machine, in words that an operator reads."""

from __future__ import annotations

import re

from detector.frontends import words
from detector.frontends.plans import WaveformPlan
from detector.frontends.waveforms.bearings import bearing_named

PARTS = {"outer": "outer race", "inner": "inner race", "ball": "ball", "cage": "cage"}
SHARED = r"all\.(outer|inner|ball|cage|impulses)_(\d+)_(\d+)"


def saying(column: str, plan: WaveformPlan) -> str:
    """What a column is called.

    Raises:
        BundleError: If the bearing of the plan is unknown.
    """
    found = re.fullmatch(SHARED, column)
    if found is None:
        return _of_input(column, plan)
    kind, low, high = found.groups()
    if kind == "impulses" or plan.bearing is None:
        return f"impulses in the envelope of {low}-{high} Hz"
    order = bearing_named(plan.bearing).order(kind)
    named = plan.bearing if "," not in plan.bearing else "the bearing"
    article = "a " if "," not in plan.bearing else ""
    return f"envelope at {order:.2f}x, {PARTS[kind]} of {article}{named} ({low}-{high} Hz)"


def _of_input(column: str, plan: WaveformPlan) -> str:
    """Of one input; numbers of a name may have dots of their own."""
    name = next((n for n in plan.inputs if column.startswith(f"{n}.")), None)
    if name is None:
        return column
    kind = column.removeprefix(f"{name}.")
    low, high = plan.velocity_hz
    high = min(high, 0.5 / plan.sampling_period_s)
    own = {
        "velocity_rms": f"velocity {low:g}-{high:g} Hz",
        "clipped": "samples at the end of the range",
        "gear_mesh": f"gear mesh at {plan.teeth}x",
        "gear_sidebands": f"sidebands of the gear mesh at {plan.teeth}x",
    }
    return f"{name}: {own.get(kind) or words.saying(kind)}"
