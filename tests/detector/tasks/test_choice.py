"""Who does tasks, by the options of a command."""

from __future__ import annotations

import sys

import pytest

from detector.cli.main import main
from detector.errors import SettingsError
from detector.tasks.apart import Apart
from detector.tasks.choice import executor_for
from detector.tasks.in_process import InProcess


@pytest.mark.parametrize(
    ("workers", "engine", "kind"),
    [(None, None, InProcess), (0, None, InProcess), (0, "workers", InProcess),
     (None, "workers", InProcess), (2, None, Apart), (1, "workers", Apart)],
)  # fmt: skip
def test_without_ray_the_number_of_processes_decides(workers, engine, kind):
    """None beside this one: it does them itself."""
    assert isinstance(executor_for(workers, engine, None), kind)


@pytest.mark.parametrize(
    ("asked", "line"),
    [((2, None, "10.0.0.5:6379"), "--address without --engine ray, allowed: both, or neither"),
     ((0, "ray", None), "--engine ray, --workers 0, allowed: workers from 1, or none")],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(asked, line):
    """In one line."""
    with pytest.raises(SettingsError) as told:
        executor_for(*asked)
    assert str(told.value) == line


def test_without_its_library_ray_is_refused(monkeypatch):
    """With the line that installs it."""
    for name in ("detector.tasks.ray_tasks", "detector.tasks.ray_cluster"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"^--engine: ray cannot be imported .*, allowed: "
                       r"workers, or ray after pip install 'faultline\[ray\]'$"):  # fmt: skip
        executor_for(2, "ray", None)


def test_one_network_is_one_process(capsys, tmp_path):
    """Only the candidates of auto are independent."""
    arguments = ["train", "--sessions", "none", "--out", str(tmp_path / "x"), "--workers", "2"]
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        "error: --workers, --engine or --address with one network: one training is one process, "
        "allowed: with --network auto\n"
    )


@pytest.mark.parametrize("command", ["train", "evaluate", "serve"])
def test_help_teaches_the_same_options(command, capsys):
    """One group of them, wherever something is done by several processes."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    told = capsys.readouterr().out.split("where it is done:")[1].split("example:")[0]
    assert [word for word in told.split() if word.startswith("--")] == [
        "--workers", "--engine", "--address"
    ]  # fmt: skip
