"""Reading recordings: MB/s of each kind of file beside its library's plain call, and peak memory.

Files are written to a temporary folder. A reader hands all columns of all rows, in chunks; the
plain call has them in memory at once. The ratio is the reader's time over the plain call's, the
best of five each, in turns. Then ``python -m detector inspect`` describes a file, as a process of
its own. A kind whose library or reader is missing is said. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from benchmarks.lib.machine import machine
from benchmarks.lib.peak import CommandError, cost_of
from benchmarks.lib.recorded_files import BYTES_OF_A_ROW, RATE_HZ, RECORDED, Recorded, table
from detector.errors import FaultlineError
from detector.sessions.packing import sources
from detector.sessions.recordings.contract import Hints
from detector.sessions.recordings.kinds import kind_of, reader_of
from simulator.cli.options import positive, whole_from

REPEATS = 5
MOST_RATIO, MOST_MB = 3.0, 1000.0
MB = 1e6
HINTS = Hints(rate_hz=RATE_HZ)


@dataclass(frozen=True)
class Figures:
    """One line of the tables; None where it was not measured, and why.

    Attributes:
        kind: Of file.
        rows: Written.
        size_mb: Of the file.
        ours_mb_s: The reader's speed.
        plain_mb_s: The library's.
        cpu_s: Of ``inspect``.
        peak_mb: Of ``inspect``, resident.
        missing: Why a figure is.
    """

    kind: str
    rows: int
    size_mb: float
    ours_mb_s: float | None = None
    plain_mb_s: float | None = None
    cpu_s: float | None = None
    peak_mb: float | None = None
    missing: str = ""

    @property
    def ratio(self) -> float | None:
        """The reader's time over the library's."""
        both = self.ours_mb_s and self.plain_mb_s
        return self.plain_mb_s / self.ours_mb_s if both else None  # type: ignore[operator]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    chosen = [one for one in RECORDED if not args.kind or one.title in args.kind]
    with tempfile.TemporaryDirectory(prefix="faultline-reading-") as name:
        folder = Path(name)
        rows = int(args.mb * MB / BYTES_OF_A_ROW)
        speed = [
            _measured(one, int(rows * one.share), folder, _speed) for one in _shown(chosen, "speed")
        ]
        peaks = [
            _measured(one, int(args.rows * min(one.share, 1.0)), folder, _peak)
            for one in _shown(chosen, "inspect")
        ]
    if args.json:
        print(json.dumps({"speed": _objects(speed), "memory": _objects(peaks)}, indent=2))
    else:
        print(f"{machine()}\n\n{_speed_table(speed)}\n\n{_peak_table(peaks)}")
    slow = [one.kind for one in speed if one.ratio is None or one.ratio > MOST_RATIO]
    big = [one.kind for one in peaks if one.peak_mb is None or one.peak_mb > MOST_MB]
    print(f"\ntarget: a ratio of at most {MOST_RATIO:g}: {_verdict(slow)}; "
          f"at most {MOST_MB:g} MB: {_verdict(big)}", file=sys.stderr)  # fmt: skip
    return 1 if slow or big else 0


def _verdict(missed: list[str]) -> str:
    return f"MISSED by {', '.join(missed)}" if missed else "met"


def _shown(chosen: list[Recorded], title: str) -> Iterator[Recorded]:
    yield from tqdm(chosen, desc=title, unit="kind", leave=False, disable=not sys.stderr.isatty())


def _measured(
    one: Recorded, rows: int, folder: Path, measure: Callable[[Recorded, Path, int], Figures]
) -> Figures:
    """Write a file, measure, and take it away; what cannot be done is said."""
    rows = max(rows, 100)
    path = folder / f"recording{one.suffix}"
    try:
        one.write(table(rows), path)
        return measure(one, path, rows)
    except ImportError as error:
        return Figures(one.title, rows, 0.0, missing=f"{error.name or error} is not installed")
    except (FaultlineError, CommandError) as error:
        return Figures(one.title, rows, path.stat().st_size / MB, missing=str(error))
    finally:
        path.unlink(missing_ok=True)


def _speed(one: Recorded, path: Path, rows: int) -> Figures:
    size = path.stat().st_size / MB
    rounds = [
        (_seconds(lambda: _read(path, rows)), _seconds(lambda: one.plain(path)))
        for _ in range(REPEATS)  # in turns, so that what else the machine does slows both
    ]
    ours, plain = map(min, zip(*rounds, strict=True))
    return Figures(one.title, rows, size, size / ours, size / plain)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _read(path: Path, rows: int) -> None:
    """All chunks of a file, each let go before the next; a reader that loses rows is no measure."""
    with sources(path) as opened:
        [source] = opened
        tables = reader_of(kind_of(source), path.name)(source, HINTS)
        found = [sum(len(chunk) for chunk in table.chunks) for table in tables]
    if rows not in found:
        raise FaultlineError(f"{path.name}: found {found} rows, allowed: {rows}")


def _peak(one: Recorded, path: Path, rows: int) -> Figures:
    """What ``inspect`` takes."""
    size = path.stat().st_size / MB
    rate = ["--rate", f"{RATE_HZ:g}"] if one.module in {"uff", "tdms"} else []
    cost = cost_of("inspect", str(path), "--json", *rate)
    return Figures(one.title, rows, size, cpu_s=cost.cpu_s, peak_mb=cost.peak_mb)


def _speed_table(found: list[Figures]) -> str:
    lines = [f"{'kind':16}{'rows':>12}{'MB':>9}{'reader MB/s':>13}{'plain MB/s':>12}{'ratio':>7}"]
    for one in found:
        told = f"{one.kind:16}{one.rows:>12,}{one.size_mb:>9.1f}"
        if one.ratio is None:
            lines.append(f"{told}  not measured: {one.missing}")
        else:
            lines.append(f"{told}{one.ours_mb_s:>13.1f}{one.plain_mb_s:>12.1f}{one.ratio:>7.2f}")
    return "\n".join([*lines, "ratio: the reader's time over that of the library's plain call"])


def _peak_table(found: list[Figures]) -> str:
    lines = [f"{'inspect':16}{'rows':>12}{'MB':>9}{'CPU s':>9}{'peak MB':>9}"]
    for one in found:
        told = f"{one.kind:16}{one.rows:>12,}{one.size_mb:>9.1f}"
        if one.peak_mb is None:
            lines.append(f"{told}  not measured: {one.missing}")
        else:
            lines.append(f"{told}{one.cpu_s:>9.1f}{one.peak_mb:>9.0f}")
    return "\n".join([*lines, "peak: of the whole process, with Python and its libraries in it"])


def _objects(found: list[Figures]) -> list[dict[str, object]]:
    return [{**asdict(one), "ratio": one.ratio} for one in found]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.reading",
        description=__doc__,
        epilog="examples:\n"
        "  python -m benchmarks.speed.reading                         all kinds\n"
        "  python -m benchmarks.speed.reading --kind 'CSV, numbers' --mb 1000\n"
        "  python -m benchmarks.speed.reading --kind Parquet --rows 10000000",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--mb", type=positive, default=10.0, metavar="MB",
        help="of the CSV file whose speed is measured; slow kinds get a part of its rows, "
        "quick ones more (default: %(default)g)")  # fmt: skip
    add("--rows", type=whole_from(100), default=200_000, metavar="N",
        help="of the file whose memory is measured (default: %(default)s)")  # fmt: skip
    add("--kind", action="append", choices=[one.title for one in RECORDED],
        help="only this, once for each (default: all)")  # fmt: skip
    add("--json", action="store_true", help="print JSON instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
