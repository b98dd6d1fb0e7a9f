"""What each sub-command of ``python -m detector`` does. Each returns what it prints."""

from __future__ import annotations

import argparse
import dataclasses
import math
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from tqdm import tqdm

from detector.errors import SessionFileError, TrainingError
from detector.records import Alarm, DeviceStatus
from detector.settings import RunningSignal, Settings, load_settings
from detector.store import alarms, devices
from detector.store.schema import open_store


def serve(args: argparse.Namespace) -> str:
    """Run the detector until Ctrl-C or SIGTERM."""
    from detector.service import Detector

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    Detector(load_settings(args.settings)).run(stop)
    return ""


def train(args: argparse.Namespace) -> str:
    """Train a bundle and write it."""
    from detector.scoring.bundle import save_bundle
    from detector.training.dataset import load_dataset
    from detector.training.fit import FitPlan
    from detector.training.train import TrainOptions
    from detector.training.train import train as train_bundle

    dataset = load_dataset(
        [source(text, args.limit_rows) for text in args.sessions],
        features=args.features,
        running=running_signal(args.running),
        find_running=args.running == "auto",
    )
    hours = sum(len(s.ts) for s in dataset.sessions) * dataset.sampling_period_s / 3600
    say(
        f"{len(dataset.sessions)} sessions, {hours:.2f} h at "
        f"{1 / dataset.sampling_period_s:.4g} Hz, features {', '.join(dataset.features)}, "
        f"judged {_judged_where(dataset.signal, args.running)}"
    )
    plan = FitPlan(
        **_given(epochs=args.epochs, min_steps=args.min_steps, learning_rate=args.learning_rate)
    )
    options = TrainOptions(
        network=args.network,
        config=_given(hidden=args.hidden),
        window=args.window,
        scaling=args.scaling,
        baseline=args.baseline,
        smoothing=args.smoothing,
        level_gate=args.running == "level",
        units=dict(args.unit or []),
        seed=args.seed,
        plan=plan,
    )
    bundle = train_bundle(dataset, options, args.out.name)
    save_bundle(bundle, args.out)
    metrics = bundle.document.metrics
    return "\n".join(
        [
            f"held-out MSE {metrics['held_out_mse']:.4f} (block 1: "
            f"{metrics['held_out_mse_of_block_1']:.4f}; PCA with as many components "
            f"{metrics['pca_held_out_mse_of_block_1']:.4f})",
            bundle.card().provenance,
            f"written: {args.out} ({_size_kb(args.out):.0f} kB)",
        ]
    )


def score(args: argparse.Namespace) -> str:
    """Score session files into one CSV or Parquet file."""
    import pandas as pd

    from detector.scoring.bundle import load_bundle
    from detector.scoring.files import frames_to_table, score_file
    from detector.sessions.files import find_files

    bundle = load_bundle(args.model)
    tables = []
    for path in tqdm(find_files(args.files), unit="file", disable=len(args.files) < 2):
        tables += [frames_to_table(found) for found in score_file(bundle, path, args.threshold)]
    table = pd.concat(tables, ignore_index=True)
    try:
        if args.out.suffix == ".parquet":
            table.to_parquet(args.out, index=False)
        else:
            table.to_csv(args.out, index=False)
    except OSError as error:
        raise SessionFileError(f"{args.out}: cannot be written ({error.strerror})") from None
    anomalies = int(table["anomaly"].sum())
    return f"written: {args.out}, {len(table)} samples, {anomalies} anomalies"


def list_alarms(args: argparse.Namespace) -> str:
    """Alarms in the store, the newest first."""
    with _store(args).begin() as connection:
        found = alarms.listed(connection, args.device, args.limit)
    if args.json:
        return _json([dataclasses.asdict(alarm) for alarm in found])
    return _table(("id", "device", "state", "start", "seconds", "peak", "most from"),
                  [_alarm_row(alarm) for alarm in found], "no alarms")  # fmt: skip


def list_devices(args: argparse.Namespace) -> str:
    """Devices in the store."""
    with _store(args).begin() as connection:
        found = devices.every(connection)
    if args.json:
        return _json([_device_object(status) for status in found])
    rows: list[tuple[str, ...]] = [
        (s.device, s.state.value, _number(s.score), _time(s.last_ts), _number(s.rate_hz),
         s.reason or "") for s in found
    ]  # fmt: skip
    return _table(("device", "state", "score", "last sample", "Hz", "reason"), rows, "no devices")


def say(line: str) -> None:
    """Print a line at once, above a progress bar."""
    tqdm.write(line)


def source(text: str, limit_rows: int | None) -> tuple[Path, int | None]:
    """``PATH`` or ``PATH:ROWS`` to a path and a limit of rows per file."""
    path, colon, rows = text.rpartition(":")
    if colon and rows.isdigit() and not Path(text).exists():
        return Path(path), int(rows)
    return Path(text), limit_rows


def running_signal(text: str) -> RunningSignal | None:
    """``NAME:MIN[:MAX]`` to a running signal; None for the words ``auto``, ``level``, ``always``.

    Raises:
        TrainingError: If it is none of these.
    """
    if text in {"auto", "level", "always"}:
        return None
    name, *limits = text.split(":")
    try:
        low, high = float(limits[0]), float(limits[1]) if len(limits) > 1 else math.inf
    except (ValueError, IndexError):
        raise TrainingError(
            f"--running {text!r}, allowed: auto, level, always or NAME:MIN[:MAX]"
        ) from None
    return RunningSignal(feature=name, min=low, max=high)


def _judged_where(signal: RunningSignal | None, asked: str) -> str:
    if signal is not None:
        return f"where {signal.feature} is {signal.min:g} to {signal.max:g}"
    if asked == "level":
        return "by the signal's own level (a fault that lowers it is missed)"
    return "in every state"


def _store(args: argparse.Namespace) -> Any:  # noqa: ANN401 -- an SQLAlchemy engine
    settings: Settings = load_settings(args.settings)
    return open_store(settings.store.url)


def _given(**options: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever the options are
    return {name: value for name, value in options.items() if value is not None}


def _size_kb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir()) / 1000


def _json(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode()


def _device_object(status: DeviceStatus) -> dict[str, Any]:
    fields = dataclasses.asdict(status)
    fields["rate"] = fields.pop("rate_hz")
    fields["model"] = None if status.model is None else status.model.name
    return fields


def _alarm_row(alarm: Alarm) -> tuple[str, ...]:
    seconds = "" if alarm.end is None else f"{alarm.end - alarm.start:.1f}"
    most = max(alarm.contributions, key=alarm.contributions.__getitem__, default="")
    return (str(alarm.id), alarm.device, alarm.state, _time(alarm.start), seconds,
            _number(alarm.peak_score), most)  # fmt: skip


def _time(ts: float) -> str:
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]], none: str) -> str:
    if not rows:
        return none
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
             for row in [head, *rows]]  # fmt: skip
    return "\n".join(line.rstrip() for line in lines)
