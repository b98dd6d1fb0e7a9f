"""Unpacking within bounds: what unpacks to far more than it is was made to fill a disk or a memory.

Counted while unpacking, because the size that a packed file claims for itself may be a lie.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Hashable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from detector.errors import SessionFileError

BUFFER = 1 << 18
DAMAGED = (EOFError, OSError, RuntimeError, ValueError, zlib.error, lzma.LZMAError,
           zipfile.BadZipFile)  # fmt: skip


class Readable(Protocol):
    """What unpacks: a part of a stream, and its end."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one packed file may unpack to, all its members together.

    Attributes:
        ratio: Times its own size; recorded signals come to 3 to 30, a constant one to some 100.
        free: Bytes that are allowed whatever the ratio is.
        most: Bytes.
        members: Of an archive.
    """

    ratio: int = 200
    free: int = 64 << 20
    most: int = 64 << 30
    members: int = 10_000


LIMITS = Limits()


class Budget:
    """Bytes that one packed file may still unpack to; reading a member again costs nothing.

    Args:
        name: Of the packed file, for the refusal.
        packed: Its bytes.
        limits: What is allowed.
    """

    def __init__(self, name: str, packed: int, limits: Limits = LIMITS) -> None:
        self._name = name
        self._limits = limits
        self._most = min(limits.most, max(limits.free, limits.ratio * packed))
        self._reached: dict[Hashable, int] = {}
        self._spent = 0

    def reach(self, member: Hashable, at: int) -> None:
        """Count that ``member`` has been unpacked up to byte ``at``.

        Raises:
            SessionFileError: If it all comes to more than is allowed.
        """
        before = self._reached.get(member, 0)
        if at > before:
            self._reached[member] = at
            self._spent += at - before
        if self._spent > self._most:
            raise SessionFileError(
                f"{self._name}: unpacks to more than {self._most / 1e6:,.0f} MB; allowed: "
                f"{self._limits.ratio} times the packed size, {self._limits.most / 1e9:,.0f} GB"
            )


class _Unpacking(io.RawIOBase):
    """Reads a packed stream; whatever is wrong with it becomes one line."""

    def __init__(
        self,
        inner: Readable,
        name: str,
        budget: Budget,
        member: Hashable,
        packed: BinaryIO | None,
    ) -> None:
        self._inner = inner
        self._packed = packed
        self._name = name
        self._budget = budget
        self._member = member
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            part = self._inner.read(len(buffer))
        except DAMAGED as error:
            raise damaged(self._name, error) from None
        buffer[: len(part)] = part
        self._at += len(part)
        self._budget.reach(self._member, self._at)
        return len(part)

    def close(self) -> None:
        self._inner.close()
        if self._packed is not None:
            self._packed.close()
        super().close()


def unpacking(
    inner: Readable,
    name: str,
    budget: Budget,
    member: Hashable = "",
    packed: BinaryIO | None = None,
) -> BinaryIO:
    """What a stream that unpacks reads, within a budget.

    Args:
        inner: Of gzip, bz2, lzma or a member of an archive; closed with the result.
        name: For the refusal.
        budget: Of the packed file.
        member: Which part of it this is.
        packed: What ``inner`` reads and does not close.
    """
    return io.BufferedReader(_Unpacking(inner, name, budget, member, packed), BUFFER)


def damaged(name: str, error: Exception) -> SessionFileError:
    """The line for what does not unpack."""
    if isinstance(error, EOFError):
        return SessionFileError(
            f"{name}: ends before its packed content does; allowed: a whole file"
        )
    reason = " ".join(str(error).split()) or type(error).__name__
    return SessionFileError(f"{name}: does not unpack ({reason}); allowed: an undamaged file")
