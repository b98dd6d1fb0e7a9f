"""Which block ends its worker: found by trying, never by one death."""

from __future__ import annotations

from detector.ingest.buffer import TakenBlock
from detector.records import backlog_label
from detector.workers.fatal.suspects import DEATHS, Suspects
from tests.support.motors import live


def block(device, session=None):
    """Some samples of it."""
    return TakenBlock(device, live(3, 1, session=session), 0.0, broken=False)


def request(suspects, waiting):
    """What a line would ask for next."""
    return waiting[: suspects.most(waiting)]


def run(suspects, waiting, deadly):
    """Ask until nothing waits; returns requests that ended the worker, and blocks given up."""
    deaths, given_up = [], []
    while waiting:
        asked = request(suspects, waiting)
        if not set(map(id, asked)) & set(map(id, deadly)):
            suspects.answered(asked)
            waiting = waiting[len(asked) :]
            continue
        deaths.append(len(asked))
        if suspects.ended(asked):
            given_up += asked
            waiting = waiting[1:]
    return deaths, given_up


def test_the_block_is_found_among_others():
    """Three deaths of all, then three of it alone; what is behind it goes together again."""
    blocks = [block(name) for name in "abcdef"]
    deaths, given_up = run(Suspects(), blocks, [blocks[2]])
    assert deaths == [6] * DEATHS + [1] * DEATHS
    assert given_up == [blocks[2]]


def test_each_of_several_is_found():
    """While the blocks of one request are tried alone."""
    blocks = [block(name) for name in "abcdef"]
    deaths, given_up = run(Suspects(), blocks, [blocks[0], blocks[5]])
    assert deaths == [6] * DEATHS + [1] * 2 * DEATHS
    assert given_up == [blocks[0], blocks[5]]


def test_the_next_of_its_stream_is_tried_alone_at_once():
    """It costs one death, none of its neighbours' time; a backlog is a stream of its own."""
    suspects, first = Suspects(), block("a")
    assert run(suspects, [first], [first]) == ([1] * 2 * DEATHS, [first])
    waiting = [block("b"), block("a", backlog_label(None)), block("a"), block("c")]
    assert request(suspects, waiting) == waiting[:2]
    assert run(suspects, waiting, [waiting[2]]) == ([1], [waiting[2]])
    last = [block("a"), block("b")]
    assert run(suspects, last, []) == ([], [])
    assert request(suspects, last) == last, "it was scored, and is like any other"


def test_a_worker_that_is_killed_five_times_in_a_row_costs_no_block():
    """Whatever it was asked for meanwhile."""
    suspects, blocks = Suspects(), [block("a"), block("b")]
    assert not any(suspects.ended(request(suspects, blocks)) for _ in range(2 * DEATHS - 1))


def test_deaths_with_an_answer_between_them_prove_nothing():
    """Whoever kills workers now and then costs no score."""
    suspects, blocks = Suspects(), [block("a"), block("b")]
    for _ in range(5):
        for _ in range(DEATHS - 1):
            assert not suspects.ended(blocks)
        suspects.answered(blocks)
    for _ in range(5):
        assert not suspects.ended([]), "it was asked for no block"
    assert request(suspects, blocks) == blocks
