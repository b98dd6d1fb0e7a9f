"""Session files: read, written whole, and refused in one line."""

import numpy as np
import pytest

from simulator.cli.commands import run
from simulator.errors import SimulatorError
from simulator.recordings import files


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
        files.read(path)


def test_missing_cells_are_nan(tmp_path):
    """An empty cell is a missing sample, not an error."""
    path = tmp_path / "holes.csv"
    path.write_text("ts,a\n1,2\n2,\n3,nan\n")
    assert np.isnan(files.read(path).features["a"]).tolist() == [False, True, True]


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
        with files.replacing(tmp_path / "a.csv") as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert not list(tmp_path.iterdir())
