"""Session files: generated, read, and with faults put in."""

import numpy as np
import pandas as pd
import pytest

from simulator import session_files
from simulator.commands import run
from simulator.errors import SimulatorError

RECORDED = "datetime;Temperature;Pressure;anomaly;changepoint"


def generate(out, *more):
    """Generate into ``out`` and return the files' paths."""
    arguments = ["generate", "--minutes", "2", "--sessions", "1", "--out", str(out), *more]
    assert run(arguments) == 0
    return sorted(out.glob("*.csv"))


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
    return session_files.read(path).cells, session_files.read(out).cells


def test_same_seed_same_bytes(tmp_path):
    """The same seed writes the same bytes, faults included."""
    one, other = (
        generate(tmp_path / name, "--seed", "5", "--fault", "noise")[0] for name in ("a", "b")
    )
    assert one.read_bytes() == other.read_bytes()


def test_other_seed_other_bytes(tmp_path):
    """Another seed writes other samples."""
    one, other = (generate(tmp_path / seed, "--seed", seed)[0] for seed in ("5", "6"))
    assert one.read_text().splitlines()[3:] != other.read_text().splitlines()[3:]


def test_generated_file_follows_the_contract(tmp_path):
    """A session has its seed above, all columns, 100 samples a second and begins idle."""
    path = generate(tmp_path, "--seed", "5")[0]
    recording = session_files.read(path)
    assert "seed 5" in recording.comments[0]
    assert list(recording.cells.columns) == ["ts", "acc_x", "acc_y", "acc_z", "rpm", "label"]
    assert np.diff(recording.ts) == pytest.approx(np.full(11_999, 0.01), abs=1e-6)
    rpm = recording.numbers("rpm")
    assert rpm[0] == 0
    assert np.mean(rpm > 590) > 0.8


def test_generated_labels_match_the_ground_truth(tmp_path):
    """Labelled samples are those of the header's fault, and the motor runs throughout them."""
    path = generate(tmp_path, "--fault", "stuck")[0]
    recording = session_files.read(path)
    truth = next(line.split() for line in recording.comments if "fault stuck" in line)
    label = recording.numbers("label") == 1
    assert recording.numbers("rpm")[label].min() > 540
    first = np.flatnonzero(label)[0]
    assert recording.ts[first] - recording.ts[0] == pytest.approx(float(truth[8]), abs=0.006)
    run_length = recording.features[truth[4]][first : first + 1500]
    assert np.ptp(run_length) == 0


def test_too_short_for_a_fault(tmp_path, capsys):
    """A session too short for a fault is refused in one line."""
    arguments = ["generate", "--minutes", "0.2", "--fault", "bias", "--out", str(tmp_path)]
    assert run(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


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


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("ts,a\n", "no data rows"),
        ("a,b\n1,2\n", "no time column; found a, b; allowed: ts, time"),
        ("ts,label\n1,0\n", "no feature column"),
        ("# c\nts,a\n1,2\n2,x\n", "line 4, column a: 'x'"),
        ("ts,a\n1,2\n2,inf\n", "line 3, column a: 'inf'"),
        ("ts,a\nsoon,2\n", "line 2, column ts: 'soon'; allowed: seconds or ISO 8601"),
        ("ts,a\n1,2\n1,2,3,4\n", "not a CSV table"),
    ],
)
def test_unreadable_file_is_one_line(tmp_path, capsys, text, complaint):
    """A file that is no session costs exit code 2 and one line that says where and why."""
    path = tmp_path / "bad.csv"
    path.write_text(text)
    arguments = ["inject", str(path), "--fault", "bias", "--out", str(tmp_path / "out.csv")]
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{path}: ")
    assert complaint in error
    assert error.count("\n") == 1


def test_binary_file_is_refused(tmp_path):
    """A file that is not text is refused as such."""
    path = tmp_path / "bad.csv"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(SimulatorError, match="not a text file"):
        session_files.read(path)


def test_missing_cells_are_nan(tmp_path):
    """An empty cell is a missing sample, not an error."""
    path = tmp_path / "holes.csv"
    path.write_text("ts,a\n1,2\n2,\n3,nan\n")
    assert np.isnan(session_files.read(path).features["a"]).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--start", "500"], "allowed: within 0 s to 199 s"),
        (["--feature", "Flow"], "allowed: Temperature, Pressure"),
        (["--fault", "rust"], "unknown fault 'rust'; allowed: spike"),
    ],
)
def test_inject_refuses_what_does_not_fit(recorded, capsys, more, complaint):
    """A range, feature or fault that the file does not have is refused in one line."""
    arguments = ["inject", str(recorded), "--fault", "bias", "--out", "out.csv", *more]
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["generate"],
        ["generate", "--out", "x", "--rpm", "-600"],
        ["generate", "--out", "x", "--rpm", "3000"],
        ["generate", "--out", "x", "--severity", "2"],
        ["generate", "--out", "x", "--fault", "rust"],
        ["replay", "a.csv", "--mqtt", "mqtt://localhost", "--device", "a/b"],
        ["demo", "--port", "99999"],
    ],
)
def test_bad_options_are_one_line(tmp_path, monkeypatch, capsys, arguments):
    """Bad options cost exit code 2 and exactly one line, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    try:
        code = run(arguments)
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_interrupted_write_leaves_nothing(tmp_path):
    """A file that was not written to its end does not appear."""

    def write_half():
        with session_files.replacing(tmp_path / "a.csv") as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert not list(tmp_path.iterdir())
