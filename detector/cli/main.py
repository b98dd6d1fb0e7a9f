"""``faultline``, the same as ``python -m detector``: one command, one answer, one exit code."""

from __future__ import annotations

import logging
import os
import sys

from detector.cli.parser import build_parser
from detector.errors import FaultlineError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
OURS = ("detector", "simulator", "dashboard")


def main(arguments: list[str] | None = None) -> int:
    """Run one sub-command; returns the exit code."""
    args = build_parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if args.command == "serve" else logging.WARNING,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    try:
        answer = args.run(args)
        if answer:
            print(answer, flush=True)
    except FaultlineError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in OURS:
            raise
        print(f"error: {args.command}: needs {error.name}, which is not installed here, allowed: "
              "an installation by requirements.txt", file=sys.stderr)  # fmt: skip
        return EXIT_BAD_INPUT
    except BrokenPipeError:  # a reader such as head had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing fails at the end
        return 0
    except KeyboardInterrupt:
        print("stopped, nothing was written", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0
