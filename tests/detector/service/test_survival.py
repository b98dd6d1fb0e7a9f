"""What survives what, in short: four formats at once, over a real mosquitto and a real network.

`python -m benchmarks.soak.survive` is the long form, with the figures of docs/operations.md. One
detector goes through it all, so that it is started once and killed once.
"""

from __future__ import annotations

import time

import pytest

from benchmarks.soak.ordeals import Extent, ordeals, suffer
from benchmarks.soak.plant import Plant
from benchmarks.soak.site import Site

SHORT = Extent(moments=300, kills=1, restarts=1, cut_s=1.5, locked_s=3.0, full_s=1.0, between_s=0.2)
# A device that sends its channels one by one fills this in half a second, long before the store
# that is locked meanwhile is free again.
SMALL_BUFFER = "[buffer]\nsamples_per_device = 200\n"


@pytest.fixture(scope="module")
def plants():
    """Devices of their own for each ordeal."""
    began = round(time.time(), 2)
    return {name: Plant(name, SHORT.moments, began) for name in ordeals(SHORT)}


@pytest.fixture(scope="module")
def site(tmp_path_factory, plants):
    """Broker, network, detector and store."""
    with Site(tmp_path_factory.mktemp("site"), list(plants.values()), SMALL_BUFFER) as made:
        yield made


@pytest.mark.parametrize("name", [name for name in ordeals(SHORT) if name != "silence"])
def test_each_sample_is_stored_once_whatever_happens(site, plants, name):
    """Killed, cut off, its disk full or its store locked; it takes a detector's start and time."""
    acknowledged = site.network.acknowledged

    outcome = suffer(name, site, plants[name], ordeals(SHORT)[name])

    assert outcome.is_whole, outcome
    assert site.network.acknowledged > acknowledged
    if name in ("full", "locked"):
        assert ", 0 acknowledgements meanwhile" in outcome.notes[0]
