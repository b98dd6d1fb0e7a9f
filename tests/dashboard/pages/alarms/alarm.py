"""An alarm made by hand."""

from __future__ import annotations

from detector.records import Alarm


def alarm(number, device="press", **shares):
    """Over, of the score, with what contributed."""
    return Alarm(number, device, "score", "cleared", 100.0, 110.0, 2.0, shares, "m", 1.0)
