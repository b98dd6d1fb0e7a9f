"""The same tasks over a real Ray cluster of two nodes on this machine.

Skipped where Ray is not installed: ``pip install 'faultline[ray]'``. It takes seconds to begin, so
few tests do all that is Ray's own; what it shares with child processes is tested with those.
"""

from __future__ import annotations

import os
from contextlib import closing

import pytest

os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # else it writes a token into the home folder
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'faultline[ray]'")

from detector.errors import SettingsError, TaskError  # noqa: E402
from detector.tasks.apart import Apart  # noqa: E402
from detector.tasks.contract import Task  # noqa: E402
from detector.tasks.in_process import HERE  # noqa: E402
from detector.tasks.ray_tasks import RayTasks  # noqa: E402
from tests.conftest import wait_for  # noqa: E402
from tests.detector.tasks import work  # noqa: E402
from tests.detector.tasks.test_apart import squares  # noqa: E402
from tests.detector.tasks.test_same import chosen, lab, limits  # noqa: E402
from tests.support.motors import small_bundle  # noqa: E402
from tests.support.ray_nodes import NODES, two_nodes  # noqa: E402


@pytest.fixture(scope="module")
def cluster():
    """Each node has one of two tasks."""
    with two_nodes() as made:
        yield made


@pytest.fixture
def executor(cluster):
    """As many tasks at once as there are nodes."""
    transport = RayTasks(cluster.address, None)
    assert transport.cpus == NODES
    with closing(Apart(transport, transport.cpus)) as made:
        yield made


def test_results_are_those_of_one_process_whatever_dies(
    executor, bundle, tmp_path, monkeypatch, caplog
):
    """Each task's process dies once; choice, table and limits are the same to the last digit."""
    monkeypatch.setattr("detector.training.select.SEVERITIES", (0.05, 0.25))
    mortal = work.Mortal(executor, tmp_path)
    bundles = [bundle, small_bundle("other", network="zscore", config={})]
    assert chosen(mortal) == chosen(HERE)
    assert lab(mortal, bundles) == lab(HERE, bundles)
    assert limits(executor, bundles) == limits(HERE, bundles)
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if line.endswith("; it is done again")]) == mortal.count


def test_both_nodes_have_tasks_and_one_that_dies_each_time_is_given_up(executor, tmp_path):
    """One waits for the other, so neither can have been done after it."""
    path = tmp_path / "left"
    pair = [Task("slow", work.after, (path, 0)), Task("quick", work.leaves, (path, 1))]
    assert list(executor.results(pair)) == [0, 1]
    results = executor.results([*squares([5]), Task("hungry", work.die, ())])
    assert next(results) == 25
    with pytest.raises(TaskError, match=r"^hungry: its process has ended .*, for the 3rd time"):
        next(results)


def test_what_is_under_way_ends_with_the_executor(executor, tmp_path):
    """Whoever no longer waits for it leaves no process at work."""
    path = tmp_path / "pid"
    results = executor.results([*squares([1]), Task("endless", work.stand, (path,))])
    assert next(results) == 1
    wait_for(path.exists, 30, "it is under way")
    executor.close()
    pid = int(path.read_text())
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 10, "it has ended")  # noqa: PTH110


def test_a_cluster_that_is_not_there_is_refused_in_one_line():
    """With what is allowed."""
    with pytest.raises(SettingsError, match=r"^--address: 127\.0\.0\.1:1: .*, allowed: ") as told:
        RayTasks("127.0.0.1:1", None)
    assert "\n" not in str(told.value)
