"""The demo's processes, with small stand-ins for detector and dashboard."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib

import psutil
import pytest

from simulator.demo.broker import free_port
from simulator.demo.demo import MODELS
from tests.support.processes.programs import Program

DEADLINE_S = 45.0

DETECTOR = """
import os, pathlib, subprocess, sys, threading
pathlib.Path("variables").write_text("\\n".join(n for n in os.environ if "FAULTLINE" in n))
pathlib.Path("settings").write_text(pathlib.Path(os.environ["FAULTLINE_SETTINGS"]).read_text())
subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
threading.Event().wait()
"""
DASHBOARD = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
port = int(sys.argv[sys.argv.index("--server.port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Page).serve_forever()
"""
SILENT = "import threading; threading.Event().wait()"
DEAF = "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SILENT
DYING = "import sys; sys.exit('the model is on fire')"
RUN = """
import json, pathlib, sys
from simulator.demo import children
from simulator.demo import demo
children.GRACE_S = 1.0
options = json.loads(sys.argv[1])
try:
    sys.exit(demo.run_demo(demo.Demo(
        project=pathlib.Path.cwd(),
        detector=("detector.py",),
        dashboard=("dashboard.py",),
        **options,
    )))
except demo.SimulatorError as error:
    sys.stderr.write(f"{error}\\n")
    sys.exit(error.exit_code)
"""


class Show:
    """A demo running in a folder of its own."""

    def __init__(self, folder, detector=DETECTOR, dashboard=DASHBOARD, models=True, **options):
        self.folder = folder
        self.runs = folder / "runs"
        self.runs.mkdir()
        for name, text in (("detector", detector), ("dashboard", dashboard), ("run", RUN)):
            (folder / f"{name}.py").write_text(text)
        for model in MODELS if models else ():
            (folder / "models" / model).mkdir(parents=True)
            (folder / "models" / model / "bundle.json").touch()
        self.port = options.setdefault("port", free_port())
        self.program = Program(
            "run",
            json.dumps(options),
            cwd=folder,
            output=folder / "out",
            errors=folder / "err",
            env={**os.environ, "TMPDIR": str(self.runs), "FAULTLINE_STORE__URL": "wrong"},
        )

    @property
    def process(self):
        """The demo itself, while it runs."""
        return psutil.Process(self.program.pid)

    def family(self):
        """What it has started, and they; nothing once it has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return self.process.children(recursive=True)
        return []

    @property
    def out(self):
        """Standard output so far."""
        return (self.folder / "out").read_text()

    @property
    def err(self):
        """Standard error so far."""
        return (self.folder / "err").read_text()

    def wait_for(self, condition):
        """Wait until ``condition()`` holds."""
        end = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end, self.out + self.err
            threading.Event().wait(0.02)

    def end(self, number=None):
        """Send a signal, if any; return exit code and what is left: processes, run folders."""
        family = self.family()
        if number is not None:
            self.program.send_signal(number)
        code = self.program.wait(DEADLINE_S)
        alive = [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        return code, alive, list(self.runs.iterdir())


@pytest.fixture
def show(tmp_path):
    """Start a demo; whatever it leaves is killed at the end."""
    started = []

    def start(**options):
        started.append(Show(tmp_path, **options))
        return started[-1]

    yield start
    for one in started:
        if one.program.poll() is None:
            for process in [one.process, *one.family()]:
                process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("broker", ["mosquitto", "amqtt"])
def test_signal_leaves_nothing_behind(show, number, broker):
    """A signal stops all children and theirs, removes the run folder and counts as success."""
    running = show(broker=broker)
    running.wait_for(lambda: "watching 6 simulated motors" in running.out)
    running.wait_for(lambda: len(running.family()) == 4)
    assert running.end(number) == (0, [], [])
    assert running.err == ""


def test_signal_during_startup(show):
    """Ctrl-C before the page answers leaves nothing behind either."""
    running = show(dashboard=SILENT)
    running.wait_for(lambda: len(running.process.children()) == 3)
    assert running.end(signal.SIGINT) == (0, [], [])


def test_deaf_child_is_killed(show):
    """A child that ignores the request to end is killed."""
    running = show(detector=DEAF)
    running.wait_for(lambda: "watching" in running.out)
    assert running.end(signal.SIGTERM) == (0, [], [])


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv (util-linux)")
def test_killed_demo_takes_its_children_along(show):
    """Even killed outright the demo leaves no broker, detector or dashboard."""
    running = show(detector=SILENT)
    running.wait_for(lambda: "watching" in running.out)
    family = running.process.children()
    running.process.kill()
    _, alive = psutil.wait_procs(family, timeout=DEADLINE_S)
    assert not alive


def test_dead_child_ends_the_demo(show):
    """A child that dies is told with its last lines, the rest is stopped, the exit code is 1."""
    running = show(detector=DYING, dashboard=SILENT)
    assert running.end() == (1, [], [])
    assert "detector ended with exit code 1" in running.err
    assert "the model is on fire" in running.err


def test_seconds_end_the_demo(show):
    """The demo ends by itself after so many seconds of showing."""
    running = show(seconds=0.5)
    assert running.end() == (0, [], [])
    assert "watching" in running.out


def test_busy_port_is_told_before_anything_starts(show):
    """A port in use is one line and exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        running = show(port=busy.getsockname()[1])
        assert running.end() == (2, [], [])
    assert running.err.count("\n") == 1
    assert "allowed: another --port" in running.err
    assert running.out == ""


def test_missing_model_is_told_before_anything_starts(show):
    """A missing model is one line and exit code 2."""
    running = show(models=False)
    assert running.end() == (2, [], [])
    assert "no model bundle" in running.err
    assert running.err.count("\n") == 1


@pytest.mark.parametrize(("broker", "protocol"), [("mosquitto", None), ("amqtt", "3.1.1")])
def test_children_get_their_settings(show, broker, protocol):
    """The settings name the private broker, its protocol and the default store."""
    running = show(broker=broker, dashboard=SILENT)
    running.wait_for((running.folder / "settings").exists)
    running.wait_for(lambda: "[dashboard]" in (running.folder / "settings").read_text())
    settings = tomllib.loads((running.folder / "settings").read_text())
    assert settings["dashboard"] == {"start_detector": False}
    assert settings["mqtt"]["url"].startswith("mqtt://127.0.0.1:")
    assert settings["mqtt"].get("protocol") == protocol
    assert settings["store"]["url"] == f"sqlite:///{running.folder}/faultline.db"
    running.end(signal.SIGTERM)


@pytest.mark.parametrize("own", ["faultline.db", "faultline.toml", "archive"])
def test_a_store_of_the_users_own_is_left_alone(show, tmp_path, own):
    """Where there is one, or settings that may name one, the demo keeps its own elsewhere."""
    (tmp_path / own).write_text("mine")
    running = show(dashboard=SILENT)
    running.wait_for((running.folder / "settings").exists)
    running.wait_for(lambda: "[dashboard]" in (running.folder / "settings").read_text())
    settings = tomllib.loads((running.folder / "settings").read_text())
    assert settings["store"]["url"].startswith(f"sqlite:///{running.runs}/")
    running.end(signal.SIGTERM)
    assert (running.folder / own).read_text() == "mine"


def test_the_archive_goes_with_the_store(show):
    """Nothing of either is left in the folder."""
    running = show(dashboard=SILENT)
    running.wait_for((running.folder / "settings").exists)
    (running.folder / "archive" / "device=m").mkdir(parents=True)
    (running.folder / "archive" / "device=m" / "00-1.parquet").write_bytes(b"x")
    for beside in ("", "-wal", "-shm", "-reserve"):
        (running.folder / f"faultline.db{beside}").touch()
    running.end(signal.SIGTERM)
    assert not (running.folder / "archive").exists()
    assert not list(running.folder.glob("faultline.db*"))


def test_own_variables_do_not_reach_the_children(show):
    """A FAULTLINE_ variable of the user, which would win over the file, is left out."""
    running = show()
    running.wait_for((running.folder / "settings").exists)
    assert (running.folder / "variables").read_text() == "FAULTLINE_SETTINGS"
    running.end(signal.SIGTERM)


def test_subprocess_module_runs():
    """The command teaches itself."""
    shown = subprocess.run(
        [sys.executable, "-m", "simulator", "demo", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE_S,
    )
    assert "python -m simulator demo" in shown.stdout
