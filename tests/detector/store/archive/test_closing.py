"""Hours leave the tables whole: no sample is lost or there twice, whatever happens."""

from __future__ import annotations

import errno
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from detector.errors import StoreError
from detector.records import Alarm
from detector.store import alarms
from detector.store import frames as stored
from detector.store.archive import closing
from detector.store.archive.owner import claim
from detector.store.archive.place import HIDDEN, UNFINISHED, place_at
from detector.store.schema import alarms as table
from detector.store.schema import open_store
from tests.support.stores.machine import START, frame, frames


def assert_holds(found, blocks):
    """All samples, in order of time, to the bit."""
    for name in ("ts", "values", "score", "mse", "judged"):
        a, b = (np.concatenate([getattr(f, name) for f in part]) for part in (found, blocks))
        assert a.tobytes() == b.tobytes(), name


def test_two_hours_are_two_files_and_read_as_before(site):
    """Beside what is still in the tables."""
    blocks = frames(2 * 3600 + 60, rate=0.5)
    site.add(blocks)
    site.close(before=START + 7200)
    assert len(site.files()) == 2
    assert site.files()[0].startswith("device=press-1/date=2026-03-01/12-")
    with site.store.connect() as connection:
        hot = stored.between(connection, "press-1", -np.inf, np.inf)
    assert hot[0].ts[0] >= START + 7180
    assert_holds(site.read(), blocks)
    assert not site.lost


@pytest.mark.parametrize(
    "name", ["a/b", "..", "../../etc", "C:\\x", "펌프 1", "x" * 600, "é" * 120, "a=b%2F", " "]
)
def test_a_device_of_any_name_has_its_hours(site, name):
    """Below the archive, and not another's."""
    site.add(frames(60, device=name))
    site.add(frames(60, device=name + "!"))
    site.close()
    assert all(path.startswith("device=") and ".." not in path.split("/") for path in site.files())
    assert {f.device for f in site.read(name)} == {name}
    assert_holds(site.read(name), frames(60, device=name))


def test_late_samples_of_a_closed_hour_are_added(site):
    """In a file of their own; the order of time holds over both."""
    site.add(frames(600))
    site.close()
    late = [frame(START + 100 + 20 * i, seed=900 + i, session="~backlog#1") for i in range(10)]
    site.add(late)
    site.close()
    assert len(site.files()) == 2
    found = site.read()
    assert sum(len(f.ts) for f in found) == 6000 + 100
    starts = [f.ts[0] for f in found]
    assert starts == sorted(starts)


def test_a_file_that_is_gone_or_cut_is_a_gap_with_a_reason(site):
    """All else lives."""
    site.add(frames(3 * 3600, rate=0.5))
    site.close()
    first, second, _ = (site.folder / "archive" / path for path in site.files())
    first.unlink()
    second.write_bytes(second.read_bytes()[:500])
    found = site.read()
    assert found[0].ts[0] >= START + 7200
    assert [lost.reason.partition(": ")[2][:9] for lost in site.lost] == ["No such f", "damaged o"]
    assert site.lost[0].start == START


def test_reconstructions_around_an_alarm_are_kept(site):
    """From a minute before to a minute after."""
    alarm = Alarm(None, "press-1", "score", "cleared", START + 300, START + 310, 2.0, {}, "m", 1.0)
    with site.store.begin() as connection:
        alarms.raise_alarm(connection, replace(alarm, state="active"), at=START)
        connection.execute(sa.update(table).values(end=alarm.end))
    site.add(frames(600))
    site.close()
    found = site.read()
    ts = np.concatenate([f.ts for f in found])
    told = ~np.isnan(np.concatenate([f.reconstruction for f in found])).all(axis=1)
    assert (ts[told][0], ts[told][-1]) == (START + 240, START + 370)


def test_a_disk_that_is_full_changes_nothing(site, monkeypatch):
    """The frames stay in the tables, and no half of a file."""
    site.add(frames(600))
    (site.folder / "archive").mkdir()
    no_room = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", lambda _: (_ for _ in ()).throw(no_room))
        with pytest.raises(OSError, match="No space"):
            site.close()
    assert not site.files()
    assert_holds(site.read(), frames(600))
    site.close()
    assert_holds(site.read(), frames(600))


def test_what_was_half_written_is_swept_away(site):
    """A file of somebody else's beside it is not."""
    site.add(frames(60))
    site.close()
    folder = (site.folder / "archive" / site.files()[0]).parent
    (folder / f"{HIDDEN}13-99.parquet{UNFINISHED}").write_bytes(b"half")
    (folder / "14-100.parquet").write_bytes(b"not noted")
    (site.folder / "archive" / "notes.txt").write_text("mine")
    assert closing.sweep(site.store, site.place) == 2
    assert len(site.files()) == 2
    assert_holds(site.read(), frames(60))


def test_pandas_opens_the_whole_archive(site, tmp_path):
    """With the names of devices, while another file is being written."""
    claim(site.store, site.place, "x")
    site.add(frames(60))
    site.add(frames(60, device="pump/1"))
    site.close()
    folder = (site.folder / "archive" / site.files()[0]).parent
    (folder / f"{HIDDEN}13-99.parquet{UNFINISHED}").write_bytes(b"half")
    table = pd.read_parquet(f"{tmp_path}/archive")
    assert table["device"].value_counts().to_dict() == {"press-1": 600, "pump/1": 600}
    of_one = pd.read_parquet(f"{tmp_path}/archive", filters=[("device", "==", "pump/1")])
    expected = np.concatenate([block.values[:, 0] for block in frames(60, device="pump/1")])
    np.testing.assert_array_equal(of_one["a"], expected)


def test_an_hour_of_many_frames_is_closed_a_part_at_a_time(site, monkeypatch):
    """An hour of alarm is not merged; no transaction deletes all of it."""
    monkeypatch.setattr(closing, "MOST_FRAMES", 4)
    anomalous = np.full(10, 2.0, np.float32)
    blocks = [frame(START + i, seed=i, score=anomalous, contributions=np.array([i, 1], np.float32))
              for i in range(10)]  # fmt: skip
    site.add(blocks)
    assert closing.close_next(site.store, site.place, np.inf) == 40
    site.close()
    assert len(site.files()) == 3
    assert_holds(site.read(), blocks)


def test_the_archive_of_another_store_is_refused(site, tmp_path):
    """Each would delete what the other has."""
    claim(site.store, site.place, "x")
    claim(site.store, site.place, "x")
    other = open_store(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(StoreError, match="the archive of another store"):
        claim(other, site.place, "x")
    other.dispose()


def test_an_archive_elsewhere_is_the_same():
    """Any place that fsspec knows; here its memory."""
    place = place_at("memory://plant")
    place.write("device=a/date=1/00-1.parquet", b"x")
    assert list(place.paths()) == ["device=a/date=1/00-1.parquet"]
    assert place.read("device=a/date=1/00-1.parquet") == b"x"
    place.delete("device=a/date=1/00-1.parquet")
    place.delete("device=a/date=1/00-1.parquet")
    assert not list(place.paths())


@pytest.mark.parametrize("url", ["nonsense://x", "s4://bucket/a"])
def test_a_kind_of_place_that_nobody_knows_is_one_line(url):
    """With what is allowed."""
    with pytest.raises(StoreError, match=r"^store\.archive: found .*allowed: a folder"):
        place_at(url)
