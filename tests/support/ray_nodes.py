"""A Ray cluster of two nodes on this machine; needs Ray."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ray.cluster_utils import Cluster

NODES = 2


@contextmanager
def two_nodes() -> Iterator[Cluster]:
    """Nodes of one CPU, so that each has one of two tasks or actors."""
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made
    made.shutdown()
