"""The demo's processes, with small stand-ins for detector and dashboard."""

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

import numpy as np
import psutil
import pytest

from simulator.demo.broker import free_port
from simulator.demo.demo import MODELS
from simulator.demo.fleet import FaultPlan, publish_all
from simulator.demo.machines import HEARD, HF_HZ, SHOWN, build
from simulator.machines.motor import FEATURES
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
        self.process = psutil.Process(self.program.pid)

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
        family = self.process.children(recursive=True)
        if number is not None:
            self.process.send_signal(number)
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
            for process in [one.process, *one.process.children(recursive=True)]:
                process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("broker", ["mosquitto", "amqtt"])
def test_signal_leaves_nothing_behind(show, number, broker):
    """A signal stops all children and theirs, removes the run folder and counts as success."""
    running = show(broker=broker)
    running.wait_for(lambda: "watching 6 simulated motors" in running.out)
    running.wait_for(lambda: len(running.process.children(recursive=True)) == 4)
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
    running.end(signal.SIGTERM)
    assert not (running.folder / "archive").exists()


def test_own_variables_do_not_reach_the_children(show):
    """A FAULTLINE_ variable of the user, which would win over the file, is left out."""
    running = show()
    running.wait_for((running.folder / "settings").exists)
    assert (running.folder / "variables").read_text() == "FAULTLINE_SETTINGS"
    running.end(signal.SIGTERM)


def play(machines, seconds):
    """Run a fault plan for so long and return (second, text) of what it told."""
    told, now = [], 0.0
    plan = FaultPlan(machines, seed=7, say=lambda text: told.append((now, text)))
    while now < seconds:
        plan.advance(now)
        for machine in machines:
            machine.batch(0.0)
        now += 0.25
    return told


@pytest.fixture(scope="module")
def hall():
    """The motors of the demo."""
    return build(6, seed=7)


@pytest.fixture(scope="module")
def ten_minutes(hall):
    """What is told of a motor at a fixed speed, one heard at kilohertz and one on an inverter."""
    return play(build(3, seed=7), 600.0)


def test_faults_come_and_go(ten_minutes):
    """The first fault comes after 10-15 s, each lasts 15-25 s, then 20-40 s are healthy."""
    times = np.array([second for second, _ in ten_minutes])
    assert 10 <= times[0] <= 15.5
    assert ((np.diff(times)[::2] >= 15) & (np.diff(times)[::2] <= 25.5)).all()
    assert ((np.diff(times)[1::2] >= 20) & (np.diff(times)[1::2] <= 42)).all()


def test_families_and_motors_rotate(ten_minutes):
    """Each family has its turn: those that are heard on the waveform, the others elsewhere."""
    told = [text.split()[:2] for _, text in ten_minutes if text.endswith(" s")]
    heard = [family for device, family in told if device == "motor-hf-1:"]
    others = [family for device, family in told if device != "motor-hf-1:"]
    assert heard[:2] == list(HEARD[:2])
    assert others[: len(SHOWN)] == list(SHOWN)
    assert {device for device, _ in told} == {"motor-600-1:", "motor-hf-1:", "motor-vs-1:"}


def test_fault_is_on_the_wire():
    """While a fault is told, its feature is faulty and the motor runs."""
    machines = build(1, seed=7)
    healthy = [machines[0].batch(0.0) for _ in range(20)]
    (_, text), *_ = play(machines, 14.0)
    feature = next(name for name in FEATURES if name in text)
    noisy = [machines[0].batch(0.0) for _ in range(20)]
    level = [np.concatenate([b[feature] for b in blocks]).std() for blocks in (healthy, noisy)]
    assert "noise" in text
    assert level[1] > 3 * level[0]


def test_each_kind_of_motor_is_there(hall):
    """One of each kind and two of each fixed speed, running from the start."""
    names = [machine.name for machine in hall]
    assert names == ["motor-600-1", "motor-hf-1", "motor-vs-1", "motor-1200-1",
                     "motor-600-2", "motor-1200-2"]  # fmt: skip
    assert all(machine.batch(0.0)["rpm"].min() > 399 for machine in build(6, seed=7))


class Wire:
    """Keeps what is published."""

    def __init__(self):
        self.messages = []

    def publish(self, device, columns, *, session=None, rate_hz=None):
        """As ``Publisher.publish``."""
        self.messages.append((device, columns, session, rate_hz))


def test_a_waveform_comes_in_bursts(hall):
    """2 s in 5 at 12.8 kHz, without a hole in a burst, each with a name of its own."""
    wire, heard = Wire(), hall[1]
    for _ in range(28):  # 7 s
        publish_all([heard], wire, 1e9, lambda _: None)

    sessions = {}
    for device, columns, session, rate_hz in wire.messages:
        assert (device, rate_hz) == ("motor-hf-1", HF_HZ)
        sessions.setdefault(session, []).append(columns["ts"])
    first, second = (np.concatenate(parts) for parts in sessions.values())
    assert len(first) == len(second) == round(2 * HF_HZ)
    assert second[0] - first[0] == pytest.approx(5.0, abs=1e-4)
    assert np.diff(first) == pytest.approx(1 / HF_HZ, abs=2e-6)


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
