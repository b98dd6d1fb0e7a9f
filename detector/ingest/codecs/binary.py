"""Fixed binary: numbers of one numpy dtype, interleaved or one column after the other."""

from __future__ import annotations

import numpy as np

from detector.ingest.messages.contract import Message, Reading, Record, RefusedPayloadError
from detector.ingest.messages.documents import TIME
from detector.settings.sources import SourceSettings

PLANAR = "planar "


class Binary:
    """A burst of the source's columns; never guessed."""

    def fits(self, _: Message, source: SourceSettings) -> bool:
        """Only where the source gives a layout."""
        return source.layout is not None

    def read(self, message: Message, source: SourceSettings) -> Reading:
        """Read a message; see ``Codec``."""
        layout = source.layout or "<f4"
        dtype = np.dtype(layout.removeprefix(PLANAR))
        columns = source.columns or ("value",)
        row = dtype.itemsize * len(columns)
        n_bytes = len(message.payload)
        if not n_bytes or n_bytes % row:
            line = (
                f"payload: found {n_bytes} bytes, allowed: a multiple of {row} bytes "
                f"({len(columns)} columns of {dtype.itemsize}, layout {layout})"
            )
            raise RefusedPayloadError("bytes", line)
        if n_bytes > row and source.rate_hz is None and TIME not in columns:
            found = f"{n_bytes // row} samples and no rate"
            line = f"payload: found {found}, allowed: the source's rate_hz, or a column ts"
            raise RefusedPayloadError("rate", line)
        numbers = np.frombuffer(message.payload, dtype)
        if layout.startswith(PLANAR):
            table = numbers.reshape(len(columns), -1)
        else:
            table = numbers.reshape(-1, len(columns)).T
        channels = {name: table[at].tolist() for at, name in enumerate(columns)}
        times = channels.pop(TIME, None)
        return Reading([Record(channels, time=times)])
