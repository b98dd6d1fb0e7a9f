"""A recorded pump rig, live: train, serve, replay over mosquitto, and look at the page.

Trains an LSTM autoencoder on the long normal run and the first 400 rows of every ``valve1`` file
of the Skoltech Anomaly Benchmark, serves it, replays the files side by side at 20 times their
speed, and prints when each labelled fault became an alarm and which alarms were false. Threshold
and model see no row after the 400th.

    python -m benchmarks.detection.skab_live --data DIR --screenshot docs/skab.png
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from benchmarks.lib.services import PROJECT, start_broker, wait_for
from detector.sessions.files import read_recordings
from detector.store.schema import alarm_log, alarms, frames, open_store
from simulator.demo.broker import HOST, accepts, free_port
from simulator.demo.children import Child, Children

NORMAL_ROWS = 400
SPEED = 20
DRAIN_S = 60.0
PAUSE_S = 5.0  # after the last sample, for its alarms


@dataclass(frozen=True)
class Row:
    """One replayed file: times in seconds of the rig's clock."""

    name: str
    onset_s: float
    end_s: float
    raised_s: list[float]

    @property
    def delay_s(self) -> float | None:
        """From the label's onset to the first alarm within the label; None when missed."""
        within = [t for t in self.raised_s if self.onset_s <= t <= self.end_s]
        return within[0] - self.onset_s if within else None

    @property
    def before(self) -> int:
        """False alarms before the onset."""
        return sum(t < self.onset_s for t in self.raised_s)

    @property
    def after(self) -> int:
        """Alarms raised after the label's end."""
        return sum(t > self.end_s for t in self.raised_s)


def main() -> int:
    """Run it and print the table."""
    args = _arguments()
    data = args.data / "skab"
    files = [data / "valve1" / f"{name}.csv" for name in args.files]
    with tempfile.TemporaryDirectory(prefix="faultline-skab-") as name:
        run = Path(name)
        _train(data, run / "pump")
        with Children(run) as children:
            rows = _watch(children, run, files, args)
    _print(rows)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds skab/")
    parser.add_argument("--files", nargs="+", default=[str(i) for i in range(16)],
                        help="valve1 files (default: all 16)")  # fmt: skip
    parser.add_argument("--screenshot", type=Path, help="PNG of the device page while in alarm")
    parser.add_argument("--show", default="0", help="file on the screenshot (default: 0)")
    return parser.parse_args()


def _train(data: Path, out: Path) -> None:
    sessions = [data / "anomaly-free", f"{data / 'valve1'}:{NORMAL_ROWS}"]
    command = [
        sys.executable, "-m", "detector", "train", "--sessions", *sessions, "--window", "30",
        # The rig's runs never start alike, and the long run is another operating point.
        "--baseline", "100", "--running", "Accelerometer1RMS:0:0.1", "--seed", "7", "--out", out,
    ]  # fmt: skip
    subprocess.run([str(part) for part in command], cwd=PROJECT, env=_environment(), check=True)


def _environment(**more: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FAULTLINE_")}
    return {**kept, "OMP_NUM_THREADS": "1", **more}


def _watch(
    children: Children, run: Path, files: Sequence[Path], args: argparse.Namespace
) -> list[Row]:
    _, url = start_broker(children, run)
    page = _serve(children, run, url)
    store = open_store(f"sqlite:///{run}/faultline.db")
    replays = [_replay(children, url, path) for path in files]
    if args.screenshot:
        _screenshot(page, f"valve1-{args.show}", args.screenshot)
    for replay in replays:
        replay.process.wait(DRAIN_S * 3)
    time.sleep(PAUSE_S)
    return [_row(store, path) for path in files]


def _serve(children: Children, run: Path, url: str) -> str:
    """Start detector and dashboard; returns the page's address."""
    settings, port = run / "faultline.toml", free_port()
    settings.write_text(
        f'[mqtt]\nurl = "{url}"\n[store]\nurl = "sqlite:///{run}/faultline.db"\n'
        f"[dashboard]\nstart_detector = false\n"
        f'[[devices]]\nmatch = "valve1-*"\nmodel = "{run}/pump"\n'
    )
    env = _environment(FAULTLINE_SETTINGS=str(settings))
    python = [sys.executable, "-m"]
    children.start("detector", [*python, "detector", "serve"], folder=PROJECT, env=env)
    page = [*python, "streamlit", "run", "dashboard/app.py",
            "--server.port", str(port), "--server.address", HOST]  # fmt: skip
    children.start("dashboard", page, folder=PROJECT, env=env)
    wait_for(lambda: accepts(port), children, "the page answers")
    with urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=30):
        return f"http://{HOST}:{port}"


def _replay(children: Children, url: str, path: Path) -> Child:
    command = [
        sys.executable, "-m", "simulator", "replay", str(path), "--mqtt", url,
        "--device", f"valve1-{path.stem}", "--speed", str(SPEED), "--batch", "10", "--qos", "1",
    ]  # fmt: skip
    return Children.start(children, f"replay-{path.stem}", command, folder=PROJECT)


def _screenshot(page: str, device: str, path: Path) -> None:
    """The device page two seconds into the alarm."""
    command = [sys.executable, str(PROJECT / "docs" / "screenshot.py"),
               f"{page}/device?device={device}", str(path),
               "--until", "Alarm since", "--wait", "2", "--height", "1260"]  # fmt: skip
    subprocess.run(command, check=True)


def _row(store: Any, path: Path) -> Row:  # noqa: ANN401 -- an SQLAlchemy engine
    [recording] = read_recordings([path])
    ts, label = recording.samples.ts, recording.label
    assert label is not None
    labelled = ts[label] - ts[0]
    device = f"valve1-{path.stem}"
    of_device = select(alarms.c.id).where(alarms.c.device == device)
    raised = (
        select(alarm_log.c.ts)
        .where(alarm_log.c.transition == "raised", alarm_log.c.alarm_id.in_(of_device))
        .order_by(alarm_log.c.ts)
    )
    with store.begin() as connection:
        first = connection.execute(
            select(frames.c.start).where(frames.c.device == device).order_by(frames.c.id)
        ).scalar()
        times = [row.ts - first for row in connection.execute(raised)]
    return Row(path.stem, float(labelled[0]), float(labelled[-1]), times)


def _print(rows: Sequence[Row]) -> None:
    print("\nfile  label, s      alarm raised after, s  before onset  after the label's end")
    for row in rows:
        delay = "missed" if row.delay_s is None else f"{row.delay_s:.0f}"
        print(f"{row.name:>4}  {row.onset_s:4.0f} to {row.end_s:4.0f}  {delay:>21}  "
              f"{row.before:12d}  {row.after:21d}")  # fmt: skip
    found = [row.delay_s for row in rows if row.delay_s is not None]
    print(f"\n{len(found)} of {len(rows)} faults found, median delay {np.median(found):.0f} s; "
          f"{sum(row.before for row in rows)} alarms before onset in "
          f"{sum(row.onset_s for row in rows) / 3600:.2f} h, "
          f"{sum(row.after for row in rows)} after a label's end")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
