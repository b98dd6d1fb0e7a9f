"""Programs that tests run: forked, and yet as ``python -m`` would begin them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from types import ModuleType

import pytest

from tests.conftest import wait_for
from tests.support.processes.programs import Program, answer

TELL = """
import json, os, sys, torch
print(json.dumps([sys.argv[1:], os.getcwd(), os.environ["OWN"], sys.stdin.read(), __name__]))
print("a word", file=sys.stderr)
torch.told = getattr(torch, "told", 0) + 1
sys.exit(torch.told)
"""
WAIT = "import threading; print('ready', flush=True); threading.Event().wait()"


def test_a_program_is_begun_as_by_python(tmp_path):
    """Its words, folder, variables, streams and exit code; nothing is left for the next one."""
    (tmp_path / "tell.py").write_text(TELL)
    (tmp_path / "in").write_text("fed")
    variables = {**os.environ, "OWN": "o"}
    with (tmp_path / "in").open() as file:
        anew = subprocess.run(
            [sys.executable, "-m", "tell", "a", "b"], cwd=tmp_path, env=variables, stdin=file,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    for _ in range(2):
        found = answer("tell", "a", "b", cwd=tmp_path, env=variables, stdin=tmp_path / "in")
        assert json.loads(found.stdout) == [["a", "b"], str(tmp_path), "o", "fed", "__main__"]
        assert (found.returncode, found.stdout, found.stderr) == (1, anew.stdout, anew.stderr)


def test_a_main_module_that_a_test_has_left_is_not_run_again(tmp_path, monkeypatch):
    """As a page that Streamlit ran in this process."""
    left = ModuleType("__main__")
    left.__file__ = str(tmp_path / "page.py")
    (tmp_path / "page.py").write_text("raise RuntimeError")
    (tmp_path / "say.py").write_text("print('heard')")
    monkeypatch.setitem(sys.modules, "__main__", left)
    assert answer("say", cwd=tmp_path).stdout == "heard\n"
    assert sys.modules["__main__"] is left


@pytest.mark.parametrize("left", ["first", "second"])
def test_a_main_module_that_a_test_leaves_goes_with_it(left):
    """Whatever begins a process in a later test finds the one of pytest."""
    assert sys.modules["__main__"].__name__ not in {"first", "second"}
    sys.modules["__main__"] = ModuleType(left)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_program_hears_signals(tmp_path, number):
    """By its own process id, and its code says so."""
    (tmp_path / "wait.py").write_text(WAIT)
    program = Program("wait", cwd=tmp_path, output=tmp_path / "out")
    wait_for((tmp_path / "out").read_text, what="it waits")
    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.01)
    os.kill(program.pid, number)
    assert program.wait(10) == -number
