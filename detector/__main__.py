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

from detector.cli import commands
from detector.cli.model_options import EVALUATE, TRAIN, add_evaluate, add_train
from detector.cli.options import at_least
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
    add_train(_part(parts, *TRAIN), _lazily("train"))
    add_evaluate(_part(parts, *EVALUATE), _lazily("evaluate"))
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


def _lazily(name: str) -> Callable[[argparse.Namespace], str]:
    """A command about models; torch takes seconds to import, so nothing else waits for it."""

    def run(args: argparse.Namespace) -> str:
        from detector.cli import model_commands

        answer: str = getattr(model_commands, name)(args)
        return answer

    return run


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
    part.set_defaults(run=_lazily("score"))


def _add_alarms(parts: Parts) -> None:
    part = _part(
        parts, "alarms", "list alarms, the newest first", "python -m detector alarms --json"
    )
    part.add_argument("--device", help="of this device only")
    part.add_argument("--limit", type=at_least(1), default=100,
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


if __name__ == "__main__":
    sys.exit(main())
