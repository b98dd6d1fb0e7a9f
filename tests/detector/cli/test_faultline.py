"""The one command: its groups, its version, its two doors, completion in a real shell."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from detector.cli.parser import GROUPS, build_parser
from tests.support.serving import PROJECT

OLD_PYTHONS = sorted(Path("~/.pyenv/versions").expanduser().glob("3.[6-9].*/bin/python")) + sorted(
    Path("~/.pyenv/versions").expanduser().glob("3.10.*/bin/python")
)


def run(*arguments, python=sys.executable, module="detector"):
    """Run the command line as a process."""
    return subprocess.run([python, "-m", module, *arguments], cwd=PROJECT,
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip


def test_help_groups_commands_by_who_uses_them():
    """Each command once, with one example a group."""
    text = build_parser("faultline").format_help()
    assert re.findall(r"^for (\w+):", text, re.M) == ["operators", "engineers", "integrators"]
    assert text.count("  e.g. ") == 3
    for group in GROUPS.values():
        for name in group:
            assert len(re.findall(rf"^  {name} ", text, re.M)) == 1


@pytest.mark.parametrize("name", [name for group in GROUPS.values() for name in group])
def test_every_command_shows_an_example(name, capsys):
    """At the end of its own help."""
    with pytest.raises(SystemExit) as ended:
        build_parser("faultline").parse_args([name, "--help"])
    assert ended.value.code == 0
    assert f"faultline {name}" in capsys.readouterr().out.partition("example:")[2]


def test_version_names_what_it_runs_on():
    """Faultline, Python and torch, in one line."""
    found = run("--version")
    assert re.fullmatch(r"faultline \d+\.\d+\.\d+, Python 3\.\d+\.\d+, torch 2.*\n", found.stdout)


def test_simulate_is_the_simulator():
    """With all that follows it, options too."""
    found = run("simulate", "generate", "--help")
    assert found.stdout == run("generate", "--help", module="simulator").stdout
    assert "--rpm" in found.stdout


def test_dashboard_says_that_a_port_is_in_use():
    """In one line, before anything starts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = run("dashboard", "--port", str(port))
    assert found.returncode == 2
    assert found.stderr.startswith(f"error: dashboard: 127.0.0.1 port {port}: Address already in")
    assert found.stderr.count("\n") == 1


def test_an_unknown_command_is_one_line():
    """With where to read more."""
    found = run("trian")
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)
    assert "invalid choice: 'trian'" in found.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "wanted"),
    [("faultline insp", "inspect"), ("faultline export --st", "--start"),
     ("faultline simulate rep", "replay")],
)  # fmt: skip
def test_bash_completes_commands_and_options(words, wanted):
    """In a real bash that sourced what ``completion`` prints."""
    given = words.split()
    script = (
        f"source <({sys.executable} -m detector completion bash)\n"
        f"COMP_WORDS=({words}); COMP_CWORD={len(given) - 1}\n"
        "_shtab_faultline 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    found = subprocess.run([shutil.which("bash"), "-c", script], cwd=PROJECT, text=True,
                           capture_output=True, timeout=60, check=False)  # fmt: skip
    assert found.stdout.split() == [wanted], found.stderr


@pytest.mark.skipif(not OLD_PYTHONS, reason="no Python older than 3.11 on this machine")
@pytest.mark.parametrize("module", ["detector", "simulator"])
@pytest.mark.parametrize("python", OLD_PYTHONS, ids=lambda path: path.parts[-3])
def test_a_python_that_is_too_old_is_told_so(python, module):
    """No traceback of syntax it cannot read."""
    found = run("--help", python=str(python), module=module)
    assert found.returncode == 2
    assert re.fullmatch(r"error: Python 3\.\d+, allowed: 3\.11 to 3\.13\n", found.stderr)
