"""Workers on a real PostgreSQL behind a real broker, each hurt under load.

`python -m benchmarks.soak.worker_kills` is the long form, with the figures of docs/operations.md.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.soak.ordeals import LONG
from benchmarks.soak.site import Site
from benchmarks.soak.worker_kills import OPTIONS, ORDEALS, Motors, suffer
from tests.support.stores import postgres

SHORT = replace(LONG, kills=2, restarts=1, between_s=0.2)
MOMENTS, COUNT = 300, 4


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL that may be stopped."""
    made = postgres.made()
    yield made
    postgres.ended(made)


def test_each_sample_is_stored_once_and_scored_as_by_one_process(tmp_path, server):
    """Workers killed, broker and store stopped and begun again; one detector goes through it."""
    plants = {name: Motors(name, MOMENTS, 0.0, COUNT) for name in ORDEALS}
    with Site(tmp_path, list(plants.values()), OPTIONS, server.new_schema()) as site:
        for name, motors in plants.items():
            tally = suffer(name, site, motors, server, SHORT)
            assert tally.is_whole, (name, tally)
            assert tally.sent == MOMENTS * COUNT
