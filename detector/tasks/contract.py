"""Tasks: parts of a command's work of which none depends on another, and who may do them."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from detector.errors import FaultlineError

Handle = TypeVar("Handle", bound=Hashable)  # stands for a task under way
Tell: TypeAlias = Callable[[Sequence[str], int], None]  # names of those under way, how many came


def untold(_names: Sequence[str], _came: int) -> None:
    """Nobody asks how far it is."""


class GoneError(FaultlineError):
    """A process that was asked for something has ended; the line says how."""


@dataclass(frozen=True, slots=True)
class Task:
    """A call that depends on no other.

    Attributes:
        name: In messages.
        work: Function of a module; what it does follows from its arguments alone.
        given: Its arguments; what an executor keeps stands for what it was made of.
    """

    name: str
    work: Callable[..., Any]
    given: tuple[Any, ...]


class Executor(Protocol):
    """Who does tasks."""

    def keep(self, value: Any) -> Any:  # noqa: ANN401 -- whatever many tasks are given
        """What stands for a value in tasks: it travels once, however many have it."""

    def results(self, tasks: Iterable[Task], tell: Tell = untold) -> Iterator[Any]:
        """What each task gives, in their order, whichever comes first.

        Args:
            tasks: Taken as there is room for them.
            tell: Told whenever one begins or ends while others are under way.

        Raises:
            Exception: What a task raises, at its place.
            TaskError: If one ends its process again and again.
        """
        ...

    def close(self) -> None:
        """End what is under way."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A value as it travels."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task: a value, or what it raised."""

    value: Any = None
    error: Exception | None = None


class Transport(Protocol[Handle]):
    """How tasks reach other processes: all that a transport is, one file each."""

    def keep(self, packed: Packed) -> Any:  # noqa: ANN401 -- a process of it gets what was packed
        """What stands for it in tasks."""

    def begin(self, task: Task) -> Handle:
        """Have it done; returns at once what stands for it."""
        ...

    def ended(self, running: Sequence[Handle]) -> list[tuple[Handle, Outcome | GoneError]]:
        """Wait until at least one is done, or its process has ended without an answer."""
        ...

    def close(self) -> None:
        """End what is under way."""


def packed(value: Any) -> Packed:  # noqa: ANN401 -- whatever travels
    """A value made ready."""
    return Packed(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def unpacked(given: Any) -> Any:  # noqa: ANN401 -- whatever travelled
    """The value again; what was not packed is given as it is."""
    return pickle.loads(given.content) if isinstance(given, Packed) else given  # noqa: S301 -- ours


def outcome_of(work: Callable[..., Any], given: Sequence[Any]) -> Packed:
    """Do a task's work in another process; what it raises is raised again where it came from."""
    try:
        return packed(Outcome(work(*map(unpacked, given))))
    except Exception as error:  # noqa: BLE001 -- the guard of this process: it answers
        if not isinstance(error, FaultlineError):
            error.add_note(traceback.format_exc())
        return packed(Outcome(error=error))
