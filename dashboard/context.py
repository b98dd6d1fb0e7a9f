"""What the whole dashboard process shares: the settings and the open store."""

from __future__ import annotations

import threading
from functools import cache

from detector.errors import SettingsError
from detector.settings.access.auth import AuthSettings
from detector.settings.dashboard import DashboardSettings
from detector.settings.load import load_settings
from detector.settings.tree import Settings
from detector.store.connecting import identity_of
from detector.store.schema import Engine, open_store

_opening = threading.Lock()


def settings() -> Settings:
    """The settings, read once.

    Raises:
        SettingsError: If they are refused; the next call reads them again.
    """
    with _opening:
        return _settings()


def dashboard_settings() -> DashboardSettings:
    """What concerns the page; the defaults while the settings are refused, which the page says."""
    try:
        return settings().dashboard
    except SettingsError:
        return DashboardSettings()


def auth_settings() -> AuthSettings | None:
    """How people sign in; None: not at all, or the settings are refused and nothing is shown."""
    try:
        return settings().auth
    except SettingsError:
        return None


def hosts() -> tuple[str, ...]:
    """Names that are the page's own."""
    auth = auth_settings()
    return (*dashboard_settings().hosts, *([] if auth is None else [auth.host]))


def engine() -> Engine:
    """The open store.

    Raises:
        SettingsError: If the settings are refused.
        StoreError: If the store cannot be opened, or its file is away; the next call tries again.
    """
    with _opening:
        return _store.engine(_settings().store.url)


def close() -> None:
    """Close the store's connections, if it was opened."""
    with _opening:
        _store.close()


@cache
def _settings() -> Settings:
    return load_settings()


class _Store:
    """The store; one whose file was exchanged is opened anew, and none is made a second time."""

    def __init__(self) -> None:
        self._opened: Engine | None = None
        self._identity: tuple[int, int] | None = None
        self._was_open = False

    def engine(self, url: str) -> Engine:
        if self._opened is not None and identity_of(self._opened) != self._identity:
            self._dispose()
        if self._opened is None:
            opened = open_store(url, must_exist=self._was_open)
            self._opened, self._identity, self._was_open = opened, identity_of(opened), True
        return self._opened

    def close(self) -> None:
        self._dispose()
        self._was_open = False

    def _dispose(self) -> None:
        if self._opened is not None:
            self._opened.dispose()
        self._opened = self._identity = None


_store = _Store()
