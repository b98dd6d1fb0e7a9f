"""Actors and a node of a real Ray cluster killed under load, behind a real broker.

Skipped where Ray is not installed. `python -m benchmarks.soak.cluster.ray_kills` is the long form,
with the figures of docs/operations.md.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from benchmarks.soak.cluster import ray_kills
from benchmarks.soak.cluster.ray_kills import NODES, main, options, suffer
from benchmarks.soak.ordeals import LONG
from benchmarks.soak.site import Site
from benchmarks.soak.worker_kills import WORKERS, Motors

SHORT = replace(LONG, kills=1, between_s=0.2)
MOMENTS, COUNT = 2000, 4


def test_each_sample_is_stored_once_and_scored_as_by_one_process(tmp_path):
    """An actor, then a node with all its actors; it takes as long as the motors publish."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'faultline[ray]'")
    from benchmarks.soak.cluster.nodes import Nodes  # noqa: PLC0415 -- an extra

    plants = {name: Motors(name, MOMENTS, 0.0, COUNT) for name in ("actors", "nodes")}
    with (
        closing(Nodes(NODES, WORKERS)) as nodes,
        Site(tmp_path, list(plants.values()), options(nodes.address)) as site,
    ):
        for name, motors in plants.items():
            tally, _ = suffer(name, site, nodes, motors, SHORT)
            assert tally.is_whole, (name, tally)
            assert tally.sent == MOMENTS * COUNT


def test_without_ray_all_of_it_runs_where_ray_is(monkeypatch):
    """With the same options, and it ends as that does."""
    monkeypatch.setattr(ray_kills, "find_spec", lambda name: None)
    ran = []
    monkeypatch.setattr(ray_kills, "with_ray", lambda *call: ran.append(call) or 1)
    assert main(["--only", "actors", "nodes"]) == 1
    assert ran == [(ray_kills.MODULE, ["--only", "actors", "nodes"])]
