"""Units of an acceleration that a velocity can be told from."""

from __future__ import annotations

MM_S2 = {"g": 9806.65, "m/s²": 1000.0, "m/s2": 1000.0, "m/s^2": 1000.0, "mm/s²": 1.0}
