"""The house: imports run one way, and each heavy library has one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("detector", "dashboard", "simulator")
LIGHT = {"records", "settings", "store", "alarms", "thresholds", "errors"}
FAULT_LAB = "detector/training/lab/evaluate.py"  # the one place that imports the fault library
FAULT_LIBRARY = {"faults.inject", "recordings", "errors"}
HOMES = {
    "torch": {"detector/networks", "detector/training", "detector/scoring"},
    "matplotlib": {"detector/training/lab/report.py"},
    "safetensors": {
        "detector/scoring/bundle.py",
        "detector/references/storage.py",
        "detector/training/fitting/checkpoint.py",
    },
    "sklearn": {"detector/references", "detector/training"},
    "skops": {"detector/references/storage.py"},
    "paho": {"detector/ingest/mqtt.py", "simulator/live/publisher.py"},
    "streamlit": {"dashboard"},
    "plotly": {"dashboard"},
    "sqlalchemy": {"detector/store"},
    "amqtt": {"simulator/demo/broker.py"},
}


def sources():
    """Every Python file of ours, relative to the project."""
    found = [p.relative_to(PROJECT) for room in ROOMS for p in (PROJECT / room).rglob("*.py")]
    assert len(found) > 30
    return found


def imports_of(path):
    """Modules a file imports, anywhere in it."""
    for node in ast.walk(ast.parse((PROJECT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", sources(), ids=str)
def test_imports_run_one_way(path):
    """The simulator knows nobody, the dashboard only the light rooms, the detector not the page."""
    for name in imports_of(path):
        top, _, rest = name.partition(".")
        if top not in ROOMS or top == path.parts[0]:
            continue
        if str(path) == FAULT_LAB and top == "simulator":
            assert rest in FAULT_LIBRARY, f"{path} imports {name}"
            continue
        assert path.parts[0] == "dashboard", f"{path} imports {name}"
        assert top == "detector", f"{path} imports {name}"
        assert rest.split(".")[0] in LIGHT, f"{path} imports {name}"


@pytest.mark.parametrize("path", sources(), ids=str)
def test_heavy_libraries_have_one_home(path):
    """Torch, paho, streamlit, plotly and SQLAlchemy are imported only where they live."""
    for name in imports_of(path):
        homes = HOMES.get(name.split(".")[0])
        if homes is None:
            continue
        assert any(str(path).startswith(home) for home in homes), f"{path} imports {name}"


def test_listing_alarms_does_not_import_torch():
    """The light rooms and the command line start without it; so does the page's process."""
    code = (
        "import sys, detector.__main__, detector.cli.commands, detector.alarms.notify, "
        "detector.store.frames, detector.thresholds.methods; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("sessions", "scoring"), ("networks", "scoring"), ("scoring", "training"),
     ("references", "scoring"), ("sessions", "references"),
     ("store", "service"), ("ingest", "service"), ("networks", "training")],
)  # fmt: skip
def test_a_lower_room_does_not_know_a_higher_one(lower, higher):
    """Reading from bytes to marker, one always walks in the same direction."""
    for path in (PROJECT / "detector" / lower).rglob("*.py"):
        for name in imports_of(path):
            assert not name.startswith(f"detector.{higher}"), f"{path} imports {name}"
