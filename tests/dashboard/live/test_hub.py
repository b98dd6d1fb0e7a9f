"""The live hub on a real store, without a server."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import ExitStack, contextmanager

import msgspec
import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from dashboard.live import hub as hub_module
from dashboard.live.hub import LiveHub
from dashboard.live.wire import encode
from detector.alarms.desk import open_desk
from detector.errors import StoreError
from detector.records import Alarm
from detector.settings.tree import Settings
from detector.store import devices, frames
from detector.store.schema import open_store
from tests.support.live.feed import Machine, frame, status
from tests.support.live.server import in_a_loop

SETTINGS = Settings(dashboard={"push_ms": 100})


@pytest.fixture
def engine(tmp_path):
    """An empty store."""
    engine = open_store(f"sqlite:///{tmp_path}/store.db")
    yield engine
    engine.dispose()


@pytest.fixture
def hub(engine):
    """A hub on it."""
    return LiveHub(lambda: SETTINGS, lambda: engine)


@pytest.fixture
def machine():
    """A device that has sent nothing yet."""
    return Machine("m1", next_ts=1000.0)


def add(engine, machine, count=1):
    """Store the machine's next frames as a detector would."""
    with engine.begin() as store:
        for _ in range(count):
            made = frame(machine, 10, time.time())
            frames.write(store, [made])
            devices.update(store, [status(machine, made, time.time())])


def read(message):
    """The header of an update, with the frame ids it carries."""
    length = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + length])
    offset, ids = 4 + length, []
    for block in header["blocks"]:
        ids += np.frombuffer(message, "<f8", block["n"], offset).tolist()
        n, count = block["n"], len(block["features"])
        sizes = [8 * n, 8 * n, 4 * n * count, 4 * n * len(block["reconstructed"]), 4 * n, n]
        for size in (*sizes, block["frames"] * count):
            offset += -(-size // 8) * 8
    assert offset == len(message)
    return header, sorted({int(frame_id) for frame_id in ids})


def pushed(hub, viewer):
    """What one push brings to a viewer."""

    async def once():
        await hub.push()
        return await asyncio.wait_for(viewer.take(), 5)

    return read(in_a_loop(once()))


def test_a_viewer_starts_with_a_snapshot_and_goes_on_with_what_is_new(hub, engine, machine):
    """No frame is missing between the snapshot and the first update."""
    add(engine, machine, 3)
    with hub.watching("m1") as viewer:
        first, held = pushed(hub, viewer)
        add(engine, machine, 2)
        second, new = pushed(hub, viewer)
    assert (first["full"], held) == (True, [1, 2, 3])
    assert (second["full"], new) == (False, [4, 5])


def test_a_late_viewer_may_get_a_frame_twice_but_misses_none(hub, engine, machine):
    """Frames committed while a snapshot is read are in the next update again."""
    add(engine, machine)
    with hub.watching("m1") as early:
        pushed(hub, early)
        add(engine, machine)
        with hub.watching("m1") as late:
            _, held = pushed(hub, late)
            read(in_a_loop(early.take()))
            add(engine, machine)
            _, new = pushed(hub, late)
    assert set(held) | set(new) == {1, 2, 3}


def test_one_encoding_serves_all_viewers_of_a_device(hub, engine, machine, monkeypatch):
    """Ten viewers cost one encoding per push."""
    add(engine, machine)
    calls = []
    monkeypatch.setattr(hub_module.wire, "encode", lambda *args: calls.append(1) or encode(*args))
    with all_of(hub.watching("m1") for _ in range(10)) as viewers:
        pushed(hub, viewers[0])
        calls.clear()
        add(engine, machine)
        pushed(hub, viewers[0])
    assert len(calls) == 1


def test_a_slow_viewer_starts_again_from_a_snapshot(hub, engine, machine):
    """What it could not take is dropped, and its chart gets no hole."""
    with hub.watching("m1") as slow:
        for _ in range(hub_module.QUEUED + 2):
            add(engine, machine)
            in_a_loop(hub.push())
        header, held = read(in_a_loop(slow.take()))
    assert header["full"]
    assert held == list(range(1, hub_module.QUEUED + 3))


def test_card_and_alarms_are_sent_only_when_they_changed(hub, engine, machine):
    """They are most of a header and hardly ever change."""
    add(engine, machine)
    with hub.watching("m1") as viewer:
        snapshot, _ = pushed(hub, viewer)
        pushed(hub, viewer)
        update, _ = pushed(hub, viewer)
    assert {"card", "alarms"} <= set(snapshot)
    assert not {"card", "alarms"} & set(update)


def test_a_session_starts_a_block_of_its_own(hub, engine, machine):
    """The browser breaks the line where the session changes."""
    add(engine, machine)
    machine.session = "s2"
    add(engine, machine)
    with hub.watching("m1") as viewer:
        header, _ = pushed(hub, viewer)
    assert [block["session"] for block in header["blocks"]] == ["s1", "s2"]


def test_a_failing_store_is_counted_told_and_tried_again(engine, machine):
    """The hub outlives a store that is away for a while."""
    broken = [True]

    def sometimes():
        if broken[0]:
            raise StoreError("store: away")
        return engine

    add(engine, machine)
    hub = LiveHub(lambda: SETTINGS, sometimes)

    async def go():
        running = asyncio.create_task(hub.run())
        with hub.watching("m1") as viewer:
            told, _ = read(await asyncio.wait_for(viewer.take(), 5))
            broken[0] = False
            header, held = read(await asyncio.wait_for(viewer.take(), 5))
        hub.close()
        await asyncio.wait_for(running, 5)
        return told, header, held

    told, header, held = in_a_loop(go())
    assert told["error"] == "store: away"
    assert hub.errors >= 1
    assert (header["full"], held) == (True, [1])


def test_a_copy_in_the_place_of_a_store_is_followed_from_its_beginning(engine, machine, tmp_path):
    """Such as a backup, which counts its frames anew; there is an outage between them."""
    copy = open_store(f"sqlite:///{tmp_path}/copy.db")
    add(engine, machine, 5)
    now = [engine]
    hub = LiveHub(lambda: SETTINGS, lambda: now[0])
    with hub.watching("m1") as viewer:
        pushed(hub, viewer)
        hub._fail(StoreError("store: away"))
        in_a_loop(viewer.take())
        now[0] = copy
        add(copy, Machine("m1", next_ts=2000.0))
        first, held = pushed(hub, viewer)
        add(copy, Machine("m1", next_ts=3000.0))
        _, new = pushed(hub, viewer)
    copy.dispose()
    assert (first["full"], held, new) == (True, [1], [2])


def test_of_many_features_those_behind_the_score_are_sent(hub, engine):
    """Others only to who draws them; all of them are never, and each set is encoded once."""
    wide = Machine("m1", tuple(f"f{i}" for i in range(64)), fault=True, next_ts=1000.0)
    add(engine, wide, 10)
    with hub.watching("m1") as viewer, hub.watching("m1", None, ("f50", "f60")) as other:
        first, _ = pushed(hub, viewer)
        chosen, _ = read(in_a_loop(other.take()))
        add(engine, wide)
        update, _ = pushed(hub, viewer)
    assert [block["features"] for block in first["blocks"]] == [[f"f{i}" for i in range(8)]]
    assert [block["features"] for block in update["blocks"]] == [[f"f{i}" for i in range(8)]]
    assert [block["features"] for block in chosen["blocks"]] == [["f50", "f60"]]
    assert len(update["contributions"]) == 8
    assert {"f0", "f50", "f60"} <= set(chosen["contributions"])


def test_an_unexpected_error_does_not_end_the_hub(hub, engine, monkeypatch):
    """Whatever goes wrong in one push, the next is tried."""
    monkeypatch.setattr(hub_module, "RETRY_S", 0.01)
    monkeypatch.setattr(hub, "_read", lambda *_: 1 / 0)

    async def go():
        running = asyncio.create_task(hub.run())
        with hub.watching("m1") as viewer:
            told, _ = read(await asyncio.wait_for(viewer.take(), 5))
        alive = not running.done()
        hub.close()
        await asyncio.wait_for(running, 5)
        return told, alive

    told, alive = in_a_loop(go())
    assert "ZeroDivisionError" in told["error"]
    assert alive


def test_the_overview_carries_recent_scores(hub, engine, machine):
    """The first viewer of the overview sees a line, not a dot."""
    add(engine, machine, 30)
    with hub.watching(None) as viewer:
        in_a_loop(hub.push())
        [spark] = msgspec.json.decode(in_a_loop(viewer.take()))["sparks"].values()
    assert len([score for score in spark if score is not None]) > 10


def test_nothing_is_read_while_nobody_watches(hub, monkeypatch):
    """An idle dashboard leaves the store alone."""
    monkeypatch.setattr(hub, "_read", lambda *_: pytest.fail("read"))
    in_a_loop(hub.push())


def test_a_database_error_is_told_in_one_line(hub):
    """SQLAlchemy's message has several."""
    error = OperationalError("SELECT 1", {}, Exception("disk I/O error"))
    with hub.watching("m1") as viewer:
        hub._fail(error)
        told, _ = read(in_a_loop(viewer.take()))
    assert "disk I/O error" in told["error"]
    assert "\n" not in told["error"]


@contextmanager
def all_of(managers):
    """Enter all of them."""
    with ExitStack() as stack:
        yield [stack.enter_context(manager) for manager in managers]


def test_each_viewer_reads_their_own_language(hub, engine, machine):
    """An alarm of a sensor, with the same samples, on pages of one device and on overviews."""
    add(engine, machine, 2)
    with engine.begin() as store:
        made = Alarm(None, "m1", "sensor", "active", 1000.0, None, 0.0, {"acc_x": 1.0}, "", 0.0,
                     sentence="acc_x: the same value, 0.5, for 30.0 s")  # fmt: skip
        open_desk(SETTINGS, store).book.begin(store, made, 1000.0)
    with hub.watching("m1") as english, hub.watching("m1", language="ko") as korean:
        in_a_loop(hub.push())
        (one, ids), (other, same) = (read(in_a_loop(viewer.take())) for viewer in (english, korean))
    assert one["alarms"][0]["sentence"] == "acc_x: the same value, 0.5, for 30.0 s"
    assert other["alarms"][0]["sentence"] == "acc_x: 30.0초 동안 값이 0.5에서 변하지 않음"
    assert ids == same == [1, 2]
    assert other["card"] | {"provenance": ""} == one["card"] | {"provenance": ""}
    with hub.watching(None) as english, hub.watching(None, language="ko") as korean:
        in_a_loop(hub.push())
        said = [json.loads(in_a_loop(viewer.take())) for viewer in (english, korean)]
    assert [one["alarms"][0]["sentence"][-2:] for one in said] == [" s", "않음"]
