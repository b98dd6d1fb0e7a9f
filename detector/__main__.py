"""``python -m detector``: train models, score recordings, run the detector, look at its store."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

# Before torch is imported: with two threads on a busy machine a 0.7 ms call became 45 ms.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from detector import commands
from detector.errors import FaultlineError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one sub-command; returns the exit code."""
    args = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if args.command == "serve" else logging.WARNING,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    try:
        answer = args.run(args)
    except FaultlineError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("stopped, nothing was written", file=sys.stderr)
        return EXIT_INTERRUPTED
    if answer:
        print(answer)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m detector",
        description="Live anomaly detection for machines that publish sensor samples over MQTT.",
    )
    parts = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(parts)
    _add_train(parts)
    _add_score(parts)
    _add_alarms(parts)
    _add_devices(parts)
    return parser


if TYPE_CHECKING:
    Parts: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _part(parts: Parts, name: str, about: str, example: str) -> argparse.ArgumentParser:
    return parts.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_settings(part: argparse.ArgumentParser) -> None:
    part.add_argument(
        "--settings", type=Path, metavar="FILE",
        help="settings file (default: the one named by FAULTLINE_SETTINGS, else faultline.toml)",
    )  # fmt: skip


def _add_serve(parts: Parts) -> None:
    part = _part(
        parts, "serve", "run the detector until Ctrl-C",
        "FAULTLINE_MQTT__URL=mqtt://broker:1883 python -m detector serve",
    )  # fmt: skip
    _add_settings(part)
    part.set_defaults(run=commands.serve)


def _add_train(parts: Parts) -> None:
    part = _part(
        parts, "train", "train a model on normal sessions",
        "python -m detector train --sessions runs/normal --out models/pump-1\n"
        "  python -m detector train --sessions rig/long rig/short:400 --window 30 "
        "--baseline 100 --out models/rig",
    )  # fmt: skip
    add = part.add_argument
    add("--sessions", nargs="+", required=True, metavar="PATH[:ROWS]",
        help="session files or folders; :ROWS reads that many rows of each file")  # fmt: skip
    add("--out", type=Path, required=True, help="folder of the bundle, for example models/pump-1")
    add("--network", default="lstm_ae", help="network to train (default: %(default)s)")
    add("--window", type=_at_least(2), default=60, metavar="L",
        help="samples per window; at least four revolutions (default: %(default)s)")  # fmt: skip
    add("--features", type=_names, metavar="A,B,…",
        help="columns to model (default: all but a running signal)")  # fmt: skip
    add("--limit-rows", type=_at_least(1), metavar="ROWS", help="rows to read of each file")
    add("--running", default="auto", metavar="NAME:MIN[:MAX]",
        help="judge only where this column is in range; auto: a column rpm or running; level: by "
        "the signal's own level, which costs detection; always (default: %(default)s)")  # fmt: skip
    add("--baseline", type=_at_least(0), default=0, metavar="N",
        help="take the mean of a session's first N samples off, for machines that never start "
        "alike (default: none)")  # fmt: skip
    add("--smoothing", type=_at_least(1), default=1, metavar="N",
        help="windows whose error terms are averaged, at most 1 s (default: none)")  # fmt: skip
    add("--scaling", choices=("standard", "minmax", "robust"), default="standard",
        help="how features are scaled (default: %(default)s)")  # fmt: skip
    add("--unit", type=_unit, action="append", metavar="NAME=UNIT",
        help="unit of a feature, may be repeated")  # fmt: skip
    add("--hidden", type=_at_least(1), help="width of the latent (default: the network's own)")
    add("--epochs", type=_at_least(1),
        help="most epochs; an epoch is at most 100 batches (default: 15)")  # fmt: skip
    add("--min-steps", type=_at_least(1),
        help="batches before early stopping may end it (default: 800)")  # fmt: skip
    add("--learning-rate", type=float, help="of Adam at its highest (default: 0.008)")
    add("--seed", type=int, default=0, help="same seed, same bytes (default: %(default)s)")
    part.set_defaults(run=commands.train)


def _add_score(parts: Parts) -> None:
    part = _part(
        parts, "score", "score recorded sessions with a model",
        "python -m detector score --model models/motor-600rpm run.csv --out scored.csv",
    )  # fmt: skip
    part.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV or Parquet")
    part.add_argument("--model", type=Path, required=True, help="folder of the bundle")
    part.add_argument("--out", type=Path, required=True, help="CSV or Parquet file to write")
    part.add_argument("--threshold", type=float, default=1.0,
                      help="score of an anomaly (default: %(default)s)")  # fmt: skip
    part.set_defaults(run=commands.score)


def _add_alarms(parts: Parts) -> None:
    part = _part(
        parts, "alarms", "list alarms, the newest first", "python -m detector alarms --json"
    )
    part.add_argument("--device", help="of this device only")
    part.add_argument("--limit", type=_at_least(1), default=100,
                      help="at most so many (default: %(default)s)")  # fmt: skip
    part.add_argument("--json", action="store_true", help="as a JSON list")
    _add_settings(part)
    part.set_defaults(run=commands.list_alarms)


def _add_devices(parts: Parts) -> None:
    part = _part(
        parts, "devices", "list devices and their state", "python -m detector devices --json"
    )
    part.add_argument("--json", action="store_true", help="as a JSON list")
    _add_settings(part)
    part.set_defaults(run=commands.list_devices)


def _at_least(low: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"found {value}, allowed: {low} or more")
        return value

    number.__name__ = "whole number"
    return number


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _unit(text: str) -> tuple[str, str]:
    name, equals, unit = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"found {text!r}, allowed: NAME=UNIT")
    return name, unit


if __name__ == "__main__":
    sys.exit(main())
