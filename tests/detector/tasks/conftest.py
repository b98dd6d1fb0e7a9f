"""Executors with real processes, forked from one that has the libraries."""

from __future__ import annotations

import sys
from contextlib import closing
from types import ModuleType

import pytest

from detector.tasks.apart import Apart
from detector.tasks.children import Children
from tests.support.processes.programs import begin_server

AT_ONCE = 2


@pytest.fixture
def apart(monkeypatch):
    """Two tasks at once, in child processes."""
    begin_server()
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))  # children import it
    with closing(Apart(Children(), AT_ONCE)) as made:
        yield made
