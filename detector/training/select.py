"""``--network auto``: candidates by their detection limits at the same false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from detector.errors import TrainingError
from detector.sessions.bursts import joined
from detector.tasks.contract import Executor, Task
from detector.tasks.in_process import HERE
from detector.training.apart import as_recording, set_apart
from detector.training.data.dataset import Dataset
from detector.training.data.front_ends import beside
from detector.training.fitting.network import full_config
from detector.training.fitting.plan import TrainOptions
from detector.training.lab.evaluate import Injection, inject_faults
from detector.training.trial import SEVERITIES, Bench, Tell, Trial, best_of, table, train_and_try


def choose_network(
    dataset: Dataset,
    options: TrainOptions,
    candidates: Sequence[str],
    tell: Tell,
    executor: Executor = HERE,
) -> tuple[TrainOptions, str]:
    """Train each candidate without the bench's sessions and keep the one of the smallest limit.

    Its faults are put into normal sessions here; labels of test data are never looked at.

    Args:
        dataset: Normal sessions.
        options: For all candidates.
        candidates: Names of networks and references, the simplest first: it wins where several
            are alike.
        tell: Told which candidates are tried.
        executor: Who trains and tries them.

    Returns:
        The options with the best candidate, and the comparison in a few lines.

    Raises:
        BundleError: If a candidate is unknown.
        TaskError: If a process that tries one ends again and again.
        TrainingError: If there is no candidate or none can be trained, or too little to keep
            anything for the lab.
    """
    if not candidates:
        raise TrainingError("--network auto: no candidate, allowed: at least 1")
    for name in candidates:
        full_config(name, {})
    learn, bench = _bench(dataset, options)
    kept = executor.keep(learn), executor.keep(bench)
    tasks = [Task(name, _tried, (name, with_network(options, name), *kept)) for name in candidates]

    def told_of(names: Sequence[str], came: int) -> None:
        tell(f"trying {', '.join(names)}", came, len(tasks))

    trials: list[Trial] = []
    refused: dict[str, str] = {}
    for name, found in zip(candidates, executor.results(tasks, told_of), strict=True):
        if isinstance(found, Trial):
            trials.append(found)
        else:
            refused[name] = found
    if not trials:
        raise TrainingError("; ".join(dict.fromkeys(refused.values())))
    best = best_of(trials)
    left = [f"  not tried: {name}: {why}" for name, why in refused.items()]
    told = [*table(trials, bench), *left, f"chosen: {best.name}"]
    return with_network(options, best.name), "\n".join(told)


def _tried(name: str, options: TrainOptions, learn: Dataset, bench: Bench) -> Trial | str:
    """A candidate, or why it cannot be trained."""
    try:
        return train_and_try(name, options, learn, bench)
    except TrainingError as error:
        return str(error)


def with_network(options: TrainOptions, name: str) -> TrainOptions:
    """The same with a network or reference of its defaults."""
    return replace(options, recipe=replace(options.recipe, name=name, config={}))


def _bench(dataset: Dataset, options: TrainOptions) -> tuple[Dataset, Bench]:
    """What is left to learn from, and faults in the rest."""
    learn, apart = set_apart(dataset)
    normal = list(joined(as_recording(dataset, session) for session in apart))
    injection = Injection(
        severities=SEVERITIES,
        seeds=(options.seed,),
        features=tuple(f for f in dataset.features if f not in beside(options.front_end)),
        running=dataset.signal,
    )
    return learn, Bench(tuple(normal), tuple(inject_faults(normal, injection)), options.seed)
