"""The scripts of ``make demo`` on a machine with nothing set up: which Python, which torch, what is said."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CI = Path(__file__).parents[1] / ".ci"
# Stands for a Python: says its version, copies itself where a virtual environment is wanted, writes down what pip is
# asked for, and finds no package whose name matches REFUSED.
FAKE = """#!/bin/sh
case "$*" in
*"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo >.venv/pyvenv.cfg ;;
*"-m pip"*) echo "$*" >>pip.log; case "$*" in ${REFUSED:-nothing}) exit 1 ;; esac ;;
-V) echo "Python VERSION" ;;
*"import sys, pip"*) ;;
*import*torch*) exit 1 ;;
*"import sys;"*) echo "Python VERSION" ;;
*) echo VERSION ;;
esac
"""


def put(folder: Path, versions: dict[str, str]) -> None:
    """Write commands such as ``{"python3.13": "3.13"}``; the version "broken" does not run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in versions.items():
        broken = "#!/bin/sh\nexit 127\n"
        (folder / name).write_text(
            broken if version == "broken" else FAKE.replace("VERSION", version)
        )
        (folder / name).chmod(0o755)


def run(script, folder, *arguments, path="", **environment):
    """Run a script of ``.ci`` in a folder with nothing of this process's environment but tools."""
    return subprocess.run(["/bin/sh", CI / script, *arguments], cwd=folder, text=True, timeout=20,
                          capture_output=True, env={"PATH": path, **environment}, check=False)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ({"python3.11": "3.11", "python3.12": "3.12"}, {}, "first/python3.12"),
        ({"python3.13": "broken", "python3.11": "3.11"}, {}, "first/python3.11"),
        ({"python3.13": "broken"}, {"python3.13": "3.13"}, "second/python3.13"),
        ({"python3.11": "3.11"}, {"python3": "3.12"}, "second/python3"),
        ({"python3": "3.14", "python": "3.13"}, {}, "first/python"),
    ],
)
def test_the_newest_python_that_runs_is_chosen(tmp_path, first, second, chosen):
    """Past shims that stand for nothing, and wherever on the PATH it is."""
    put(tmp_path / "first", first)
    put(tmp_path / "second", second)
    found = run("find-python", tmp_path, path=f"{tmp_path}/first:{tmp_path}/second")
    assert (found.stdout, found.stderr) == (f"{tmp_path}/{chosen}\n", "")


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("", "error: no Python 3.11, 3.12 or 3.13 here: install one"),
        ("python3.9", "error: PYTHON=python3.9: Python 3.9, needed"),
        ("python3.13", "error: PYTHON=python3.13: does not run"),
    ],
)
def test_no_suitable_python_is_one_line(tmp_path, named, says):
    """With what to install, and no exit code 0."""
    put(tmp_path, {"python3.9": "3.9", "python3": "3.14", "python3.13": "broken"})
    found = run("find-python", tmp_path, path=str(tmp_path), PYTHON=named)
    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (1, "", 1)
    assert found.stderr.startswith(says)


@pytest.mark.parametrize(
    ("settings", "wanted", "says"),
    [
        ({}, ["torch==2+cpu"], ""),
        (
            {"REFUSED": "*+cpu"},
            ["torch==2+cpu --index-url https://download.pytorch.org/whl/cpu"],
            "",
        ),
        ({"REFUSED": "*+cpu*"}, [], "no CPU build of torch within reach"),
        ({"GPU": "2.0"}, [], ""),
        ({"TORCH_INDEX": ""}, [], ""),
        ({"TORCH_INDEX": "https://mirror"}, ["--index-url https://mirror torch==2"], ""),
    ],
)
def test_torch_comes_without_cuda_where_it_can(tmp_path, settings, wanted, says):
    """A refused attempt is one line; TORCH_INDEX decides by hand; a second run asks pip for nothing."""
    (tmp_path / "requirements.txt").write_text("torch==2\n")
    (tmp_path / "pyproject.toml").touch()
    put(tmp_path / ".venv/bin", {"python": "broken"})
    (tmp_path / ".venv/pyvenv.cfg").touch()
    put(
        tmp_path / "bin",
        {"python3.12": "3.12", "nvidia-smi": settings.pop("GPU", "broken"), "uname": "Linux"},
    )
    (tmp_path / "bin/uname").write_text("#!/bin/sh\necho Linux\n")
    settings = {"path": f"{tmp_path}/bin:{os.defpath}", **settings}
    first = run("set-up", tmp_path, ".venv", "requirements.txt", **settings)
    asked = (tmp_path / "pip.log").read_text().splitlines()
    again = run("set-up", tmp_path, ".venv", "requirements.txt", **settings)
    installed = [
        line.split("--no-deps ")[1]
        for line in asked
        if "pip-version-check install --no-deps" in line
    ]
    assert (first.returncode, installed, asked[-2].split()[-1]) == (
        0,
        wanted,
        "requirements.txt",
    ), first.stderr
    assert first.stdout.splitlines()[0].startswith(".venv does not suit (its Python does not run)")
    assert says in first.stdout
    assert (again.returncode, again.stdout, (tmp_path / "pip.log").read_text().splitlines()) == (
        0,
        "",
        asked,
    )
