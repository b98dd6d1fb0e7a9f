"""What the threshold's slider says a score means, of the shipped models."""

from __future__ import annotations

import pytest

from dashboard.pages.threshold import _meaning
from detector.scoring.bundle import load_bundle
from tests.support.serving import PROJECT


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("motor-600rpm", ""),
        ("motor-variable", " over 42 columns that describe the signal; of the signal itself"),
        ("motor-waveform", " over 99 columns that describe the signal; of the signal itself"),
    ],
)
def test_of_which_error_a_score_tells(model: str, said: str) -> None:
    """Behind a front end there is no error of the raw signal, whether samples are kept or not."""
    meaning = _meaning(1.0, load_bundle(PROJECT / "models" / model).card())

    assert meaning.startswith("Score **1.00** is a window MSE of **")
    assert said in meaning
    assert ("columns" in meaning) is bool(said)
