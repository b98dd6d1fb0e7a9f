"""When anomalies become an alarm."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.alarms.desk import AlarmDesk
from detector.alarms.lifecycle import AlarmRule, AlarmState, advance, rule_of
from detector.causes import Cause
from detector.records import Frame, ModelCard
from detector.settings.alarms import AlarmSettings
from detector.settings.devices import DeviceRule
from detector.settings.tree import Settings
from detector.store import alarms
from detector.store.schema import open_store

CARD = ModelCard("model", "lstm_ae", 10, 1.0, ("a",), ("g",), (0.0,), (1.0,))


def run(rule, flags, state=None):
    """Transitions of a run of windows, one per second; as (kind, ts, start)."""
    state, found = advance(AlarmRule(*rule), state or AlarmState(), enumerate(flags))
    return [(t.kind, t.ts, t.start) for t in found], state


def test_k_of_n_raises():
    """Three of five windows raise it, and it began with the first of them."""
    found, _ = run((3, 5, 9), [0, 1, 0, 1, 0, 1, 1])
    assert found == [("raised", 5, 1)]


def test_fewer_than_k_of_n_never_raise():
    """Two in five, for as long as it lasts."""
    assert run((3, 5, 9), [1, 1, 0, 0, 0] * 50)[0] == []


def test_m_windows_below_clear():
    """Not earlier; one window above begins the count anew."""
    found, state = run((1, 1, 3), [1, 0, 0, 1, 0, 0, 0, 0])
    assert found == [("raised", 0, 0), ("cleared", 6, 6)]
    assert not state.is_active


def test_an_alarm_can_come_again():
    """After clearing it takes k new windows."""
    found, _ = run((2, 3, 2), [1, 1, 0, 0, 1, 0, 1])
    assert [kind for kind, *_ in found] == ["raised", "cleared", "raised"]


@given(
    st.lists(st.booleans(), max_size=60),
    st.lists(st.integers(0, 9), max_size=20),
    st.integers(1, 4),
    st.integers(0, 4),
    st.integers(1, 5),
)
def test_alarms_do_not_depend_on_batches_and_alternate(flags, sizes, k, more, m):
    """Any batches give the same transitions, raised and cleared in turn, k of n at each raise."""
    rule = AlarmRule(k, k + more, m)
    _, whole = advance(rule, AlarmState(), enumerate(flags))
    state, parts = AlarmState(), []
    windows = list(enumerate(flags))
    edges = [0, *np.minimum(np.cumsum(sizes), len(flags)).astype(int).tolist(), len(flags)]
    for a, b in pairwise(edges):
        state, found = advance(rule, state, windows[a:b])
        parts += found
    assert parts == whole
    kinds = [t.kind for t in whole]
    assert kinds == (["raised", "cleared"] * len(kinds))[: len(kinds)]
    for t in whole:
        if t.kind == "raised":
            assert sum(flags[max(t.ts - rule.n + 1, 0) : t.ts + 1]) >= rule.k
        else:
            assert not any(flags[t.ts - m + 1 : t.ts + 1])


def test_an_empty_m_is_five_seconds_and_at_least_one_window():
    """At 1 Hz a window of ten samples, at 100 Hz five seconds."""
    assert rule_of(AlarmSettings(), CARD).m == 10
    fast = ModelCard("model", "lstm_ae", 60, 0.01, ("a",), ("g",), (0.0,), (1.0,))
    assert rule_of(AlarmSettings(), fast).m == 500
    assert rule_of(AlarmSettings(m=7), CARD).m == 7


def frame(start, scores, judged=True):
    """A frame of one feature, one sample per second."""
    n = len(scores)
    column = np.zeros((n, 1), np.float32)
    return Frame(
        "m", "s", ("a",), start + np.arange(n, dtype=float), column, column,
        np.asarray(scores, np.float32), np.zeros(n, np.float32), np.full(n, judged), 1.0,
        np.ones(1, np.float32), 0.0,
    )  # fmt: skip


@pytest.fixture
def engine(tmp_path):
    """A store of its own."""
    engine = open_store(f"sqlite:///{tmp_path}/store.db")
    yield engine
    engine.dispose()


def read(engine, query, *args):
    """The answer of a query of the store."""
    with engine.begin() as connection:
        return query(connection, *args)


def update(engine, desk, *frames):
    """One tick of the desk, committed."""
    with engine.begin() as connection:
        desk.update(connection, [(one, CARD) for one in frames])
    desk.keep()


def test_an_alarm_is_stored_with_its_peak_and_end(engine):
    """Raised, its peak followed, cleared; each transition is in the log."""
    desk = AlarmDesk(Settings(alarms=AlarmSettings(on_delay_s=0, k=2, n=2, m=3)), [])
    update(engine, desk, frame(0, [0, 2, 2]))
    update(engine, desk, frame(3, [5, 1.5]))
    update(engine, desk, frame(5, [0, 0, 0]))
    with engine.begin() as connection:
        [alarm] = alarms.listed(connection)
        log = [(transition, ts) for _, transition, ts, _ in alarms.unpublished(connection)]
    assert (alarm.state, alarm.start, alarm.end, alarm.peak_score) == ("cleared", 1, 7, 5)
    assert alarm.contributions == {"a": 1.0}
    assert log == [("raised", 1), ("cleared", 7)]


def test_windows_that_are_not_judged_neither_raise_nor_clear(engine):
    """A machine that stops for a moment proves nothing: an active alarm stays."""
    desk = AlarmDesk(Settings(alarms=AlarmSettings(on_delay_s=0, k=1, n=1, m=2)), [])
    update(engine, desk, frame(0, [9, 9, 9], judged=False))
    assert desk.active("m") is None
    update(engine, desk, frame(3, [9]), frame(4, [0] * 5, judged=False))
    assert desk.active("m") is not None
    update(engine, desk, frame(9, [0]), frame(10, [0] * 5, judged=False))
    assert desk.active("m") is not None
    update(engine, desk, frame(15, [0]))
    assert desk.active("m") is None


def test_an_alarm_of_a_machine_that_stops_returns_by_the_stop(engine):
    """Not active for ever; the same fault at the next run is an alarm of its own."""
    desk = AlarmDesk(Settings(alarms=AlarmSettings(on_delay_s=0, k=1, n=1, m=20)), [])
    update(engine, desk, frame(3, [9]), frame(4, [0] * 5, judged=False))
    update(engine, desk, frame(9, [9], judged=False))
    [ended] = read(engine, alarms.listed)
    assert (ended.state, ended.life) == ("cleared", "returned")
    assert (ended.ended_by, ended.end) == ("stop", 9)
    update(engine, desk, frame(60, [9]))
    assert desk.active("m").id == 2


def test_a_failed_commit_raises_nothing(engine):
    """The state moves on only with the transaction; the retry raises one alarm, not two."""
    desk = AlarmDesk(Settings(alarms=AlarmSettings(on_delay_s=0, k=1, n=1, m=2)), [])
    connection = engine.connect()
    desk.update(connection, [(frame(0, [9]), CARD)])
    connection.rollback()
    connection.close()
    assert desk.active("m") is None
    update(engine, desk, frame(0, [9]))
    with engine.begin() as connection:
        assert len(alarms.listed(connection)) == 1


def test_an_alarm_left_active_is_cleared_after_a_restart(engine):
    """A new detector goes on with the alarm of the one before."""
    settings = Settings(alarms=AlarmSettings(on_delay_s=0, k=1, n=1, m=2))
    update(engine, AlarmDesk(settings, []), frame(0, [9]))
    with engine.begin() as connection:
        desk = AlarmDesk(settings, alarms.active(connection))
    update(engine, desk, frame(1, [0, 0]))
    with engine.begin() as connection:
        [alarm] = alarms.listed(connection)
    assert alarm.state == "cleared"


def test_a_device_rule_may_have_its_own_alarm_rule(engine):
    """A slow machine needs other counts than a fast one."""
    own = DeviceRule(match="m", alarms=AlarmSettings(on_delay_s=0, k=4, n=4))
    desk = AlarmDesk(Settings(devices=(own,)), [])
    update(engine, desk, frame(0, [9, 9, 9]))
    assert desk.active("m") is None
    update(engine, desk, frame(3, [9]))
    assert desk.active("m") is not None


def test_windows_left_out_raise_no_alarm_that_all_would_not_have_raised():
    """Hits on both sides of a gap are not in a row, however few windows lie between them."""
    assert run((2, 5, 9), [1, None, 1, None, 0, 1, None, 1])[0] == []
    assert run((2, 5, 9), [1, None, 1, 0, 1])[0] == [("raised", 4, 2)]


@settings(max_examples=300)
@given(
    st.lists(st.integers(1, 9), max_size=12),
    st.integers(1, 4),
    st.integers(0, 3),
    st.sampled_from([2, 4, 8]),
    st.integers(0, 7),
)
def test_a_thinned_alarm_would_have_been_raised_without_thinning_too(steps, k, more, factor, turn):
    """Rows of n windows are scored or left out together."""
    above = set(np.cumsum(steps).tolist())
    flags = [i in above for i in range(120)]
    rule = AlarmRule(k, k + more, 10**6)
    thinned = [flag if (i // rule.n + turn) % factor == 0 else None for i, flag in enumerate(flags)]
    _, all_raised = advance(rule, AlarmState(), enumerate(flags))
    _, raised = advance(rule, AlarmState(), enumerate(thinned))
    assert len(raised) <= len(all_raised)
    assert all(one.ts >= all_raised[0].ts for one in raised)


def test_a_gap_neither_clears_an_active_alarm_nor_counts_for_it(engine):
    """The desk takes a judged window without a score for one that was left out."""
    desk = AlarmDesk(Settings(alarms=AlarmSettings(on_delay_s=0, k=2, n=2, m=3)), [])
    update(engine, desk, frame(0, [2, np.nan, 2]))
    assert desk.active("m") is None
    update(engine, desk, frame(3, [2, np.nan, np.nan, 0, np.nan, 0]))
    assert desk.active("m") is not None
    update(engine, desk, frame(9, [np.nan, 0]))
    assert desk.active("m") is None


def test_samples_between_two_blocks_were_not_left_out(engine):
    """Behind a front end a score is due where a block ends; only there it may be left out."""
    desk = AlarmDesk(Settings(alarms=AlarmSettings(on_delay_s=0, k=2, n=2, m=3)), [])
    due = np.array([True, False] * 3)
    blocks = frame(0, [2, np.nan, np.nan, np.nan, 2, np.nan])
    update(engine, desk, dataclasses.replace(blocks, due=due))
    assert desk.active("m") is None
    cause = Cause("a.order2", 0.75, 6.0, "dB", "a: vibration at 2 times the speed")
    blocks = frame(6, [2.5, np.nan, 0, np.nan, 0, np.nan])
    update(engine, desk, dataclasses.replace(blocks, due=due, causes=(cause,)))
    assert desk.active("m").start == 4
    assert desk.active("m").contributions == {"a.order2": 0.75}
    assert desk.active("m").sentence == "score 2.5 above 1: a: vibration at 2 times the speed"
    update(engine, desk, dataclasses.replace(frame(12, [0, np.nan] * 3), due=due))
    assert desk.active("m") is None
