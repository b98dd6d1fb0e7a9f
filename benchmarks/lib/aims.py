"""What a benchmark was to reach, and whether it did, in lines that a reader can find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MET, MISSED = ": met", ": MISSED"


@dataclass(frozen=True)
class Aim:
    """One aim.

    Attributes:
        line: What was found and what was aimed at, one line.
        is_met: Whether it was reached.
    """

    line: str
    is_met: bool

    def __str__(self) -> str:
        return self.line + (MET if self.is_met else MISSED)


def tell(aims: Sequence[Aim]) -> int:
    """Print them behind an empty line; returns the exit code, 1 where one was missed."""
    print()
    for aim in aims:
        print(aim, flush=True)
    return 0 if all(aim.is_met for aim in aims) else 1
