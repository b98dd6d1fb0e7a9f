"""The running detector told to look at its settings again."""

from __future__ import annotations

from detector.errors import ReloadError
from detector.reloading.ask import ask
from detector.settings.tree import Settings
from detector.store import devices
from detector.store.schema import open_store

NOT_RUNNING = "no detector runs; it starts with the next `faultline serve`"


def take_up(settings: Settings, who: str, why: dict[str, str] | None = None) -> str:
    """Ask the running detector to read its settings again.

    Args:
        settings: Name the store it listens at.
        who: Asks.
        why: What was changed, for the audit log.

    Returns:
        What came of it, in words.
    """
    store = open_store(settings.store.url)
    try:
        with store.connect() as connection:
            if not devices.is_alive(connection):
                return NOT_RUNNING
    finally:
        store.dispose()
    try:
        return f"the running detector has taken it up ({ask(settings, who=who, why=why)})"
    except ReloadError as error:
        return f"the running detector does not take it up ({error}); restart `faultline serve`"
