"""What is said of sound machines: of the simulated ones, and of a recorded pump."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detector.inspecting.describe import compare, describe
from detector.sessions.files import read_recordings
from simulator.cli.commands import run

RIG = Path(os.environ.get("FAULTLINE_DATA", "none")) / "skab"
TRUE_OF_100_HZ = {("bearing-tones", None)}


def generate(folder, *options):
    """What the simulator writes."""
    assert run(["generate", "--minutes", "3", "--out", str(folder), *options]) == 0
    return folder


def said_of(path):
    """Rules and features, over all recordings."""
    described = compare([describe(one) for one in read_recordings([path])])
    return {(advice.rule, advice.feature) for one in described for advice in one.advice}


@pytest.mark.parametrize("rpm", ["600", "1200"])
def test_nothing_false_is_said_of_a_healthy_motor(tmp_path, rpm):
    """At 100 Hz no bearing can be heard, which is true; nothing else is."""
    assert said_of(generate(tmp_path, "--rpm", rpm, "--sessions", "2")) == TRUE_OF_100_HZ


def test_a_coarse_sensor_is_told(tmp_path):
    """A healthy motor is about one step of an ADXL345."""
    found = said_of(generate(tmp_path, "--sensor", "adxl345", "--sessions", "1"))
    assert found == TRUE_OF_100_HZ | {("quantised", f"acc_{axis}") for axis in "xyz"}


@pytest.mark.parametrize("rpm", ["600", "1200"])
def test_a_missing_filter_is_told(tmp_path, rpm):
    """On the axes that the machine shakes most."""
    found = said_of(generate(tmp_path, "--rpm", rpm, "--no-filter", "--sessions", "1"))
    assert {("unfiltered", "acc_x"), ("unfiltered", "acc_y")} <= found


def test_a_sensor_that_hangs_is_told(tmp_path):
    """Beside the labels that say so."""
    found = said_of(generate(tmp_path, "--fault", "stuck", "--sessions", "1"))
    assert {"labelled", "stuck"} <= {rule for rule, _ in found}


def test_channels_of_two_rates_are_told(tmp_path):
    """A pump's slow channels are in files of their own."""
    found = said_of(generate(tmp_path, "--machine", "pump", "--sessions", "1"))
    assert found == TRUE_OF_100_HZ | {("mixed-rates", None), ("other-features", None)}


@pytest.mark.skipif(not RIG.is_dir(), reason="FAULTLINE_DATA names no skab/")
def test_only_what_is_true_is_said_of_a_recorded_pump():
    """Its clock skips seconds, pressure has few steps, and rms values at 1 Hz fold."""
    allowed = {"labelled", "lost-samples", "too-short", "no-window"}
    found = {pair for pair in said_of(RIG) if pair[0] not in allowed}
    assert found <= {
        ("quantised", "Pressure"),
        ("aliased", "Accelerometer1RMS"),
        ("aliased", "Accelerometer2RMS"),
        ("other-features", None),
    }
