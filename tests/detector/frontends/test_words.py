"""What a column says in words."""

from __future__ import annotations

import numpy as np
import pytest

from detector.frontends.causes import causes_of
from detector.frontends.words import called, saying
from tests.detector.frontends.test_window import PLAN, front_end


@pytest.mark.parametrize(
    ("column", "away", "words"),
    [
        ("x.order2", 12.3, "x: vibration at 2 times the speed, 12 dB over its normal"),
        ("x.order0.5", 3.21, "x: vibration at half the speed, 3.2 dB over its normal"),
        ("x.order1", 9, "x: vibration at the speed itself, 9 dB over its normal"),
        ("x.rms", -6.4, "x: vibration, 6.4 dB under its normal"),
        ("x.mean", 0.123, "x: level, 0.12 g over its normal"),
        ("x.repeats", 0.25, "x: repeated samples, 0.25 over its normal"),
    ],
)
def test_a_cause_is_a_sentence(column, away, words):
    """Feature, what it is, how far from normal; as a frame has it."""
    front = front_end(PLAN)
    shares = (np.array(front.columns) == column).astype(np.float32)
    scale = np.full(len(shares), 2.0)
    (cause,) = causes_of(front, shares, away / 2 * shares[None, :], scale)
    assert cause.words == words


def test_an_unknown_kind_keeps_its_name():
    """Rather than none at all."""
    assert called("x.envelope3") == "x: envelope3"


def test_every_column_of_the_window_kind_has_words():
    """None is called by its kind alone."""
    front = front_end(PLAN)
    kinds = {name.removeprefix("x.") for name in front.columns if name.startswith("x.")}
    assert all(saying(kind) != kind for kind in kinds)
