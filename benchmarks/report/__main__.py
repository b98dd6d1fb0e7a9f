"""Writes docs/benchmarks.md: ``python -m benchmarks.report`` runs all sections, one by one.

Named sections alone are printed again and replaced, the others stay as they were. A section that
fails says so in its place, and the next one runs. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from benchmarks.lib.machine import cpu_model, load_average, machine, memory_gb, versions
from benchmarks.report.document import body_of, failed_body, read, verdict_of, write
from benchmarks.report.running import PROJECT, run
from benchmarks.report.sections import BY_NAME, SECTIONS, Section

PAGE = PROJECT / "docs" / "benchmarks.md"
EXIT_FAILED, EXIT_INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and write; returns the exit code, 1 where a section failed."""
    args = _arguments(arguments)
    if args.list:
        _list()
        return 0
    chosen = [BY_NAME[name] for name in args.sections] or list(SECTIONS)
    failed = []
    try:
        with tqdm(total=sum(s.minutes for s in chosen), unit="min", desc="benchmarks") as bar:
            for section in chosen:
                bar.set_postfix_str(f"{section.name}, about {section.minutes:g} min")
                verdict = _print_section(section, args.out)
                tqdm.write(f"{section.name}: {verdict}", file=sys.stderr)
                failed += [section.name] * verdict.startswith("**")
                bar.update(section.minutes)
    except KeyboardInterrupt:
        print(f"stopped, nothing is left running; {args.out} has what was done", file=sys.stderr)
        return EXIT_INTERRUPTED
    print(f"{args.out}: {len(chosen) - len(failed)} of {len(chosen)} sections printed"
          + (f", failed: {', '.join(failed)}" if failed else ""))  # fmt: skip
    return EXIT_FAILED if failed else 0


def _print_section(section: Section, out: Path) -> str:
    """Run one section and put it into the document; returns its verdict."""
    facts = _facts()
    ran = run(section.command, section.most_s)
    facts.append(f"took {ran.seconds:.0f} s")
    if ran.failure:
        body = failed_body(section, ran.failure, facts)
    else:
        body = body_of(section, ran.output, facts)
    write(out, read(out) | {section.name: body})
    return verdict_of(body)


def _facts() -> list[str]:
    """When and where, as the section says it."""
    found = ", ".join(f"{name} {number}" for name, number in versions().items())
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{machine().partition(',')[0]}, {cpu_model()}, {memory_gb():.0f} GB",
        f"load average {load_average():.1f} at its start",
        f"Faultline {_commit()}, {found}",
    ]


def _commit() -> str:
    """What is checked out; ``unknown`` without git."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _list() -> None:
    width = max(len(section.name) for section in SECTIONS)
    for section in SECTIONS:
        print(f"{section.name:{width}}  {section.minutes:4.1f} min  {section.shown}")
    print(f"{'together':{width}}  {sum(s.minutes for s in SECTIONS):4.1f} min")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report",
        description=__doc__,
        epilog="examples:\n"
        "  python -m benchmarks.report                    everything, less than 25 minutes\n"
        "  python -m benchmarks.report scoring peers      these two, the others stay\n"
        "  python -m benchmarks.report --list             what there is, and how long it takes",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION",
                        help=f"of {', '.join(BY_NAME)} (default: all)")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="print the sections and end")
    parser.add_argument("--out", type=Path, default=PAGE, metavar="FILE",
                        help="document to write (default: docs/benchmarks.md)")  # fmt: skip
    args = parser.parse_args(arguments)
    if unknown := [name for name in args.sections if name not in BY_NAME]:
        parser.error(f"found {', '.join(unknown)}, allowed: {', '.join(BY_NAME)}")
    return args


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
