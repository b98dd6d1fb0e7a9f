"""What the detector and the process beside it say to each other, over two pipes."""

from __future__ import annotations

import pickle
import threading
from dataclasses import dataclass
from enum import Enum, auto
from logging import LogRecord
from typing import IO, TypeAlias

from detector.store.keeping.rules import Rules

# What is raised where the other side has ended, perhaps in the middle of a word.
GONE = (EOFError, OSError, pickle.UnpicklingError)


class Word(Enum):
    """What needs no more than a word."""

    RULES = auto()  # the process: which are in force?
    END = auto()  # the detector: after the transaction you are in


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the process is told at its start; no other one sees it.

    Attributes:
        url: SQLAlchemy URL of the store, with its password.
        place: Of the archive and the flight records.
        owner: Who has the lease: once it is another one nothing is committed any more.
        log_level: From which on lines are told.
    """

    url: str
    place: str
    owner: str
    log_level: int


Said: TypeAlias = Orders | Rules | Word | LogRecord


class Wire:
    """Both directions between two processes that trust each other.

    Args:
        inward: What the other one says.
        outward: What it hears.
    """

    def __init__(self, inward: IO[bytes], outward: IO[bytes]) -> None:
        self._inward, self._outward = inward, outward
        self._lock = threading.Lock()

    def send(self, said: Said) -> None:
        """Say something; any thread may.

        Raises:
            OSError: If the other side has ended.
        """
        content = pickle.dumps(said)
        with self._lock:
            self._outward.write(content)
            self._outward.flush()

    def receive(self) -> Said:
        """Wait for what the other one says; one thread does.

        Raises:
            EOFError: If the other side has ended, as all of ``GONE``.
        """
        said: Said = pickle.load(self._inward)  # noqa: S301 -- from our own process
        return said
