"""A real PostgreSQL for tests; a test is skipped where none is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.stores import server
from benchmarks.stores.server import PASSWORD, Postgres, ended
from simulator.errors import SimulatorError

__all__ = ["PASSWORD", "Postgres", "ended", "installed", "made"]


def installed() -> Path:
    """Folder of its programs; skips the test where there are none."""
    try:
        return server.installed()
    except SimulatorError as error:
        pytest.skip(str(error))


def made() -> Postgres:
    """A server that runs; skips the test where none is installed."""
    installed()
    return server.made()
