"""All of Faultline on simulated motors: nothing to set up, nothing left behind."""

import http.client
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread

from simulator.demo.asked import AskedFaults
from simulator.demo.broker import HOST, Broker, Kind, start_broker, wait_until_ready
from simulator.demo.children import Child, Children
from simulator.demo.commissioning import Commissioner
from simulator.demo.fleet import FaultPlan, publish_all
from simulator.demo.machines import TICK_S, Machine, build
from simulator.errors import SimulatorError
from simulator.live.publisher import Publisher

PROJECT = Path(__file__).resolve().parents[2]
MODELS = ("motor-600rpm", "motor-1200rpm", "motor-variable", "motor-waveform")
PAGE_WITHIN_S = 90.0
SLEPT_S = 5.0  # further behind than this the computer was asleep, and the clock starts anew


@dataclass(frozen=True)
class Demo:
    """What to show: ``motors`` of them for ``seconds`` (None: until stopped) on ``port``."""

    port: int = 8501
    motors: int = 6
    seconds: float | None = None
    seed: int = 7
    broker: Kind = "auto"
    project: Path = PROJECT
    detector: tuple[str, ...] = ("-m", "detector", "serve")
    commission: tuple[str, ...] = ("-m", "detector", "commission")
    dashboard: tuple[str, ...] = ("-m", "streamlit", "run", "dashboard/app.py")


def run_demo(demo: Demo) -> int:
    """Run until stopped by Ctrl-C, SIGTERM or the end of ``seconds``; return the exit code.

    Raises:
        SimulatorError: If the port is busy, a model is missing or a part dies.
    """
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # From a thread: the signal may come while this one waits and holds the event's own lock.
        signal.signal(number, lambda *_: Thread(target=stop.set).start())
    _check(demo)
    say("starting broker, detector and dashboard; the first time takes half a minute")
    with tempfile.TemporaryDirectory(prefix="faultline-demo-") as name:
        run = Path(name)
        with _store(demo.project, run) as store, Children(run) as children:
            broker = _start(demo, run, store, children, stop)
            if _page_answers(demo.port, children, stop):
                _introduce(demo, broker, run, store)
                _show(demo, broker, run, children, stop)
        say("stopped; nothing is left running")
    return 0


def say(text: str) -> None:
    """Tell the operator one thing, with the time."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def _check(demo: Demo) -> None:
    """Refuse what cannot work before anything is started."""
    for model in MODELS:
        folder = demo.project / "models" / model
        if not (folder / "bundle.json").is_file():
            raise SimulatorError(f"{folder}: no model bundle there; make one with: make models")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, demo.port))
        except OSError as error:
            raise SimulatorError(
                f"{HOST}:{demo.port}: cannot listen ({error.strerror}); allowed: another --port"
            ) from error


@contextmanager
def _store(project: Path, run: Path) -> Iterator[Path]:
    """Name the file of the store, and remove it and its archive in the end.

    It is the default one, so that `python -m detector alarms` finds it from another terminal;
    where the user has a store, an archive or settings of their own it lies in the run folder.
    """
    default, archive = project / "faultline.db", project / "archive"
    if default.exists() or archive.exists() or (project / "faultline.toml").exists():
        yield run / default.name
        return
    try:
        yield default
    finally:
        for suffix in ("", "-wal", "-shm", "-reserve"):
            default.with_name(default.name + suffix).unlink(missing_ok=True)
        shutil.rmtree(archive, ignore_errors=True)


def _start(demo: Demo, run: Path, store: Path, children: Children, stop: Event) -> Broker:
    broker = start_broker(children, demo.broker, run, demo.project)
    wait_until_ready(broker, children, stop)
    settings = run / "faultline.toml"
    settings.write_text(_settings(broker, store), encoding="utf-8")
    env = _environment(settings)
    page = ("--server.port", str(demo.port), "--server.address", HOST, "--server.headless", "true")
    commands: Sequence[tuple[str, tuple[str, ...]]] = (
        ("detector", demo.detector),
        ("dashboard", (*demo.dashboard, *page)),
    )
    for name, arguments in commands:
        if not stop.is_set():
            children.start(name, [sys.executable, *arguments], env=env, folder=demo.project)
    return broker


def _settings(broker: Broker, store: Path) -> str:
    """Return the settings file of detector and dashboard."""
    sections = {
        "mqtt": f"{broker.settings}simulators = true\n",  # its motors take faults from the page
        "store": f'url = "sqlite:///{store}"\n',
        "dashboard": "start_detector = false\n",  # the demo starts its own, and only one
    }
    return "\n".join(f"[{name}]\n{lines}" for name, lines in sections.items())


def _environment(settings: Path) -> dict[str, str]:
    """Return ours without the user's own FAULTLINE_ variables, which would win over the file."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("FAULTLINE_")}
    own = {"FAULTLINE_SETTINGS": str(settings), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return env | own


def _page_answers(port: int, children: Children, stop: Event) -> bool:
    """Wait for the page; False if stopped meanwhile."""
    deadline = time.monotonic() + PAGE_WITHIN_S
    while not stop.wait(0.2):
        children.check()
        if answers(port):
            return True
        if time.monotonic() > deadline:
            raise SimulatorError(f"dashboard: no answer on port {port} in {PAGE_WITHIN_S:g} s")
    return False


def answers(port: int) -> bool:
    """Tell whether a web server on a loopback port answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2.0)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _introduce(demo: Demo, broker: Broker, run: Path, store: Path) -> None:
    named = "" if store.parent == demo.project else f"FAULTLINE_SETTINGS={run}/faultline.toml "
    sys.stdout.write(
        f"""
  Faultline is watching {demo.motors} simulated motors.

      http://{HOST}:{demo.port}

  Open a motor to see its signal, the reconstruction, the error and red anomaly markers.
  In 10 to 15 seconds a first fault comes, and an alarm with it; each goes by itself.
  Starts and stops are normal and raise none. Faults are told below as they come.
  Each motor is commissioned once it has run healthily for long enough, 40 s for most.
  Alarms as a list, from another terminal: {named}python -m detector alarms
  Samples travel over {broker.kind} at {broker.url}. Ctrl-C stops everything.

"""
    )
    sys.stdout.flush()


def _show(demo: Demo, broker: Broker, run: Path, children: Children, stop: Event) -> None:
    """Publish all motors on one absolute schedule until stopped or the time is over."""
    machines = build(demo.motors, demo.seed)
    plan = FaultPlan(machines, seed=demo.seed, say=say)
    commissioner = Commissioner(machines, ask=partial(_commission, demo, run, children), say=say)
    with Publisher(broker.url) as publisher:
        try:
            _stream(demo, machines, plan, commissioner, publisher, children, stop)
        except SimulatorError:
            children.check()  # a dead broker is the better story
            raise


def _stream(
    demo: Demo,
    machines: list[Machine],
    plan: FaultPlan,
    commissioner: Commissioner,
    publisher: Publisher,
    children: Children,
    stop: Event,
) -> None:
    offset, shown_s = time.time(), 0.0
    asked = AskedFaults(machines, publisher, offset, busy=lambda: plan.faulty, say=say)
    while demo.seconds is None or shown_s < demo.seconds:
        late_s = time.time() - offset - shown_s
        if late_s > SLEPT_S:
            offset += late_s
        if stop.wait(max(0.0, TICK_S - late_s)):
            return
        children.check()
        plan.advance(shown_s)
        asked.advance()
        publish_all(machines, publisher, offset, say)
        shown_s += TICK_S
        commissioner.advance(shown_s, offset, plan.faulty)


def _commission(
    demo: Demo, run: Path, children: Children, device: str, start: float, end: float
) -> Child:
    """Ask for a motor's own normal, as an engineer would, from a stretch in UTC seconds."""
    stretch = (
        "--start",
        datetime.fromtimestamp(start, UTC).isoformat(),
        "--end",
        datetime.fromtimestamp(end, UTC).isoformat(),
    )
    return children.start(
        f"commission {device}",
        [sys.executable, *demo.commission, device, *stretch, "--who", "demo"],
        env=_environment(run / "faultline.toml"),
        folder=demo.project,
        is_lasting=False,
    )
