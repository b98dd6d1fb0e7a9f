"""Named ways to record a machine, so that files, devices and models go by the same names."""

from typing import Any

from simulator.errors import SimulatorError

HF_HZ = 12_800.0
BURSTS = "2:10"

# Options of ``generate``; the device of a preset is named like ``motor-hf-600-1``.
PRESETS: dict[str, dict[str, Any]] = {
    "motor-600": {"rpm": (600.0,)},
    "motor-1200": {"rpm": (1200.0,)},
    "motor-hf-600": {"rpm": (600.0,), "rate": HF_HZ, "bearing": "6205", "bursts": BURSTS},
    "motor-hf-1200": {"rpm": (1200.0,), "rate": HF_HZ, "bearing": "6205", "bursts": BURSTS},
    "motor-vs-1500": {"rpm": (400.0, 1500.0), "channels": ("load", "temp_c")},
}


def preset_named(name: str) -> dict[str, Any]:
    """Look a preset up.

    Raises:
        SimulatorError: If there is none of that name.
    """
    if name not in PRESETS:
        raise SimulatorError(f"unknown preset {name!r}; allowed: {', '.join(PRESETS)}")
    return PRESETS[name]
