"""``inspect``: what an expert would say of recorded files, and what is left out and why."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from detector.cli.discover.inspect_report import as_objects, as_text
from detector.cli.reading_options import hints_of
from detector.cli.tables import as_json
from detector.errors import SessionFileError
from detector.inspecting.describe import Description, compare, describe
from detector.inspecting.overview import MOST_RECORDINGS, Overview, overview_of
from detector.sessions.files import STDIN, Recording, find_files, read_recordings
from detector.sessions.recordings.contract import Hints

SLOW_S = 1.0  # before a bar is shown


def inspect(args: argparse.Namespace) -> str:
    """Read files, describe each recording, and draw them where asked for.

    What cannot be read among several files is told, and the others are described.

    Raises:
        InspectError: If the picture has nowhere to go.
        SessionFileError: If a file cannot be read, after the others.
    """
    if args.plot:
        from detector.inspecting.picture import refuse_picture  # matplotlib takes a second

        refuse_picture(args.plot)
    refused: list[SessionFileError] = []
    described: list[Description] = []
    drawn: list[Overview] = []
    for recording in _read(args.files, hints_of(args), refused):
        described.append(describe(recording))
        if args.plot and len(drawn) < MOST_RECORDINGS:
            drawn.append(overview_of(recording, described[-1]))
    answer = _answer(described, args)
    if drawn:
        _draw(drawn, len(described) - len(drawn), args.plot)
    if not refused:
        return answer
    if described:
        print(answer)
    for error in refused[:-1]:
        print(f"error: {error}", file=sys.stderr)
    raise refused[-1]


def _read(paths: Sequence[Path], hints: Hints, refused: list[SessionFileError]
          ) -> Iterator[Recording]:  # fmt: skip
    """Recordings of all files; a file that cannot be read adds to ``refused``."""
    files = list(_find(paths, refused))
    with tqdm(total=sum(map(_size, files)), unit="B", unit_scale=True,
              unit_divisor=1024, delay=SLOW_S, leave=False, dynamic_ncols=True,
              disable=not sys.stderr.isatty()) as bar:  # fmt: skip
        done = 0
        for file in files:
            bar.set_description_str(file.name, refresh=False)
            try:
                yield from read_recordings([file], hints=hints, tell=bar.update)
            except SessionFileError as error:
                refused.append(error)
            done += _size(file)
            bar.update(done - bar.n)


def _size(file: Path) -> int:
    """In bytes; of the standard input nobody knows."""
    return 0 if file == STDIN else file.stat().st_size


def _find(paths: Sequence[Path], refused: list[SessionFileError]) -> Iterator[Path]:
    for path in paths:
        try:
            yield from find_files([path])
        except SessionFileError as error:
            refused.append(error)


def _answer(described: Sequence[Description], args: argparse.Namespace) -> str:
    told = compare(described)
    if args.json:
        return as_json(as_objects(told))
    return as_text(told)


def _draw(drawn: Sequence[Overview], left_out: int, path: Path) -> None:
    from detector.inspecting.picture import draw

    draw(drawn, left_out, path)
