"""What was denied, as one line in the log: once, however often a browser asks again."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger(__name__)
AGAIN_S = 600.0
MOST = 1000
_told: dict[tuple[str, ...], float] = {}


def tell(what: str, who: str, line: str) -> None:
    """Log a denial unless the same was told lately.

    Args:
        what: Path or command; never with a query, which may hold secrets.
        who: Name or address.
        line: Why.
    """
    now = time.monotonic()
    denial = (what, who, line)
    if now - _told.get(denial, -AGAIN_S) < AGAIN_S:
        return
    if len(_told) >= MOST:
        _told.clear()
    _told[denial] = now
    logger.warning("access: %s denied to %s: %s", what, who, line)
