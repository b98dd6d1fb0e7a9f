"""Faults put into session files."""

import numpy as np
import pandas as pd
import pytest

from simulator.cli.commands import run
from simulator.errors import SimulatorError
from simulator.faults.inject import FAULTS
from simulator.recordings import files, truth
from simulator.recordings.recorded_faults import FaultRequest, inject_into_file

RECORDED = "datetime;Temperature;Pressure;anomaly;changepoint"


@pytest.fixture
def recorded(tmp_path):
    """A recorded-looking file: `;`, ISO times, one sample a second, two comment lines."""
    rng = np.random.default_rng(1)
    times = pd.date_range("2020-03-09 10:00:00", periods=200, freq="s")
    rows = [
        f"{time};{t:.4f};{p:.4f};0.0;0.0"
        for time, t, p in zip(times, rng.normal(70, 2, 200), rng.normal(1, 0.1, 200), strict=True)
    ]
    path = tmp_path / "pump.csv"
    path.write_text("\n".join(["# a pump", "# on a rig", RECORDED, *rows]) + "\n")
    return path


def inject(path, *more):
    """Inject into ``path`` and return the two tables as text, before and after."""
    out = path.with_name("out.csv")
    assert run(["inject", str(path), "--out", str(out), *more]) == 0
    return files.read(path).cells, files.read(out).cells


def test_inject_changes_only_its_cells(recorded):
    """In a recorded `;` file only the feature's and the label's cells of the range change."""
    before, after = inject(
        recorded, "--fault", "bias", "--feature", "Pressure", "--start", "60", "--duration", "30"
    )
    different = (before != after).to_numpy()
    assert different[60:90, 2].all()
    assert different[60:90, 3].all()
    different[60:90, 2:4] = False
    assert not different.any()
    assert (after["anomaly"].astype(float) == 1).sum() == 30


def test_inject_uses_the_healthy_sd(recorded):
    """The bias is five standard deviations of the rest of the file."""
    before, after = inject(recorded, "--fault", "bias", "--feature", "Pressure", "--start", "100")
    old = before["Pressure"].astype(float).to_numpy()
    new = after["Pressure"].astype(float).to_numpy()
    sigma = np.delete(old, np.s_[100:130]).std()
    assert (new - old)[100:130] == pytest.approx(np.full(30, 5 * sigma), rel=1e-6)


def test_inject_measures_sigma_while_running(tmp_path):
    """Idle samples do not make the healthy standard deviation small."""
    path = tmp_path / "half-idle.csv"
    idle = [f"{i},0,0" for i in range(100)]
    running = [f"{i},{i % 2 * 2},600" for i in range(100, 200)]  # sd 1
    path.write_text("\n".join(["ts,a,rpm", *idle, *running]) + "\n")
    before, after = inject(path, "--fault", "bias", "--start", "120")
    shift = after["a"].astype(float) - before["a"].astype(float)
    assert shift.max() == pytest.approx(5.0)


def test_inject_keeps_comments_and_tells_the_truth(recorded):
    """The old comments stay and the ground truth is added below them."""
    inject(recorded, "--fault", "stuck", "--feature", "Pressure")
    lines = recorded.with_name("out.csv").read_text().splitlines()
    assert lines[:2] == ["# a pump", "# on a rig"]
    assert lines[2].startswith("# fault stuck on Pressure severity 1 from 60 s to 90 s")


@pytest.mark.parametrize("family", FAULTS)
def test_inject_writes_truth_that_fits_the_label(recorded, family):
    """Every family goes into a recorded file; label and ground truth name the same samples."""
    before, after = inject(recorded, "--fault", family, "--severity", "0.5", "--ramp", "5")
    told = truth.read(recorded.with_name("out.csv"))
    episode = told.episodes[0]
    recording = files.read(recorded.with_name("out.csv"))
    start = files.read(recorded).ts[60]
    assert told.file == "out.csv"
    assert (episode.family, episode.severity, episode.seed) == (family, 0.5, 7)
    assert (episode.start, episode.full, episode.end) == (start, start + 5, start + 30)
    placed = truth.place(told.episodes, recording.ts, recording.label())[0]
    assert np.flatnonzero(recording.label()).tolist() == list(range(placed.first, placed.last))
    different = (before != after).to_numpy().any(axis=0)
    names = {"all": "datetime"}.get(episode.axis, episode.axis)
    assert set(before.columns[different]) == {names, "anomaly"}


def test_inject_moves_dates_in_their_own_form(recorded):
    """A clock fault writes dates as dates, with what it added."""
    seeds = range(20)
    tables = [inject(recorded, "--fault", "clock", "--seed", str(seed)) for seed in seeds]
    before, after = next(
        pair for pair in tables if pair[1]["datetime"][60].startswith("2020-03-09 11")
    )
    assert before["datetime"][60] == "2020-03-09 10:01:00"
    assert after["datetime"][60] == "2020-03-09 11:01:00"


def test_inject_moves_seconds_in_their_own_form(tmp_path):
    """A clock fault writes seconds as seconds, to the microsecond."""
    path = tmp_path / "a.csv"
    path.write_text("ts,a\n" + "".join(f"{1.7e9 + i / 100:.2f},{i % 7}\n" for i in range(9000)))
    before, after = inject(path, "--fault", "clock", "--start", "10", "--seed", "1")
    moved = after["ts"].astype(float) - before["ts"].astype(float)
    assert moved.abs().max() > 1e-4
    assert before["ts"][0] == after["ts"][0] == "1700000000.00"
    assert (after["ts"][moved != 0].str.len() == len("1700000000.000000")).all()


def test_second_fault_extends_the_truth(recorded):
    """Injecting into what was injected into keeps the first fault, its label and its truth."""
    once, twice = recorded.with_name("once.csv"), recorded.with_name("twice.csv")
    inject_into_file(recorded, once, FaultRequest("bias", 100, 30, seed=1))
    inject_into_file(once, twice, FaultRequest("noise", 20, 30, seed=2))
    told = truth.read(twice)
    assert [(one.family, one.seed) for one in told.episodes] == [("noise", 2), ("bias", 1)]
    label = files.read(twice).label()
    assert np.flatnonzero(label).tolist() == [*range(20, 50), *range(100, 130)]
    assert truth.read(once).file == "once.csv"


def test_recorded_labels_enter_the_truth(recorded):
    """What a file's label tells without a ground truth is kept as a fault of unknown family."""
    lines = recorded.read_text().splitlines()
    lines[100] = lines[100].replace(";0.0;0.0", ";1.0;0.0")
    recorded.write_text("\n".join(lines) + "\n")
    inject(recorded, "--fault", "bias", "--start", "150")
    told = truth.read(recorded.with_name("out.csv"))
    assert [one.family for one in told.episodes] == ["unknown", "bias"]


@pytest.mark.parametrize("start", [75.0, 95.0, 118.5])
def test_overlap_is_refused(recorded, capsys, start):
    """A range that touches a labelled row is refused in one line, and nothing is written."""
    once, out = recorded.with_name("once.csv"), recorded.with_name("out.csv")
    inject_into_file(recorded, once, FaultRequest("bias", 90, 30))
    capsys.readouterr()
    arguments = ["inject", str(once), "--fault", "noise", "--start", str(start), "--out", str(out)]
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert "overlaps bias from 90 s to 120 s; allowed: one fault at a time" in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_adjacent_fault_is_no_overlap(recorded):
    """A fault may begin with the first sample after another one."""
    once = recorded.with_name("once.csv")
    inject_into_file(recorded, once, FaultRequest("bias", 90, 30))
    inject(once, "--fault", "noise", "--start", "120")


def test_fault_that_changes_nothing_is_refused(tmp_path):
    """Five sigma of a constant feature are nothing, and a label would lie."""
    path = tmp_path / "a.csv"
    path.write_text("ts,a\n" + "".join(f"{i},3\n" for i in range(200)))
    with pytest.raises(SimulatorError, match="bias changes nothing there"):
        inject_into_file(path, tmp_path / "b.csv", FaultRequest("bias", 60, 30))


def test_inject_leaves_equal_cells_their_text(recorded):
    """A cell in the range whose value stays keeps its text, too."""
    before, after = inject(recorded, "--fault", "spike", "--feature", "Pressure")
    changed = (before["Pressure"] != after["Pressure"]).to_numpy()
    assert 1 <= changed.sum() <= 6
    assert (before["Pressure"].astype(float) != after["Pressure"].astype(float))[changed].all()


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (FaultRequest("bias", 60, -1), "fault of -1 s; allowed: a length above 0"),
        (FaultRequest("bias", 60, 30, ramp_s=31), "ramp of 31 s; allowed: 0 to the fault's 30 s"),
        (FaultRequest("bias", 60, 30, severity=1.5), "severity 1.5; allowed: 0 to 1"),
        (FaultRequest("clock", 60, 30, feature="Pressure"), "for fault 'clock'; allowed: none"),
    ],
)
def test_impossible_fault_is_refused(recorded, request_, complaint):
    """A fault that cannot be is refused with what is allowed."""
    with pytest.raises(SimulatorError, match=complaint):
        inject_into_file(recorded, recorded.with_name("out.csv"), request_)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--start", "500"], "allowed: within 0 s to 199 s"),
        (["--feature", "Flow"], "allowed: Temperature, Pressure"),
        (["--fault", "rust"], "unknown fault 'rust'; allowed: spike, bias, drift"),
    ],
)
def test_inject_refuses_what_does_not_fit(recorded, capsys, more, complaint):
    """A range, feature or fault that the file does not have is refused in one line."""
    arguments = ["inject", str(recorded), "--fault", "bias", "--out", "out.csv", *more]
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
