"""The shared buffer."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.ingest.buffer import Receipt, SharedBuffer, Taken
from detector.ingest.ring import Ring
from detector.records import Samples
from tests.conftest import wait_for


def made(
    first: int, n: int, features: tuple[str, ...] = ("a",), session: str | None = None
) -> Samples:
    """Make n samples whose ts and values count up from ``first``."""
    ts = np.arange(first, first + n, dtype=np.float64)
    values = np.repeat(ts[:, None], len(features), axis=1).astype(np.float32)
    return Samples(features, ts, values, session)


def times(taken: Taken) -> list[list[float]]:
    """The ts of each block."""
    return [block.samples.ts.tolist() for block in taken.blocks]


def test_what_was_appended_is_taken_once() -> None:
    """Messages of one session come out as one block, with their receipts, and only once."""
    buffer = SharedBuffer(100, 10)
    buffer.append("m", made(0, 2), 50.0, Receipt(1, 7))
    buffer.append("m", made(2, 3), 51.0, None)
    buffer.append_receipt(Receipt(1, 8))

    taken = buffer.take()

    (block,) = taken.blocks
    assert (block.device, block.arrival, block.broken) == ("m", 51.0, False)
    assert block.samples.values.tolist() == [[0], [1], [2], [3], [4]]
    assert taken.receipts == [(1, 7), (1, 8)]
    assert buffer.take() == Taken([], [])


def test_the_fullest_device_tells_how_full_the_memory_is() -> None:
    """Nothing waits after a take."""
    buffer = SharedBuffer(100, 10)
    buffer.append("m", made(0, 40), 1.0, None)
    buffer.append("n", made(0, 10), 1.0, None)
    assert buffer.fullness == 0.4
    buffer.take()
    assert buffer.fullness == 0.0


def test_a_change_of_session_begins_a_new_block() -> None:
    """Blocks follow the sender's sessions, unbroken."""
    buffer = SharedBuffer(100, 10)
    for first, session in ((0, "x"), (1, "x"), (2, "y"), (3, None)):
        buffer.append("m", made(first, 1, session=session), 1.0, None)
    blocks = buffer.take().blocks
    assert [(len(b.samples), b.samples.session, b.broken) for b in blocks] == [
        (2, "x", False), (1, "y", False), (1, None, False),
    ]  # fmt: skip


def test_overrun_loses_the_oldest_counts_them_and_breaks_there() -> None:
    """A full ring keeps the newest samples and says that some are missing before them."""
    buffer = SharedBuffer(10, 10)
    for first in range(0, 16, 4):
        buffer.append("m", made(first, 4), 1.0, None)
    (block,) = buffer.take().blocks
    assert block.samples.ts.tolist() == list(range(6, 16))
    assert block.broken
    assert buffer.counters()["m"]["overrun_samples"] == 6


def test_overrun_forgets_sessions_that_are_gone() -> None:
    """Only the oldest block that is left breaks."""
    buffer = SharedBuffer(4, 10)
    for first, session in enumerate("uvwxyz"):
        buffer.append("m", made(first, 1, session=session), 1.0, None)
    blocks = buffer.take().blocks
    assert [(b.samples.session, b.broken) for b in blocks] == [
        ("w", True), ("x", False), ("y", False), ("z", False),
    ]  # fmt: skip


def test_after_a_take_nothing_is_broken_any_more() -> None:
    """The break is told once."""
    buffer = SharedBuffer(4, 10)
    buffer.append("m", made(0, 4), 1.0, None)
    buffer.append("m", made(4, 1), 1.0, None)
    assert [block.broken for block in buffer.take().blocks] == [True]
    buffer.append("m", made(5, 1), 1.0, None)
    assert [block.broken for block in buffer.take().blocks] == [False]


def test_a_message_longer_than_the_ring_keeps_its_newest_samples() -> None:
    """Only the end of an oversized message fits."""
    buffer = SharedBuffer(4, 10)
    buffer.append("m", made(0, 11), 1.0, None)
    (block,) = buffer.take().blocks
    assert (block.samples.ts.tolist(), block.broken) == ([7, 8, 9, 10], True)
    assert buffer.totals()["overrun_samples"] == 7


def test_patience_lets_a_take_make_room_instead_of_losing_samples() -> None:
    """A network thread with patience waits for the scoring thread."""
    buffer = SharedBuffer(4, 10, patience_s=20.0)
    network = threading.Thread(target=buffer.append, args=("m", made(0, 11), 1.0, Receipt(1, 1)))
    network.start()
    seen: list[float] = []
    while len(seen) < 11:
        assert buffer.wait(10.0, 1)
        seen += [t for ts in times(buffer.take()) for t in ts]
    network.join()
    assert seen == list(range(11))
    assert buffer.totals()["overrun_samples"] == 0


def test_missing_known_features_become_nan() -> None:
    """A message with some of the features leaves the others missing, in any order of names."""
    buffer = SharedBuffer(10, 10)
    buffer.append("m", made(0, 1, ("a", "b", "c")), 1.0, None)
    buffer.append("m", made(1, 1, ("c", "a")), 1.0, None)
    (block,) = buffer.take().blocks
    np.testing.assert_array_equal(block.samples.values, [[0, 0, 0], [1, np.nan, 1]])


def test_a_first_message_has_all_features_there_are() -> None:
    """So nothing is kept of which it had, which is as large as the ring."""
    ring = Ring(20_000)
    ring.append(made(0, 2, ("a", "b")), 1.0, 0)
    ((samples, _, _, heard, _),) = ring.drain()
    assert heard is None
    assert samples.values.tolist() == [[0, 0], [1, 1]]


def test_new_features_begin_a_new_block_and_lose_nothing() -> None:
    """What waits keeps its own features; the union follows, known names first."""
    buffer = SharedBuffer(10, 10)
    buffer.append("m", made(0, 2, ("b",)), 1.0, None)
    buffer.append("m", made(2, 1, ("a", "b")), 1.0, None)
    old, new = buffer.take().blocks
    assert (old.samples.features, old.samples.values.tolist()) == (("b",), [[0], [1]])
    assert (new.samples.features, new.samples.values.tolist()) == (("b", "a"), [[2, 2]])
    assert (old.broken, new.broken) == (False, False)


def test_new_features_in_a_wrapped_ring_keep_the_waiting_values() -> None:
    """Widening copies what waits from wherever it lies."""
    buffer = SharedBuffer(4, 10)
    buffer.append("m", made(0, 3), 1.0, None)
    buffer.append("m", made(3, 3), 1.0, None)
    buffer.append("m", made(6, 1, ("b",)), 1.0, None)
    old, new = buffer.take().blocks
    assert (old.samples.ts.tolist(), old.samples.values.tolist()) == ([3, 4, 5], [[3], [4], [5]])
    np.testing.assert_array_equal(new.samples.values, [[np.nan, 6]])


def test_alternating_partial_messages_widen_once() -> None:
    """A device that sends its features in turns settles on their union."""
    buffer = SharedBuffer(1000, 10)
    for i in range(100):
        buffer.append("m", made(2 * i, 1, ("acc",)), 1.0, None)
        buffer.append("m", made(2 * i + 1, 1, ("temp",)), 1.0, None)
    assert [len(block.samples) for block in buffer.take().blocks] == [1, 199]
    assert buffer.counters()["m"]["feature_changes"] == 1


def test_features_beyond_the_cap_are_dropped_counted_and_break() -> None:
    """A device cannot grow beyond 512 features; its known ones go on."""
    buffer = SharedBuffer(10, 10)
    known = tuple(f"f{i}" for i in range(512))
    buffer.append("m", made(0, 1, known), 1.0, None)
    buffer.append("m", made(1, 2, ("one more",)), 1.0, None)
    buffer.append("m", made(3, 1, known), 1.0, None)
    assert [(b.samples.ts.tolist(), b.broken) for b in buffer.take().blocks] == [
        ([0], False), ([3], True),
    ]  # fmt: skip
    assert buffer.counters()["m"]["too_many_features"] == 2


def test_devices_beyond_the_limit_are_dropped_but_acknowledged() -> None:
    """The receipt of a dropped message comes out all the same."""
    buffer = SharedBuffer(10, 1)
    buffer.append("held", made(0, 1), 1.0, Receipt(1, 1))
    buffer.append("unheld", made(0, 3), 1.0, Receipt(1, 2))
    taken = buffer.take()
    assert [block.device for block in taken.blocks] == ["held"]
    assert taken.receipts == [(1, 1), (1, 2)]
    assert buffer.totals()["unheld_samples"] == 3


def test_taken_arrays_are_copies() -> None:
    """What was handed out stays as it was while the ring goes on."""
    buffer = SharedBuffer(10, 10)
    buffer.append("m", made(0, 3), 1.0, None)
    samples = buffer.take().blocks[0].samples
    buffer.append("m", made(7, 3), 1.0, None)
    assert (samples.ts.tolist(), samples.values.tolist()) == ([0, 1, 2], [[0], [1], [2]])


def test_wait_returns_as_soon_as_enough_messages_wait() -> None:
    """The scoring thread commits on count and does not sit out its tick."""
    buffer = SharedBuffer(10, 10)
    woken: list[bool] = []
    scoring = threading.Thread(target=lambda: woken.append(buffer.wait(30.0, 3)))
    scoring.start()
    for number in range(2):
        buffer.append_receipt(Receipt(1, number))
    assert not woken
    buffer.append("m", made(0, 1), 1.0, Receipt(1, 2))
    wait_for(lambda: woken == [True], 5.0)
    scoring.join()


def test_wait_returns_when_a_ring_is_half_full() -> None:
    """Without receipts (QoS 0) a filling ring wakes the scoring thread."""
    buffer = SharedBuffer(10, 10)
    buffer.append("m", made(0, 5), 1.0, None)
    assert not buffer.wait(0.0, 1)
    buffer.append("m", made(5, 1), 1.0, None)
    assert buffer.wait(0.0, 1)


def test_wait_ends_with_its_time() -> None:
    """An idle tick ends by itself."""
    began = time.monotonic()
    assert not SharedBuffer(10, 10).wait(0.05, 1)
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("capacity", [1, 7, 64])
@settings(max_examples=60, deadline=None)
@given(
    messages=st.lists(
        st.tuples(
            st.integers(1, 9),
            st.sampled_from(["a", "b", "ab", "ca"]),
            st.sampled_from("xy"),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_samples_come_out_in_order_or_are_counted(
    capacity: int, messages: list[tuple[int, str, str, bool]]
) -> None:
    """Whatever comes: in order, each with its own values, gaps only where told, none uncounted."""
    buffer = SharedBuffer(capacity, 1)
    sent: dict[float, tuple[str, str]] = {}
    blocks = []
    for n, features, session, is_tick in messages:
        first = len(sent)
        buffer.append("m", made(first, n, tuple(features), session), 1.0, None)
        sent.update({float(first + i): (features, session) for i in range(n)})
        blocks += buffer.take().blocks if is_tick else []
    blocks += buffer.take().blocks

    expected = 0.0
    for block in blocks:
        got = block.samples
        assert block.broken == (got.ts[0] != expected)
        np.testing.assert_array_equal(got.ts, np.arange(got.ts[0], got.ts[0] + len(got)))
        expected = got.ts[-1] + 1
        for t, row in zip(got.ts, got.values, strict=True):
            features, session = sent[t]
            assert session == got.session
            for name, value in zip(got.features, row, strict=True):
                assert value == t if name in features else np.isnan(value)
    received = sum(len(block.samples) for block in blocks)
    assert received + buffer.totals().get("overrun_samples", 0) == len(sent)


def test_a_device_may_be_held_for_longer_than_others() -> None:
    """From the next take on; what waits meanwhile and other devices are as before."""
    buffer = SharedBuffer(10, 10)
    for device in ("fast", "slow"):
        buffer.append(device, made(0, 4), 1.0, None)
    buffer.hold("fast", 30)
    assert [times(buffer.take())[0], buffer.fullness] == [[0, 1, 2, 3], 0.0]

    for device in ("fast", "slow"):
        for first in (4, 14):
            buffer.append(device, made(first, 10), 1.0, None)

    assert buffer.fullness == 1.0
    fast, slow = buffer.take().blocks
    assert (len(fast.samples), len(slow.samples)) == (20, 10)
    assert {name: c["overrun_samples"] for name, c in buffer.counters().items()} == {
        "fast": 0, "slow": 10,
    }  # fmt: skip
