"""How every command of the simulator reads its options and teaches them."""

import argparse
from collections.abc import Callable

from simulator.cli import options
from simulator.faults.inject import FAULTS

Commands = "argparse._SubParsersAction[Parser]"
Execute = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Bad options are one line, without the usage above it."""

    def error(self, message: str) -> None:  # type: ignore[override]  # noqa: D102
        self.exit(2, f"{self.prog}: {message}\n")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Descriptions keep their lines, options tell the defaults they have."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        told = action.default not in (None, False, argparse.SUPPRESS)
        return f"{action.help} (default: %(default)s)" if told else action.help


def command(
    commands: "argparse._SubParsersAction[Parser]",
    name: str,
    summary: str,
    more: str,
    execute: Execute,
) -> argparse.ArgumentParser:
    """Add a command that runs ``execute``."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary}\n\n{more}",
        formatter_class=_Formatter,
    )
    parser.set_defaults(run=execute)
    return parser


def fault_options(
    parser: argparse.ArgumentParser, families: dict[str, str], *, required: bool
) -> None:
    """Add ``--fault`` and ``--severity``; ``families`` tells each family in one sentence."""
    told = "; ".join(f"{name}: {summary}" for name, summary in families.items())
    parser.add_argument("--fault", metavar="NAME", required=required, help=told.replace("%", "%%"))
    parser.add_argument("--severity", type=options.share, default=1.0, help="0 (no change) to 1")


SENSOR_FAMILIES = {name: fault.summary for name, fault in FAULTS.items()}
