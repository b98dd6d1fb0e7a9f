"""The pipeline benchmark: what it counts, and that it runs."""

from __future__ import annotations

import json

import pytest

from benchmarks.detection.faults import sessions
from benchmarks.lib.load import Load
from benchmarks.lib.meters import Onset, Raised, latencies_ms
from benchmarks.scale import small_model
from benchmarks.speed import pipeline
from simulator.recordings.catalogue import SEVERITIES


def test_every_device_has_one_or_two_faults_a_minute():
    """They begin after the warm-up and leave time for their alarms."""
    load = Load(100, 50.0, 25, 60.0, 10.0)
    onsets = {device: [] for device in range(load.devices)}
    for device, batch in load.faults():
        onsets[device].append(batch * load.batch_s - load.warm_up_s)

    assert {len(found) for found in onsets.values()} == {1, 2}
    assert all(1.0 <= onset <= 56.0 for found in onsets.values() for onset in found)


def test_alarms_are_matched_with_faults_however_late_they_arrive():
    """By sample time: an alarm that no fault explains is false, a fault without one is missed."""
    onsets = [Onset("a", 100.0, 100.5), Onset("a", 128.0, 128.5), Onset("b", 100.0, 100.6)]
    raised = [Raised("a", 128.1, 170.5), Raised("a", 100.0, 170.5), Raised("b", 90.0, 100.7)]

    found, false_alarms = latencies_ms(onsets, raised)

    assert found == pytest.approx([70_000.0, 42_000.0])
    assert false_alarms == 1


def test_a_short_run_loses_nothing_and_finds_every_fault(monkeypatch, capsys):
    """The whole benchmark on four devices, with a network that has hardly learnt."""
    plan = small_model.FitPlan(epochs=1, epoch_steps=5, min_steps=1)
    monkeypatch.setattr(small_model, "PLAN", plan)
    monkeypatch.setattr(small_model, "MINUTES", 0.25)

    options = "--devices 4 --seconds 5 --warm-up 1 --skip-naive --json"
    code = pipeline.main(options.split())

    run = json.loads(capsys.readouterr().out)["runs"]["batched"]
    assert (code, run["sent"], run["lost"]) == (0, 4 * 6 * 50, 0)
    assert (run["faults"], run["missed"]) == (4, 0)


def test_only_faults_that_reach_the_samples_are_asked_for():
    """Told apart at their own severity; a clock fault changes no value."""
    seen = sessions.in_samples(600, SEVERITIES)
    assert {("unbalance", 0.25), ("stuck", 1.0)} <= seen
    assert not {("clock", 1.0), ("gear", 1.0), ("misalignment_broadband", 0.5)} & seen
    assert "misalignment_broadband up to 0.75" in sessions.hidden(seen, SEVERITIES)
    assert "gear" in sessions.hidden(seen, SEVERITIES)
