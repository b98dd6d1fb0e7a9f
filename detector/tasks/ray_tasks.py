"""Tasks of a Ray cluster, which chooses a machine with a free CPU for each; an extra, ``ray``.

What tasks share is put into its object store once and fetched by each machine that does one. Ray
does a task once: one whose process or machine dies is begun again by who asked for it, and told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import ray
from ray.exceptions import RayError, RayTaskError

from detector.errors import SettingsError
from detector.tasks.contract import GoneError, Outcome, Packed, Task, outcome_of, unpacked
from detector.tasks.ray_cluster import first_line, join

Running: TypeAlias = "ray.ObjectRef[Packed]"

LOOK_S = 1.0  # so often this process hears whether it is to end


class RayTasks:
    """See ``Transport``.

    Args:
        address: Of the cluster; None: one on this machine, for as long as the command runs.
        cpus: Of such a one; None: as many as the machine has.

    Raises:
        SettingsError: If it cannot be reached, or has no CPU.
    """

    def __init__(self, address: str | None, cpus: int | None) -> None:
        join("--address", address, cpus)
        self._running: set[Running] = set()
        self._do = ray.remote(_do).options(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")
        if not self.cpus:
            raise SettingsError(f"--address {address}: a cluster without a CPU, allowed: 1 or more")

    @property
    def cpus(self) -> int:
        """Of the whole cluster, as Ray counts them."""
        return int(ray.cluster_resources().get("CPU", 0))

    def keep(self, packed: Packed) -> ray.ObjectRef[Packed]:
        """See ``Transport``: a reference to the one that is in the object store."""
        return ray.put(packed)

    def begin(self, task: Task) -> Running:
        """See ``Transport``."""
        running: Running = self._do.remote(task.work, *task.given)
        self._running.add(running)
        return running

    def ended(self, running: Sequence[Running]) -> list[tuple[Running, Outcome | GoneError]]:
        """See ``Transport``.

        Raises:
            SettingsError: If a machine of the cluster has another Faultline, or none.
        """
        ready: list[Running] = []
        while not ready:
            ready, _ = ray.wait(list(running), timeout=LOOK_S)
        self._running.difference_update(ready)
        return [(one, _answer_of(one)) for one in ready]

    def close(self) -> None:
        """See ``Transport``."""
        for one in self._running:
            with contextlib.suppress(RayError, ValueError):  # it has ended by itself
                ray.cancel(one, force=True)
        self._running.clear()  # Ray would begin a cluster to cancel them in once more
        ray.shutdown()


def _answer_of(running: Running) -> Outcome | GoneError:
    try:
        outcome: Outcome = unpacked(ray.get(running))
    except RayTaskError as error:
        last = str(error).strip().splitlines()[-1]
        raise SettingsError(
            f"--engine ray: a machine of the cluster cannot do it ({last}), allowed: machines "
            "with the same Faultline"
        ) from None
    except RayError as error:
        return GoneError(f"its process has ended ({first_line(error)})")
    return outcome


def _do(work: Callable[..., Any], *given: Any) -> Packed:  # noqa: ANN401 -- see ``Task``
    """A task there; references that it was given are values by now."""
    return outcome_of(work, given)
