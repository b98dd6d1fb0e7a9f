"""What a real detector does with the store that it finds at its start."""

from __future__ import annotations

import signal

from detector.__main__ import main
from detector.store import frames
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.serving import Client, Served, serving
from tests.support.stores import golden_store

GOLDEN = sum(len(frame.ts) for frame in golden_store.written())


def publish(broker, served, ts):
    """One sample of one device, stored."""
    before = served.stored()
    with Client(broker.url) as client:
        client.publish(f"{served.folder.name}/m", b'{"ts": %d, "a": 1}' % ts)
    wait_for(lambda: served.stored() == before + 1, 40, "it is stored")


def test_an_older_store_is_brought_here_and_a_damaged_one_refused(tmp_path, broker, monkeypatch):
    """Migrated with a copy beside it; killed and damaged, the next start names that copy."""
    monkeypatch.setenv("FAULTLINE_STORE__RETENTION_DAYS", "3650")  # the golden samples are old
    served = Served(tmp_path, broker.url, "")
    served.engine.dispose()
    path = tmp_path / "faultline.db"
    path.unlink()
    golden_store.load("0000", path)
    process = served.begun()
    try:
        wait_for(lambda: "connected, subscription" in served.log, 40, "it is connected")
        publish(broker, served, 1_700_001_000)
        assert served.stored() == GOLDEN + 1
    finally:
        process.kill()
        process.wait(10)
    [backup] = tmp_path.glob("faultline.db.backup-0000-*")
    served.engine.dispose()
    with path.open("r+b") as file:
        file.seek(16_384)
        file.write(b"\x5a" * 40_000)
    for beside in ("-wal", "-shm"):
        (tmp_path / f"faultline.db{beside}").unlink(missing_ok=True)
    process = served.begun()
    assert process.wait(40) == 2
    last = served.log.splitlines()[-1]
    assert "damaged" in last
    assert backup.name in last


def test_a_store_that_was_not_given_back_is_checked_and_goes_on(tmp_path, broker):
    """Killed; whole all the same, as SQLite promises."""
    with serving(tmp_path, broker.url, "") as served:
        publish(broker, served, 1_700_001_000)
        served.stop(signal.SIGKILL)
        served.start()
        publish(broker, served, 1_700_001_001)
        assert served.log.count("was not closed; checked, it is whole") == 1


def test_a_detector_goes_on_with_a_copy(tmp_path, broker):
    """Made while it ran; what came after the copy is not in it, what comes next is."""
    copy = tmp_path / "copy.db"
    with serving(tmp_path, broker.url, "") as served:
        for ts in range(1_700_001_000, 1_700_001_003):
            publish(broker, served, ts)
        assert main(["store", "backup", str(copy), "--settings", str(served.settings)]) == 0
        publish(broker, served, 1_700_001_003)
        served.stop()
        served.engine.dispose()
        copy.replace(tmp_path / "faultline.db")
        assert served.stored() == 3
        served.start()
        publish(broker, served, 1_700_001_004)
        assert served.stop() == 0
    store = open_store(served.store_url)
    with store.connect() as connection:
        found = [float(ts) for one in frames.between(connection, "m", 0, 9e9) for ts in one.ts]
    store.dispose()
    assert found == [1_700_001_000, 1_700_001_001, 1_700_001_002, 1_700_001_004]
