"""The units and the containers of docs/operations.md, as far as they can be checked without either.

No image is built and no unit is started here.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from detector.cli.parser import GROUPS, build_parser
from detector.settings.load import load_settings

PROJECT = Path(__file__).resolve().parents[1]
UNITS = sorted((PROJECT / "docs" / "systemd").glob("*.service"))
CONTAINERFILE, COMPOSE = PROJECT / "Containerfile", PROJECT / "compose.yaml"
FILES = [*UNITS, CONTAINERFILE, COMPOSE]
PYTHON = "/opt/faultline/.venv/bin/python"
VARIABLE = re.compile(r"\b(FAULTLINE_[A-Z_]+)(?:=|: )(\S*)")


def compose():
    """The services of ``compose.yaml``."""
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(COMPOSE.read_text())["services"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_variable_is_a_setting_and_has_a_value_it_takes(path, monkeypatch, tmp_path):
    """Read as the detector would read them."""
    found = dict(VARIABLE.findall(path.read_text()))
    assert found
    settings = tmp_path / "faultline.toml"
    settings.touch()
    for name, value in found.items():
        if name != "FAULTLINE_SETTINGS" and value:
            monkeypatch.setenv(name, value.strip("\"'").replace("%d/mqtt", str(settings)))
    monkeypatch.setenv("FAULTLINE_SETTINGS", str(settings))
    assert load_settings().store.url.startswith("sqlite:///")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_each_unit_starts_a_command_that_there_is(unit):
    """With options that it takes."""
    [line] = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
    python, *arguments = shlex.split(line)
    assert (python, arguments[:2]) == (PYTHON, ["-m", "detector"])
    build_parser().parse_args(arguments[2:])


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit, tmp_path):
    """Where systemd is installed; the interpreter is this one."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(PYTHON, sys.executable))
    verify = ["systemd-analyze", "verify", "--man=no", str(copy)]
    checked = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    about = [line for line in checked.stderr.splitlines() if unit.name in line]
    assert about == []


def test_the_image_holds_what_it_copies_and_runs_a_command_that_there_is():
    """Each path is there; nothing runs as root."""
    text = CONTAINERFILE.read_text()
    copied = [word for words in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE)
              for word in words.split()]  # fmt: skip
    assert {"detector", "dashboard", "simulator", "models", ".streamlit"} <= set(copied)
    assert [name for name in copied if not (PROJECT / name).exists()] == []
    assert re.search(r'^ENTRYPOINT \["python", "-m", "detector"\]$', text, re.MULTILINE)
    assert text.index("\nUSER faultline") < text.index("\nENTRYPOINT")


def pins(name):
    """Package -> version of a requirement list."""
    lines = (PROJECT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_a_small_computer_gets_the_same_versions_and_no_torch():
    """Whichever list the image is made of: all that is in both is the same in both."""
    small, whole = (
        pins("requirements-onnx.txt"),
        pins("requirements.txt") | pins("requirements-dev.txt"),
    )
    assert {name: whole.get(name) for name in small} == small
    assert {"torch", "streamlit", "plotly", "onnx"} & set(small) == set()
    assert "requirements-onnx.txt" in CONTAINERFILE.read_text()


def test_compose_runs_commands_that_there_are_and_publishes_to_this_machine_only():
    """And mounts files that are there."""
    services = compose()
    assert set(services) == {"mosquitto", "detector", "dashboard"}
    for name in ("detector", "dashboard"):
        build_parser().parse_args(services[name]["command"])
        assert (PROJECT / services[name]["build"]["dockerfile"]).exists()
    for service in services.values():
        assert service["healthcheck"]["test"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        own = [one.split(":")[0] for one in service["volumes"] if one.startswith(".")]
        assert [one for one in own if not (PROJECT / one).exists()] == []


def test_the_health_checks_in_python_compile():
    """They are one line each."""
    for name in ("detector", "dashboard"):
        _, python, option, code = compose()[name]["healthcheck"]["test"]
        assert (python, option) == ("python", "-c")
        compile(code, name, "exec")


def test_the_page_of_operations_names_commands_that_there_are():
    """Of ``faultline`` and of ``python -m``."""
    page = (PROJECT / "docs" / "operations.md").read_text()
    known = {name for group in GROUPS.values() for name in group}
    assert set(re.findall(r"\bfaultline ([a-z]+) --", page)) <= known
    for module in re.findall(r"python -m (benchmarks\.[\w.]+)", page):
        assert PROJECT.joinpath(*module.split(".")).with_suffix(".py").exists()
