"""How far a command is, in a file that another process reads: one JSON object, replaced whole."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Self

from tqdm import tqdm

from detector.errors import FaultlineError

EVERY_S = 0.2


class ProgressFile:
    """Writes ``{"what", "number", "total"}``; does nothing without a file.

    Args:
        path: In a folder that exists; None: nobody looks.

    Raises:
        FaultlineError: If it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._due = path, 0.0
        self._what = ""

    def tell(self, what: str, number: float, total: float) -> None:
        """What is done now, and how far that is; now and then, and whenever it is another thing."""
        now = time.monotonic()
        if self._path is None or (now < self._due and what == self._what and number < total):
            return
        self._due, self._what = now + EVERY_S, what
        part = self._path.with_name(f".{self._path.name}.part")
        try:
            part.write_text(json.dumps({"what": what, "number": number, "total": total}), "utf-8")
            part.replace(self._path)
        except OSError as error:
            raise FaultlineError(
                f"--progress {self._path}: {error.strerror}, allowed: a file in a folder"
            ) from None


class ToldBar:
    """A bar that the file is told of too.

    Args:
        file: Is told.
        bar: What a terminal sees.
        what: Is counted.
        total: Of the steps.
    """

    def __init__(self, file: ProgressFile, bar: tqdm[None], what: str, total: int) -> None:
        self._file, self._bar, self._what, self._total = file, bar, what, total
        self._number = 0

    def __enter__(self) -> Self:
        self._bar.__enter__()
        self._file.tell(self._what, 0, self._total)
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def update(self, n: int) -> None:
        """``n`` more are done."""
        self._number += n
        self._bar.update(n)
        self._file.tell(self._what, self._number, self._total)
