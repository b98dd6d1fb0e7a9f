"""``train --network auto`` and ``evaluate`` with processes beside them, as commands."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from detector.cli.main import main
from detector.scoring.bundle import save_bundle
from tests.conftest import wait_for
from tests.detector.tasks.conftest import AT_ONCE
from tests.support.motors import live
from tests.support.processes.programs import Program
from tests.support.training.sessions import write

MARK = "MARK_OF_A_TEST"
FEW = ("--window", "25", "--network", "auto", "--candidates")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, bundle):
    """Normal sessions and a model."""
    made = tmp_path_factory.mktemp("tasks")
    (made / "train").mkdir()
    write(made / "train" / "0.csv", live(20_000, 40))
    save_bundle(bundle, made / "small")
    return made


def run(*arguments):
    """A command in this process, which has the libraries."""
    assert main([str(one) for one in arguments]) == 0


@pytest.mark.usefixtures("apart")
def test_a_bundle_is_the_same_to_the_byte(folder, tmp_path, monkeypatch, capsys):
    """And what is told of the candidates."""
    monkeypatch.setattr("detector.training.select.SEVERITIES", (0.05, 0.25))
    told = []
    for name, options in (("alone", ()), ("apart", ("--workers", AT_ONCE))):
        out = tmp_path / name / "b"
        run("train", "--sessions", folder / "train", "--out", out, *FEW, "zscore,pca", *options)
        told.append(capsys.readouterr().out.replace(str(out), "OUT"))
    assert told[0] == told[1]
    assert "candidates on " in told[0]
    alone, apart = ({file.name: file.read_bytes() for file in (tmp_path / one / "b").iterdir()}
                    for one in ("alone", "apart"))  # fmt: skip
    assert alone == apart


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("kind", [("--json",), ("--limits", "--seeds", "1", "--json")])
def test_an_evaluation_is_the_same_to_the_byte(folder, capsys, kind):
    """And how far it is stands in a file."""
    told, progress = [], folder / "progress.json"
    for options in ((), ("--workers", AT_ONCE)):
        run("evaluate", "--model", folder / "small", "--sessions", folder / "train", "--faults",
            "bias", "--severities", "0.5,1", "--progress", progress, *kind, *options)  # fmt: skip
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert '"small"' in told[0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_children_end_with_the_command_however_that_ends(folder, tmp_path, number, code):
    """Ctrl-C is told in one line; a command that is killed leaves none either."""
    output, errors = tmp_path / "output", tmp_path / "errors"
    program = Program(
        "detector", "train", "--sessions", folder / "train", "--out", tmp_path / "b", *FEW,
        "lstm_ae,transformer_ae,vae", "--workers", AT_ONCE,
        output=output, errors=errors, env={**os.environ, MARK: str(tmp_path)},
    )  # fmt: skip
    wait_for(lambda: len(children(tmp_path)) == AT_ONCE or program.poll() is not None, 60, "begun")
    assert program.poll() is None, errors.read_text()
    program.send_signal(number)
    assert program.wait(30) == code
    wait_for(lambda: not children(tmp_path), 10, "they have ended")
    if number == signal.SIGINT:
        assert errors.read_text() == "stopped, nothing was written\n"


def children(mark):
    """Processes of a marked command that do tasks: each has a group of its own."""
    return [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc")))  # noqa: PTH208
            if _is_child(pid, f"{MARK}={mark}".encode())]  # fmt: skip


def _is_child(pid, mark):
    try:
        is_marked = mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return is_marked and os.getpgid(pid) == pid and state not in "ZX"
    except OSError:
        return False
