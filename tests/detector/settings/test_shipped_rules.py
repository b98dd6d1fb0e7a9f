"""The rules that are there without a settings file."""

from __future__ import annotations

import pytest

from detector.scoring.bundle import load_bundle
from detector.settings.devices import SHIPPED_RULES
from detector.settings.tree import Settings
from simulator.demo.machines import build
from simulator.recordings.presets import PRESETS
from tests.support.serving import PROJECT

DEVICES = [*(f"{name}-1" for name in PRESETS), *(machine.name for machine in build(6, seed=7))]
MOST_BYTES = 350_000


@pytest.mark.parametrize("device", DEVICES)
def test_each_simulated_motor_is_judged_at_once(device: str) -> None:
    """Whatever preset it was made by, and those of the demo."""
    rule = Settings().rule_for(device)

    assert rule is not None
    assert rule.model is not None
    assert (PROJECT / rule.model / "bundle.json").is_file()


@pytest.mark.parametrize("rule", SHIPPED_RULES, ids=lambda rule: rule.match)
def test_a_shipped_model_is_small_and_loads(rule) -> None:
    """They travel with the project."""
    folder = PROJECT / rule.model
    size = sum(file.stat().st_size for file in folder.iterdir())

    assert size <= MOST_BYTES
    assert load_bundle(folder).name == folder.name
