"""``.ci/find-python`` and ``.ci/set-up`` as a machine with nothing set up meets them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

CI = Path(__file__).parents[1] / ".ci"
# Stands for a Python. What pip is asked for goes to log; it does not find what is REFUSED.
FAKE = """#!/bin/sh
[ VERSION = broken ] && exit 127
case "$*" in
*"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo >.venv/pyvenv.cfg ;;
*"-m pip"*) echo "${*#*check }" >>log; case "$*" in ${REFUSED:-none}) echo >&2; exit 1 ;; esac ;;
*"import sys, pip"* | *torch*) exit 0 ;;
-V | *"import sys;"*) echo Python VERSION ;;
*) echo VERSION ;;
esac
"""
OFFICIAL = "--index-url https://download.pytorch.org/whl/cpu"
FAULTLINE = "--quiet --no-deps --no-build-isolation --editable ."


def put(folder: Path, commands: dict[str, str]) -> None:
    """Write commands, each a stand-in of the version given or one that does not run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in commands.items():
        (folder / name).write_text(FAKE.replace("VERSION", version))
        (folder / name).chmod(0o755)


def run(script, folder, *arguments, **env):
    """Run a script of ``.ci`` in a folder, whose ``bin`` is searched first for commands."""
    env = {"PATH": f"{folder}/bin:{os.defpath}", **env}
    return subprocess.run(["/bin/sh", CI / script, *arguments], cwd=folder, env=env, text=True,
                          capture_output=True, timeout=20, check=False)  # fmt: skip


@pytest.mark.parametrize(("first", "second", "chosen"), [
    ({"python3.11": "3.11", "python3.12": "3.12"}, {}, "first/python3.12"),
    ({"python3.13": "broken", "python3.11": "3.11"}, {}, "first/python3.11"),
    ({"python3.13": "broken"}, {"python3.13": "3.13"}, "second/python3.13"),
    ({"python3.11": "3.11"}, {"python3": "3.12"}, "second/python3"),
    ({"python3": "3.14", "python": "3.13"}, {}, "first/python"),
])  # fmt: skip
def test_the_newest_python_that_runs_is_chosen(tmp_path, first, second, chosen):
    """Past shims that stand for nothing, and wherever on the PATH it is."""
    put(tmp_path / "first", first)
    put(tmp_path / "second", second)
    found = run("find-python", tmp_path, PATH=f"{tmp_path}/first:{tmp_path}/second")
    assert (found.stdout, found.stderr) == (f"{tmp_path}/{chosen}\n", "")


@pytest.mark.parametrize(("named", "says"), [
    ("", "error: no Python 3.11, 3.12 or 3.13 found: install one"),
    ("python3.9", "error: PYTHON=python3.9: Python 3.9, needed: 3.11, 3.12 or 3.13"),
    ("python3.13", "error: PYTHON=python3.13: does not run, needed: 3.11, 3.12 or 3.13"),
])  # fmt: skip
def test_no_suitable_python_is_one_line(tmp_path, named, says):
    """With what to install, and no exit code 0."""
    put(tmp_path, {"python3.9": "3.9", "python3": "3.14", "python3.13": "broken"})
    found = run("find-python", tmp_path, PATH=str(tmp_path), PYTHON=named)
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (1, "", 1)
    assert found.stderr.startswith(says)


@pytest.mark.parametrize(("settings", "installed", "says"), [
    ({}, ["--no-deps torch==2+cpu"], ""),
    ({"REFUSED": "*+cpu"}, [f"--no-deps torch==2+cpu {OFFICIAL}"], ""),
    ({"REFUSED": "*+cpu*"}, [], "no CPU build of torch within reach"),
    ({"GPU": "runs"}, [], ""),
    ({"TORCH_INDEX": ""}, [], ""),
    ({"TORCH_INDEX": "https://mirror"}, ["--no-deps --index-url https://mirror torch==2"], ""),
])  # fmt: skip
def test_a_broken_environment_is_made_anew_and_filled_once(tmp_path, settings, installed, says):
    """With the CPU build of torch where there is one; a second run is silent and asks nothing."""
    (tmp_path / "requirements.txt").write_text("torch==2\n")
    (tmp_path / "pyproject.toml").touch()
    put(tmp_path / ".venv/bin", {"python": "broken"})
    (tmp_path / ".venv/pyvenv.cfg").touch()
    nvidia_smi = settings.get("GPU", "broken")
    put(tmp_path / "bin", {"python3.13": "3.13", "nvidia-smi": nvidia_smi, "uname": "Linux"})
    once, twice = (run("set-up", tmp_path, ".venv", "requirements.txt", **settings) for _ in "12")
    asked = [line for line in (tmp_path / "log").open() if "--dry-run" not in line]
    assert (once.returncode, once.stderr, once.stdout.count("\n")) == (0, "", 1 + bool(says))
    assert re.match(rf".venv does not suit \(.* not run\): made anew with .*\n{says}", once.stdout)
    assert asked == [f"install {what}\n" for what in [*installed, "-r requirements.txt", FAULTLINE]]
    assert (twice.returncode, twice.stdout, twice.stderr) == (0, "", "")


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path):
    """Refused in one line with the way out."""
    put(tmp_path / "bin", {"python3.13": "3.13"})
    found = run("set-up", tmp_path, "bin")
    assert (found.returncode, (tmp_path / "bin/python3.13").exists()) == (1, True)
    assert re.fullmatch("error: bin is no virtual environment: remove it, or.*\n", found.stderr)
