"""Tasks: what came of each in their order, whichever process did it and however often it died."""

from __future__ import annotations

import os
from itertools import count

import pytest

from detector.errors import TaskError, TrainingError
from detector.tasks.apart import MOST_DEATHS
from detector.tasks.contract import Task
from detector.tasks.in_process import InProcess
from tests.conftest import wait_for
from tests.detector.tasks import work
from tests.detector.tasks.conftest import AT_ONCE


@pytest.fixture(params=["in process", "apart"])
def executor(request):
    """Each that needs no library."""
    return InProcess() if request.param == "in process" else request.getfixturevalue("apart")


def squares(numbers):
    """Tasks of which none takes long."""
    return (Task(f"square {number}", work.squared, (number,)) for number in numbers)


def test_results_come_in_the_order_of_the_tasks(executor):
    """As many as there are."""
    assert list(executor.results(squares(range(5)))) == [0, 1, 4, 9, 16]
    assert list(executor.results([])) == []


def test_what_is_kept_is_given_to_each(executor):
    """Beside what a task has for itself."""
    kept = executor.keep([1, 2, 3])
    tasks = [Task("sum", work.summed, (kept, more)) for more in (10, 20)]
    assert list(executor.results(tasks)) == [16, 26]


def test_tasks_are_made_as_there_is_room_for_them(executor):
    """However many there would be."""
    made = []
    tasks = (made.append(number) or task for number, task in enumerate(squares(count())))
    results = executor.results(tasks)
    assert [next(results), next(results)] == [0, 1]
    assert len(made) <= 2 + 2 * AT_ONCE
    results.close()


def test_what_a_task_raises_is_raised_in_its_place(executor):
    """With the same line; what was before it has come."""
    tasks = [*squares([3]), Task("bad", work.refused, ("too short",)), *squares([4])]
    results = executor.results(tasks)
    assert next(results) == 9
    with pytest.raises(TrainingError, match=r"^too short$"):
        next(results)


def test_it_tells_what_is_under_way_and_how_many_came(executor):
    """The last word is not that all came: then there are results."""
    told = []
    list(executor.results(squares([1, 2, 3]), lambda names, came: told.append((names, came))))
    assert told[0][1] == 0
    assert [came for _, came in told] == sorted(came for _, came in told)
    assert all(0 < len(names) <= AT_ONCE for names, _ in told)
    assert {name for names, _ in told for name in names} == {"square 1", "square 2", "square 3"}


def test_one_that_is_slow_keeps_no_other_from_its_work(apart, tmp_path):
    """The first waits for the last, and comes first all the same."""
    path = tmp_path / "left"
    tasks = [Task("slow", work.after, (path, 0)), *squares([1, 2]),
             Task("quick", work.leaves, (path, 3))]  # fmt: skip
    assert list(apart.results(tasks)) == [0, 1, 4, 3]


def test_a_task_whose_process_dies_is_done_again(apart, tmp_path, caplog):
    """Told in one line each."""
    assert list(work.Mortal(apart, tmp_path).results(squares(range(4)))) == [0, 1, 4, 9]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 4
    assert all("was killed by signal 9; it is done again" in line for line in lines)
    assert lines[0].startswith("square ")


def test_one_that_dies_each_time_is_given_up(apart, caplog):
    """After three deaths, in one line that names it; what came before it is there."""
    results = apart.results([*squares([5]), Task("hungry", work.die, ())])
    assert next(results) == 25
    line = r"^hungry: process \d+ was killed by signal 9, for the 3rd time; allowed: "
    with pytest.raises(TaskError, match=line) as told:
        next(results)
    assert "\n" not in str(told.value)
    assert len(caplog.records) == MOST_DEATHS - 1


def test_what_is_under_way_ends_with_the_executor(apart, tmp_path):
    """Whoever no longer waits for it leaves no process."""
    path = tmp_path / "pid"
    results = apart.results([*squares([1]), Task("endless", work.stand, (path,))])
    assert next(results) == 1
    wait_for(path.exists, 30, "it is under way")
    pid = int(path.read_text())
    apart.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
