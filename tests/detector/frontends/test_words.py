"""What a column says in words."""

from __future__ import annotations

import pytest

from detector.causes import Cause
from detector.frontends.words import in_words, saying
from tests.detector.frontends.test_window import PLAN, front_end


@pytest.mark.parametrize(
    ("column", "away", "unit", "words"),
    [
        (
            "acc_z.order2",
            12.3,
            "dB",
            "acc_z: vibration at 2 times the speed, 12 dB over its normal",
        ),
        (
            "acc_z.order0.5",
            3.21,
            "dB",
            "acc_z: vibration at half the speed, 3.2 dB over its normal",
        ),
        ("x.y.order1", 9, "dB", "x.y: vibration at the speed itself, 9 dB over its normal"),
        ("x.rms", -6.4, "dB", "x: vibration, 6.4 dB under its normal"),
        ("x.mean", 0.123, "g", "x: level, 0.12 g over its normal"),
        ("x.repeats", 0.25, "", "x: repeated samples, 0.25 over its normal"),
        ("x.envelope3", 5, "dB", "x: envelope3, 5 dB over its normal"),
    ],
)
def test_a_cause_is_a_sentence(column, away, unit, words):
    """Feature, what it is, how far from normal; an unknown kind keeps its name."""
    assert in_words(Cause(column, 0.5, away, unit)) == words


def test_every_column_of_the_window_kind_has_words():
    """None is called by its kind alone."""
    front = front_end(PLAN)
    kinds = {name.removeprefix("x.") for name in front.columns if name.startswith("x.")}
    assert all(saying(kind) != kind for kind in kinds)
