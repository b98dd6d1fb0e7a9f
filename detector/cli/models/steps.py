"""A bar over steps of which each takes a while."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from detector.cli.models.progress import ProgressFile
from detector.training.trial import Tell

FORMAT = "{n_fmt} of {total_fmt} |{bar}| {desc}, {elapsed}"


@contextmanager
def progress_bar(path: Path | None = None) -> Iterator[Tell]:
    """On a terminal alone; it goes when all is done, or stopped. A file is told of it too."""
    file = ProgressFile(path)
    with tqdm(leave=False, disable=not sys.stderr.isatty(), bar_format=FORMAT) as bar:

        def tell(what: str, number: int, steps: int) -> None:
            bar.total, bar.n = steps, number
            bar.set_description_str(what)
            file.tell(what, number, steps)

        yield tell
