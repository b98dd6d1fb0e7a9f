"""A bar over steps of which each takes a while."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from detector.training.trial import Tell

FORMAT = "{n_fmt} of {total_fmt} |{bar}| {desc}, {elapsed}"


@contextmanager
def progress_bar() -> Iterator[Tell]:
    """On a terminal alone; it goes when all is done, or stopped."""
    with tqdm(leave=False, disable=not sys.stderr.isatty(), bar_format=FORMAT) as bar:

        def tell(what: str, number: int, steps: int) -> None:
            bar.total, bar.n = steps, number
            bar.set_description_str(what)

        yield tell
