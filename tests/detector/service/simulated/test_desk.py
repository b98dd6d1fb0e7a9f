"""Requests for faults go from the store to the simulator, and each is told what came of it."""

from __future__ import annotations

import pytest

from detector.service.simulated.desk import SimulatorDesk
from detector.simulated_records import Simulated
from detector.store import commands
from detector.store.schema import open_store
from detector.store.told import facts


class Heard:
    """Simulators that note what they are asked."""

    def __init__(self):
        self.asked = []

    def here(self):
        """One machine."""
        return [Simulated("sim", 1.0, ("spike",), ("acc_x",))]

    def ask(self, device, request):
        """Only it is there."""
        self.asked.append(request)
        return device == "sim"


@pytest.mark.parametrize(
    ("device", "value", "outcome"),
    [
        ("sim", {"family": "spike", "severity": 0.5, "seconds": 4, "feature": None}, "applied"),
        ("other", {"family": "spike", "severity": 1, "seconds": 4}, "refused: other is not"),
        ("sim", {"severity": 1, "seconds": 4}, "refused: no family, allowed"),
        ("sim", {"family": "spike", "severity": 2, "seconds": 4}, "refused: severity 2, allowed"),
        ("sim", {"family": "spike", "severity": True, "seconds": 4}, "refused: severity True"),
        ("sim", {"family": "spike", "severity": 1, "seconds": 0}, "refused: seconds 0, allowed"),
        ("sim", {"family": "spike", "severity": 1, "seconds": 9, "feature": 3},
         "refused: feature 3"),
    ],
)  # fmt: skip
def test_a_request_is_handed_on_or_refused_in_one_line(tmp_path, device, value, outcome):
    """The audit log says which; what is heard is in the store."""
    store, heard = open_store(f"sqlite:///{tmp_path}/store.db"), Heard()
    with store.begin() as connection:
        number = commands.issue(connection, device, commands.FAULT, value, "Kim")
        left = commands.issue(connection, device, commands.RELOAD, {}, "Kim")
    SimulatorDesk(store, heard).step()
    with store.connect() as connection:
        assert commands.one(connection, number).outcome.startswith(outcome)
        assert commands.one(connection, left).outcome is None
        assert facts.simulated(connection)["sim"].families == ("spike",)
    wanted = {name: one for name, one in value.items() if one is not None}
    assert heard.asked == ([wanted] if "not" in outcome or outcome == "applied" else [])
    store.dispose()
