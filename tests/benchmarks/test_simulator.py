"""The simulator's benchmarks: what they measure, and that they notice."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.simulation import rig, rig_machines, rig_ratios
from benchmarks.speed import simulator_speed
from simulator.errors import SimulatorError

DATA = Path(os.environ.get("FAULTLINE_DATA", "none")) / "motor-rig"


def tone(hz: float, rms: float) -> np.ndarray:
    """Two seconds of one frequency on the first axis, as the rig records."""
    ts = np.arange(int(rig.SECONDS * rig.RATE_HZ)) / rig.RATE_HZ
    return np.column_stack([np.sqrt(2) * rms * np.sin(2 * np.pi * hz * ts), 0 * ts, 0 * ts])


def write(folder: Path, condition: rig.Condition, volts: np.ndarray) -> None:
    """A recording in the rig's form: spaces, a seconds column, three more values in row 0."""
    with gzip.open(folder / condition.name, "wt") as file:
        for i, (x, y, z) in enumerate(volts):
            more = ";0.1 ;0.2 ;0.3" if i == 0 else ""
            file.write(f"{i / rig.RATE_HZ:g};{x:.8f} ;{y:.8f} ;{z:.8f} {more}\n")


@pytest.mark.parametrize(
    ("hz", "column"), [(10.5, "1x"), (30.0, "2-50 Hz"), (320.0, "50-500 Hz"), (3000.0, rig.FLOOR)]
)
def test_a_tone_is_measured_in_its_band_alone(hz, column):
    """1x is found beside the stated speed; what lies elsewhere is not in it."""
    figures = rig.bands(tone(hz, 0.02), rig.RATE_HZ, 10.0)
    assert rig.vector(figures[column]) == pytest.approx(0.02, rel=1e-6)
    own = {"1x": {"1x", "2-50 Hz"}, "50-500 Hz": {"50-500 Hz", rig.FLOOR}}.get(column, {column})
    assert all(rig.vector(figures[name]) < 1e-9 for name in figures if name not in own)


def test_only_the_filtered_sensor_keeps_out_what_folds():
    """A tone far above 50 Hz reaches the samples in full, or not at all."""
    figures = rig.recorded(tone(3010.0, 0.02), 600)
    assert rig.vector(figures[rig.UNFILTERED]) == pytest.approx(0.02, rel=0.02)
    assert rig.vector(figures[rig.FILTERED]) < 1e-4


def test_a_recording_is_read_as_it_is_written(tmp_path):
    """The extra values of the first row and the mean are left out."""
    condition, acc = rig.Condition(600, 11), tone(10.0, 0.02)
    write(tmp_path, condition, rig.VOLTS_PER_G * acc + 0.9)
    assert rig.read(tmp_path, condition) == pytest.approx(acc, abs=1e-6)


def test_a_missing_recording_is_one_line(tmp_path):
    """It names the file."""
    with pytest.raises(SimulatorError, match=r"0600_GoB_GS_BaLo_WA_00lb\.csv\.gz"):
        rig.read(tmp_path, rig.Condition(600, 0))


def test_the_recordings_are_looked_for_where_the_environment_says(tmp_path, monkeypatch, capsys):
    """In its motor-rig/, unless --data names another folder."""
    monkeypatch.setenv("FAULTLINE_DATA", str(tmp_path / "known"))
    assert rig_ratios.main([]) == SimulatorError.exit_code
    assert str(tmp_path / "known" / "motor-rig") in capsys.readouterr().err
    assert rig_ratios.main(["--data", str(tmp_path)]) == SimulatorError.exit_code
    assert str(tmp_path / "motor-rig") in capsys.readouterr().err


def test_a_streamed_session_has_its_whole_length(monkeypatch):
    """Also when it ends within a block."""
    made = []

    class Counted(simulator_speed.Motor):
        def block(self, n):
            made.append(n)
            return super().block(n)

    monkeypatch.setattr(simulator_speed, "Motor", Counted)
    simulator_speed.stream(0.75)
    assert made == [3000, 1500]


def test_the_simulated_rig_has_the_1x_and_the_broadband_of_its_recording():
    """On each axis, however the axes differ."""
    healthy = {"1x": np.array([4e-3, 2e-3, 6e-3]), rig.FLOOR: np.array([0.03, 0.05, 0.02])}
    found = rig_machines.simulate(rig_machines.rig_design(1200, healthy, 1.0), None)
    assert found["1x"] == pytest.approx(healthy["1x"], rel=0.06)
    assert found[rig.FLOOR] == pytest.approx(healthy[rig.FLOOR], rel=0.06)


@pytest.mark.skipif(not DATA.is_dir(), reason="FAULTLINE_DATA names no motor-rig/")
def test_unbalance_shows_on_the_rig_through_a_filtered_sensor_and_outer_race_damage_does_not():
    """The pattern that the simulator must have too."""
    for rpm in rig_ratios.SPEEDS:
        seen = {}
        for name, bearing, balance in (
            ("healthy", "GoB", "BaLo"),
            ("unbalance", "GoB", "VHIL"),
            ("bearing_outer", "LOR", "BaLo"),
        ):
            condition = rig.Condition(rpm, 11, bearing, balance)
            figures = rig.recorded(rig.read(DATA, condition), rpm)
            seen[name] = rig.vector(figures[rig.FILTERED])
        assert seen["unbalance"] > 2.5 * seen["healthy"]
        assert seen["bearing_outer"] < 1.3 * seen["healthy"]


def test_speed_and_memory_are_judged_against_their_targets(monkeypatch, capsys):
    """A short run passes; with targets out of reach it fails and says so."""
    short = ["--minutes", "0.2", "--stream-minutes", "0.2", "0.4"]
    monkeypatch.setattr(simulator_speed, "MACHINE_FAULTS", {"rub": None})
    monkeypatch.setattr(simulator_speed, "LEAST_SPEED", 1.0)
    monkeypatch.setattr(simulator_speed, "MOST_GROWTH", 2.0)
    assert simulator_speed.main(short) == 0
    assert capsys.readouterr().out.count("PASS") == 2

    monkeypatch.setattr(simulator_speed, "LEAST_SPEED", 1e9)
    monkeypatch.setattr(simulator_speed, "MOST_GROWTH", 0.1)
    assert simulator_speed.main(short) == 1
    assert capsys.readouterr().out.count("FAIL") == 2


def test_the_peak_of_a_child_is_its_own():
    """However much memory the process has had that started it."""
    before = simulator_speed._peak_of_child(0.1)
    taken = np.ones(50_000_000)  # 400 MB
    assert simulator_speed._peak_of_child(0.1) == pytest.approx(before, rel=0.1)
    assert taken.all()
