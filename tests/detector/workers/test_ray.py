"""The same engine over a real Ray cluster of two nodes on this machine.

Skipped where Ray is not installed: ``pip install 'faultline[ray]'``. It takes seconds to begin, so
one test does all that is Ray's own; what it shares with other workers is tested with those.
"""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest

os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # else it writes a token into the home folder
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'faultline[ray]'")

from detector.scoring.bundle import save_bundle  # noqa: E402
from detector.settings.tree import Settings  # noqa: E402
from detector.workers import ray_actors  # noqa: E402
from detector.workers.shares import worker_of  # noqa: E402
from tests.detector.workers.conftest import DEVICES, Crewed  # noqa: E402
from tests.support.ray_nodes import NODES, two_nodes  # noqa: E402


@pytest.fixture
def cluster():
    """Each node gets one of two actors."""
    with two_nodes() as made:
        yield made
        ray.shutdown()


@pytest.fixture
def crewed(cluster, tmp_path, bundle, caplog):
    """Two actors and the engine of one process."""
    caplog.set_level("INFO")
    save_bundle(bundle, tmp_path / "small")
    settings = Settings(devices=[{"match": "m*", "model": tmp_path / "small"}])
    made = Crewed(settings, caplog, ray_actors.RayActors(cluster.address, NODES))
    yield made
    made.engine.close()


def test_actors_that_die_are_replaced_and_both_nodes_have_their_share(crewed):
    """Scores are those of one process; devices of many names are shared about evenly."""
    for number in range(8):
        crewed.give(number)
        if number in (2, 5):
            crewed.come()
            crewed.kill(DEVICES[0])
    crewed.come()
    crewed.assert_same()
    assert crewed.engine.crew().restarts == 2
    assert "its actor has ended" in crewed.caplog.text
    nodes = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
    begun = re.findall(r"worker (\d): process \d+ on node (\w+), ready", crewed.caplog.text)
    node_of = {int(number) - 1: node for number, node in begun}
    assert set(node_of.values()) == nodes
    shares = Counter(node_of[worker_of(f"motor-{i}", NODES)] for i in range(500))
    assert max(shares.values()) / min(shares.values()) < 1.2
