"""A file that tells how many of its bytes were read, for whoever shows progress."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, TypeAlias, cast

Tell: TypeAlias = Callable[[int], None]
CHUNK = 1 << 18  # bytes


class ToldFile(io.RawIOBase):
    """Reads a binary file and tells the bytes of each read.

    Args:
        file: Open for reading; closed with this.
        tell_read: Called with the bytes that were read, only ever forward.
    """

    def __init__(self, file: BinaryIO, tell_read: Tell) -> None:
        super().__init__()
        self._file, self._tell_read = file, tell_read
        self._furthest = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """As the file itself."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move in the file; nothing is told."""
        return self._file.seek(offset, whence)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read, and tell what lies further than anything read before."""
        read = self._file.readinto(buffer)  # type: ignore[attr-defined]
        place = self._file.tell() if self.seekable() else self._furthest + read
        if place > self._furthest:
            self._tell_read(place - self._furthest)
            self._furthest = place
        return int(read)

    def close(self) -> None:
        """Close the file too."""
        self._file.close()
        super().close()


def told(open_file: Callable[[], BinaryIO], tell: Tell) -> BinaryIO:
    """Open a file whose bytes are told as they are read.

    Args:
        open_file: Gives the file, open for reading.
        tell: Called with the bytes that were read since the last call.
    """
    return cast(BinaryIO, io.BufferedReader(ToldFile(open_file(), tell), CHUNK))
