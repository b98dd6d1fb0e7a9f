"""What an undo of a tuning goes back to."""

from __future__ import annotations

from dashboard.pages.tuning.audit import newest, value_before
from detector.records import Command


def command(number, kind, value, outcome="applied"):
    """Asked for by somebody."""
    return Command(number, "press", kind, {kind: value}, "Ann", 0.0, 1.0, outcome)


def test_an_undo_goes_back_to_what_was_applied_before():
    """Of the same kind, whatever was refused; the first one goes back to the settings."""
    first, refused, delays, second = said = [
        command(1, "threshold", 1.2), command(2, "threshold", 1e9, "refused: too high"),
        command(3, "delays", {"k": 1}), command(4, "threshold", 1.5),
    ]  # fmt: skip
    said = said[::-1]
    assert newest(said, "threshold") == second
    assert value_before(said, second) == 1.2
    assert value_before(said, first) is None
    assert value_before(said, delays) is None
    assert newest([refused], "threshold") is None
