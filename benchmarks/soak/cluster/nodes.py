"""A Ray cluster of several nodes on this machine, of which some may be killed; needs Ray."""

from __future__ import annotations

import os

os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # else it writes a token into the home folder

from ray.cluster_utils import Cluster


class Nodes:
    """A head that scores nothing, and nodes that do.

    Args:
        count: Of those.
        cpus: Of each: actors that it has room for.
    """

    def __init__(self, count: int, cpus: int) -> None:
        head = {"num_cpus": 0, "include_dashboard": False}
        self._cpus = cpus
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._nodes = [self._cluster.add_node(num_cpus=cpus) for _ in range(count)]

    @property
    def address(self) -> str:
        """For whoever joins."""
        return str(self._cluster.address)

    def kill(self, name: str) -> None:
        """End a node without a word, with all that runs there."""
        [node] = [one for one in self._nodes if one.node_id == name]
        self._nodes.remove(node)
        self._cluster.remove_node(node, allow_graceful=False)

    def add(self) -> None:
        """One more, with nothing on it."""
        self._nodes.append(self._cluster.add_node(num_cpus=self._cpus))

    def close(self) -> None:
        """End all of it."""
        self._cluster.shutdown()
