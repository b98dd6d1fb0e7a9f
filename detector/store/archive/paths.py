"""What the files of the archive are called: ``device=…/date=…/HH-NUMBER.parquet``, in UTC."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

HOUR_S = 3600.0
SUFFIX = ".parquet"
LONGEST = 200  # bytes of a device's name in a path; most file systems take 255 with what is before
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEARS = (-1e11, 2.5e11)  # seconds that a date can tell


def hour_of(ts: float) -> float:
    """Where the hour of a time begins, UTC seconds."""
    return math.floor(ts / HOUR_S) * HOUR_S


def path_of(device: str, hour: float, number: int) -> str:
    """Of the file with an hour's frames, the first of which has a number in the store.

    The name of a device is quoted as in a URL; one that is too long is cut, with a digest.
    """
    date = EPOCH + timedelta(seconds=min(max(hour, YEARS[0]), YEARS[1]))
    return f"device={_quoted(device)}/date={date:%Y-%m-%d}/{date:%H}-{number}{SUFFIX}"


def _quoted(device: str) -> str:
    name = quote(device, safe="", errors="surrogatepass")
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(device.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{name[:LONGEST].rpartition('%')[0] or name[:LONGEST]}~{digest}"
