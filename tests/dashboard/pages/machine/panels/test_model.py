"""What the quiet line says of a device's model."""

from __future__ import annotations

from dashboard.pages.panels.model import details, line
from detector.records import ModelCard
from detector.store.commissionings import Commissioning

CARD = ModelCard("motor-600rpm", "lstm_ae", 60, 0.01, ("a",), ("g",), (0.0,), (1.0,),
                 "threshold max of 900 held-out windows", trained_h=2.5)  # fmt: skip
BY_KIM = Commissioning("m", 1, None, "Kim", 1_772_366_400.0, "was in a hurry")


def test_the_line_says_the_data_and_who_stands_for_it():
    """And what is provisional, or not commissioned."""
    assert line(CARD, None) == "motor-600rpm · trained on 2 h 30 min of data · not commissioned"
    said = line(ModelCard(*_fields(), provisional=True), BY_KIM)
    assert "provisional: learnt by itself" in said
    assert "commissioned by Kim, " in said


def test_the_details_leave_out_what_is_not_known():
    """No row without a value."""
    known = dict(details(CARD, BY_KIM, 1.25, 1_772_366_400.0, None))
    assert known["Threshold in force (score)"] == "1.25"
    assert known["How the threshold was found"].startswith("threshold max")
    assert known["Why in spite of a warning"] == "was in a hurry"
    assert known["File of the model"].startswith("file of ")
    assert "File of the model" not in dict(details(CARD, None, 1.0, None, None))


def _fields():
    return (CARD.name, CARD.network, CARD.window, CARD.sampling_period_s, CARD.features,
            CARD.units, CARD.mse_log_centre, CARD.mse_log_gain)  # fmt: skip
