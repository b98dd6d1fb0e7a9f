"""Who does a command's tasks, by its options."""

from __future__ import annotations

from detector.errors import SettingsError
from detector.tasks.apart import Apart
from detector.tasks.children import Children
from detector.tasks.contract import Executor
from detector.tasks.in_process import HERE


def executor_for(workers: int | None, engine: str | None, address: str | None) -> Executor:
    """Who ``--workers``, ``--engine`` and ``--address`` ask for; None: not given.

    Raises:
        SettingsError: If they do not go together, or what they ask for cannot be used here.
    """
    if engine != "ray":
        if address is not None:
            raise SettingsError("--address without --engine ray, allowed: both, or neither")
        return Apart(Children(), workers) if workers else HERE
    if workers == 0:
        raise SettingsError("--engine ray, --workers 0, allowed: workers from 1, or none")
    try:
        from detector.tasks.ray_tasks import RayTasks  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise without_ray("--engine", error) from None
    cluster = RayTasks(address, workers)
    return Apart(cluster, workers or cluster.cpus)


def without_ray(where: str, error: ImportError) -> SettingsError:
    """What is said where Ray is missing.

    Args:
        where: The setting or option that asks for it.
        error: Of its import.
    """
    return SettingsError(
        f"{where}: ray cannot be imported ({error}), allowed: workers, or ray after "
        "pip install 'faultline[ray]'"
    )
