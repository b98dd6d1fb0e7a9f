"""Messages that overtake, repeat, come in parts or late; each with all channels at one rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.alignment.rules import Rules
from tests.support.messages import T0, TICK_S, Line, message

RULES = Rules(wait_s=1.0, hold_s=60.0, late_s=60.0, period_s=0.01, needed=frozenset("ab"))
BATCH = 25


def batches(count, start=T0, seed=3):
    """Messages of 25 samples at 100 Hz, one every 0.25 s: (arrival, samples)."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        ts = start + (i * BATCH + np.arange(BATCH)) * 0.01
        made.append((0.25 * (i + 1), message(ts, a=rng.normal(size=BATCH), b=rng.random(BATCH))))
    return made


def joined(timed):
    """What the messages hold, in order of time."""
    samples = sorted((samples for _, samples in timed), key=lambda one: one.ts[0])
    return (
        np.concatenate([one.ts for one in samples]),
        np.concatenate([one.values for one in samples]),
    )


def test_whole_messages_in_order_pass_bit_for_bit():
    """Nothing is resampled, and after the first second nothing waits for longer than a tick."""
    timed = batches(40)
    line = Line(RULES).play(timed)
    _, ts, values = line.table()
    np.testing.assert_array_equal(ts, joined(timed)[0])
    np.testing.assert_array_equal(values, joined(timed)[1])
    left = {block.samples.ts[-1]: when for when, block in line.out}
    waits = [left[samples.ts[-1]] - at for at, samples in timed if samples.ts[-1] in left]
    assert len(waits) > 30
    assert max(waits[10:]) <= TICK_S + 1e-9


def test_swapped_and_repeated_messages_change_nothing():
    """Each neighbour swapped, everything sent twice."""
    timed = batches(40)
    swapped = []
    for i in range(0, 40, 2):
        (first, one), (second, two) = timed[i : i + 2]
        swapped += [(first, two), (first, two), (second, one), (second, one)]
    line = Line(RULES).play(swapped)
    _, ts, values = line.table()
    np.testing.assert_array_equal(ts, joined(timed)[0])
    np.testing.assert_array_equal(values, joined(timed)[1])
    assert line.aligner.counters("m")["late"] == 0
    assert line.aligner.counters("m")["duplicate"] == 40 * BATCH


@pytest.mark.parametrize("seed", range(8))
def test_any_order_within_the_wait_gives_the_same(seed):
    """Delays of up to the wait, drawn anew for each message."""
    timed = batches(40)
    delays = np.random.default_rng(seed).uniform(0, 0.9, 40)
    line = Line(RULES).play([(at + d, one) for (at, one), d in zip(timed, delays, strict=True)])
    np.testing.assert_array_equal(line.table()[1], joined(timed)[0])
    np.testing.assert_array_equal(line.table()[2], joined(timed)[1])


def test_a_lost_message_holds_up_the_next_for_the_wait_alone():
    """Then it is a gap, as it always was."""
    timed = batches(40)
    line = Line(RULES).play(timed[:20] + timed[21:])
    assert len(line.table()[1]) == 39 * BATCH
    left = [(when, block.samples.ts[-1]) for when, block in line.out]
    after = next(when for when, newest in left if newest >= timed[21][1].ts[-1])
    assert after - timed[21][0] == pytest.approx(1.0, abs=2 * TICK_S)


def test_a_burst_waits_no_longer_than_a_tick():
    """Once some have shown that nothing is missing between them; a device that sends on waits."""
    timed = [(2.0 * i + 0.25, one) for i, (_, one) in enumerate(batches(24))]
    bursts = [(at, replace(one, ts=one.ts + 1.75 * i)) for i, (at, one) in enumerate(timed)]
    line = Line(RULES).play(bursts)
    left = {block.samples.ts[-1]: when for when, block in line.out}
    waits = [left[samples.ts[-1]] - at for at, samples in bursts]
    assert min(waits[:2]) >= 1.0 - TICK_S
    assert max(waits[5:]) <= TICK_S + 1e-9
    assert len(line.table()[1]) == 24 * BATCH


def test_messages_that_overtake_by_one_are_no_bursts():
    """1, 3, 5, 7 come before 2, 4, 6: each begins after a pause, and nothing is late."""
    timed = batches(60)
    order = [0, 2, 4, 6, 8, 1, 3, 5, 7]
    mixed = [9 * k + i for k in range(6) for i in order]
    line = Line(RULES).play([(timed[max(9 * (i // 9) + 8, 0)][0], timed[i][1]) for i in mixed])
    assert line.aligner.counters("m")["late"] == 0
    assert len(line.table()[1]) == 54 * BATCH


def test_a_message_after_its_turn_is_late():
    """Counted, and nothing else is disturbed."""
    timed = batches(40)
    late = [(at + 3.0 if i == 20 else at, one) for i, (at, one) in enumerate(timed)]
    line = Line(RULES).play(late)
    assert len(line.table()[1]) == 39 * BATCH
    assert line.aligner.counters("m")["late"] == BATCH


def test_halves_of_one_moment_are_joined():
    """Two messages with half of the channels each, in any order."""
    timed = batches(20)
    halves = []
    for i, (at, one) in enumerate(timed):
        a = message(one.ts, a=one.values[:, 0])
        b = message(one.ts, b=one.values[:, 1])
        halves += [(at, a), (at + 0.2, b)] if i % 3 else [(at + 0.3, a), (at, b)]
    features, ts, values = Line(RULES).play(halves).table()
    np.testing.assert_array_equal(ts, joined(timed)[0])
    np.testing.assert_array_equal(values[:, [features.index("a"), features.index("b")]],
                                  joined(timed)[1])  # fmt: skip


@pytest.mark.parametrize("at", [2.51, 2.7, 3.01])
def test_a_channel_beside_the_model_waits_for_a_sample_of_it(at):
    """A battery level now and then makes no row of its own, and is not lost, be it late."""
    timed = batches(20)
    beside = [(at, message(T0 + 2.503, battery=3.9))]
    features, ts, values = Line(RULES).play(timed + beside).table()
    np.testing.assert_array_equal(ts, joined(timed)[0])
    battery = values[:, features.index("battery")]
    assert battery[np.isfinite(battery)].tolist() == [pytest.approx(3.9)]
    assert T0 + 2.5 < ts[np.isfinite(battery)][0] < T0 + 3.1


def test_channels_in_another_order_are_the_same_channels():
    """A firmware update that shuffles its keys restarts nothing."""
    timed = batches(20)
    shuffled = [
        (at, message(one.ts, b=one.values[:, 1], a=one.values[:, 0]) if i > 9 else one)
        for i, (at, one) in enumerate(timed)
    ]
    line = Line(RULES).play(shuffled)
    assert line.table()[0] == ("a", "b")
    np.testing.assert_array_equal(line.table()[2], joined(timed)[1])


def test_a_channel_that_falls_silent_is_missing_and_the_rest_goes_on():
    """It waits for it, for so long and no longer."""
    timed = [
        (at, message(one.ts, a=one.values[:, 0]) if i > 9 else one)
        for i, (at, one) in enumerate(batches(40))
    ]
    features, ts, values = Line(RULES).play(timed).table()
    assert len(ts) == 40 * BATCH
    assert np.isnan(values[10 * BATCH :, features.index("b")]).all()
    assert np.isfinite(values[:, features.index("a")]).all()


def test_messages_are_acknowledged_when_their_samples_have_left():
    """Until then a crash would lose them."""
    line = Line(RULES)
    for at, one in batches(8):
        line.now = at
        line.send(one)
    assert line.aligner.oldest_lot() is None
    line.now += 0.25
    gap = message(T0 + 10 + np.arange(BATCH) * 0.01, a=1.0, b=1.0)
    line.send(gap)
    assert line.aligner.oldest_lot() == line.sent - 1
    line.rest(1.2)
    assert line.aligner.oldest_lot() is None


def test_nothing_waits_when_all_must_leave():
    """Before the end, or when the broker lets no more wait."""
    line = Line(RULES)
    line.send(batches(1)[0][1])
    assert line.out == []
    blocks = line.aligner.release(line.now, np.inf)
    assert sum(len(block.samples) for block in blocks) == BATCH


def test_sessions_that_the_sender_names_stay_apart():
    """Each block holds one, and the next begins with its first sample."""
    timed = [
        (at, message(one.ts, "two" if i > 9 else "one", a=one.values[:, 0], b=one.values[:, 1]))
        for i, (at, one) in enumerate(batches(20))
    ]
    blocks = [block.samples for _, block in Line(RULES).play(timed).out]
    assert {one.session for one in blocks} == {"one", "two"}
    second = min(one.ts[0] for one in blocks if one.session == "two")
    assert second == timed[10][1].ts[0]


def test_a_device_without_a_model_is_sorted_too():
    """Its step is learnt from what it sends."""
    rules = Rules(wait_s=1.0, hold_s=60.0, late_s=60.0)
    timed = batches(40)
    delays = np.random.default_rng(1).uniform(0, 0.9, 40)
    line = Line(rules).play([(at + d, one) for (at, one), d in zip(timed, delays, strict=True)])
    np.testing.assert_array_equal(line.table()[1], joined(timed)[0])
