"""Files unpacked: what is in them, what is refused, and that nothing stays behind."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from detector.errors import SessionFileError
from detector.sessions.contents.bounded import Limits
from detector.sessions.packing import sources
from detector.sessions.recordings.kinds import kind_of
from tests.support.sessions.recordings import SAMPLE, WRITERS

TEXT = b"ts,x\n0,1.5\n1,2.5\n"
PARQUET = SAMPLE.to_parquet()


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Where unpacked files go; it must be empty when all is done."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def zipped(files):
    """An archive of files by name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def told(value):
    """For the name of a test: packed bytes have the time in them and differ each time."""
    return value if isinstance(value, str) else ""


def unpacked(path, limits=None):
    """Name, suffix and bytes of each source."""
    with sources(path, *([limits] if limits else [])) as found:
        return [(one.name, one.suffix, content(one)) for one in found]


def content(source):
    """All its bytes, twice the same."""
    with source.open() as stream:
        first = stream.read()
    with source.open() as stream:
        assert stream.read() == first
    return first


@pytest.mark.parametrize(
    ("name", "packed", "suffix"),
    [
        ("a.csv", TEXT, ".csv"),
        ("a.csv.gz", gzip.compress(TEXT), ".csv"),
        ("A.CSV.GZ", gzip.compress(TEXT), ".csv"),
        ("a.csv", gzip.compress(TEXT), ".csv"),
        ("a.csv.gz", TEXT, ".csv"),
        ("a.csv.gz", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]), ".csv"),
        ("a.csv.gz", gzip.compress(gzip.compress(TEXT)), ".csv"),
        ("a.tsv.bz2", bz2.compress(TEXT), ".tsv"),
        ("a.txt.xz", lzma.compress(TEXT), ".txt"),
        ("a.gz", gzip.compress(TEXT), ""),
        ("a.csv.gz", bz2.compress(TEXT), ".csv"),
    ],
    ids=told,
)
def test_a_packed_file_is_what_is_in_it(tmp_path, name, packed, suffix):
    """Told by its first bytes; its name says the suffix."""
    path = tmp_path / name
    path.write_bytes(packed)
    assert unpacked(path) == [(name, suffix, TEXT)]


def test_text_streams_and_the_rest_gets_a_file(tmp_path, scratch):
    """Which has just these bytes while it is read, and is gone with the next."""
    path = tmp_path / "a.zip"
    path.write_bytes(
        zipped({"a.csv": TEXT, "b.parquet": PARQUET, "c.parquet.gz": gzip.compress(PARQUET)})
    )
    with sources(path) as found:
        text = next(found)
        assert (text.path, text.size) == (path, None)
        for _ in range(2):
            table = next(found)
            assert table.path.read_bytes() == PARQUET
            assert table.path.is_relative_to(scratch)
            assert table.size == len(PARQUET)
            assert len([file for file in scratch.rglob("*") if file.is_file()]) == 1


def test_an_archive_gives_its_recordings(tmp_path):
    """In order of their names; as in a folder, what is none is left out."""
    path = tmp_path / "logs.zip"
    path.write_bytes(zipped({
        "day/b.csv": TEXT, "day/a.csv": TEXT, "README.txt": "1 2\n3 4\n", "a.truth.json": "{}",
        "__MACOSX/day/._a.csv": b"\0\5", ".hidden/c.csv": TEXT, "notes.md": "", "day/": "",
        "x.csv.gz": gzip.compress(TEXT),
    }))  # fmt: skip
    names = ["logs.zip/day/a.csv", "logs.zip/day/b.csv", "logs.zip/x.csv.gz"]
    assert unpacked(path) == [(name, ".csv", TEXT) for name in names]


def test_a_single_file_of_an_archive_may_be_called_anything(tmp_path):
    """And so may the archive."""
    path = tmp_path / "export.csv"
    path.write_bytes(zipped({"export": TEXT}))
    assert unpacked(path) == [("export.csv/export", "", TEXT)]


def test_names_of_an_archive_lead_nowhere(tmp_path, scratch):
    """Nothing is written under them, and none breaks the line."""
    path = tmp_path / "a.zip"
    names = ["../../evil.parquet", "/etc/evil.parquet", "C:\\evil.parquet", "e\nvil.parquet"]
    path.write_bytes(zipped(dict.fromkeys(names, PARQUET)))
    before = set(tmp_path.rglob("*"))
    with sources(path) as found:
        for one in found:
            assert one.path.parent.parent == scratch
            assert one.name.isprintable()
            assert set(tmp_path.rglob("*")) - before == {one.path.parent, one.path}


def encrypted():
    """An archive whose member says that it is encrypted."""
    made = bytearray(zipped({"a.csv": TEXT}))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def spoiled():
    """An archive with a byte of its content changed."""
    made = bytearray(zipped({"a.csv": TEXT * 99}))
    made[45] ^= 0xFF
    return bytes(made)


@pytest.mark.parametrize(
    ("name", "packed", "line"),
    [
        ("a.csv.gz", gzip.compress(TEXT)[:-9], "a.csv.gz: ends before its packed content does"),
        ("a.csv.xz", lzma.compress(TEXT)[:-20], "a.csv.xz: ends before"),
        ("a.csv.bz2", bz2.compress(TEXT)[:-5], "a.csv.bz2: ends before"),
        ("a.csv.gz", gzip.compress(TEXT)[:-8] + b"\0" * 8, "does not unpack"),
        ("a.csv.gz", gzip.compress(TEXT)[:10] + b"\xff" * 40, "does not unpack"),
        ("a.csv.gz", gzip.compress(b""), "a.csv.gz: empty"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfd\x00\x58", "is packed with zstandard, allowed: gzip"),
        ("a.zip", encrypted(), "a.zip/a.csv: is encrypted"),
        ("a.zip", spoiled(), "a.zip/a.csv: does not unpack"),
        ("a.zip", zipped({"b.zip": zipped({"a.csv": TEXT})}), "a.zip/b.zip: is a zip archive"),
        ("a.zip.gz", gzip.compress(zipped({"a.csv": TEXT})), "is a zip archive"),
        ("a.zip", zipped({"a.csv": TEXT, "b.csv": TEXT})[:-30], "cut off or damaged"),
        ("a.zip", zipped({}), "empty"),
        ("a.zip", zipped({"a.md": "", "b.md": ""}), "no recording among its 2 files"),
        ("a.csv.gz", gzip.compress(gzip.compress(gzip.compress(TEXT))), "packed more than 2 times"),
        ("a.tar.gz", gzip.compress(b"a.csv".ljust(257, b"\0") + b"ustar\0"), "is a tar archive"),
    ],
    ids=told,
)
def test_what_does_not_unpack_gets_one_line(tmp_path, name, packed, line):
    """What, where, found and allowed."""
    path = tmp_path / name
    path.write_bytes(packed)
    with pytest.raises(SessionFileError, match=line) as caught:
        kinds_in(path)
    assert str(caught.value).isprintable()


def kinds_in(path):
    """Read everything as a reader would, who asks what it is."""
    with sources(path) as found:
        for one in found:
            kind_of(one)
            content(one)


def test_an_archive_in_an_archive_is_refused_before_it_is_handed_on(tmp_path):
    """No reader sees it."""
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"b.zip": zipped({"a.csv": TEXT})}))
    with sources(path) as found, pytest.raises(SessionFileError, match=r"a.zip/b.zip: is a zip"):
        next(found)


def test_a_bomb_is_refused_while_it_is_unpacked(tmp_path):
    """100 MB of zeros in 100 kB, which no signal is; whatever its header claims."""
    zeros = bytes(100 << 20)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(zeros))
    (tmp_path / "a.zip").write_bytes(zipped({"a.csv": zeros}))
    for name in ("a.csv.gz", "a.zip"):
        with pytest.raises(SessionFileError, match=f"{name}: unpacks to more than 67 MB"):
            unpacked(tmp_path / name)


def test_many_small_members_are_one_bomb(tmp_path):
    """The bound is of the archive, and so is the number of members."""
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{k}.csv": b"1,2\n" * 10_000 for k in range(20)}))
    assert len(unpacked(path, Limits(ratio=2, free=800_000))) == 20
    with pytest.raises(SessionFileError, match=r"a.zip: unpacks to more than 1 MB"):
        unpacked(path, Limits(ratio=2, free=799_999))
    with pytest.raises(SessionFileError, match=r"a.zip: holds 20 files, allowed: 19"):
        unpacked(path, Limits(members=19))


def test_the_absolute_bound_holds_for_what_hardly_shrinks(tmp_path):
    """However large the packed file is."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(os.urandom(50_000).hex().encode()))
    with pytest.raises(SessionFileError, match=r"a.csv.gz: unpacks to more than"):
        unpacked(path, Limits(most=99_999))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("none.csv", "none.csv: cannot be opened .No such file"),
        (".", "is a folder, allowed: a file"),
    ],
)
def test_what_cannot_be_opened_is_told(tmp_path, path, line):
    """A missing file and a folder."""
    with pytest.raises(SessionFileError, match=line):
        unpacked(tmp_path / path)


PRINT_SOURCES = """
import sys
from pathlib import Path
from detector.sessions.packing import sources
from detector.sessions.recordings.kinds import kind_of
with sources(Path(sys.argv[1])) as found:
    for one in found:
        print(kind_of(one).name, one.name, len(one.open().read()), flush=True)
        if len(sys.argv) > 2:
            print(one.path, flush=True)
            sys.stdin.read()
"""


def command(*arguments, **options):
    """A process that prints what it finds in a file."""
    run = [sys.executable, "-c", PRINT_SOURCES, *map(str, arguments)]
    return subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


@pytest.mark.parametrize(
    ("name", "path"),
    [("a.jsonl", "-"), ("a.parquet", "-"), ("a.ndjson.gz", "/dev/stdin")],
)
def test_standard_input_is_sniffed(tmp_path, name, path):
    """A pipe is read as often as a file is, and any kind comes through it."""
    WRITERS[name](tmp_path / name)
    with command(path, stdin=subprocess.PIPE) as process:
        told, complaints = process.communicate((tmp_path / name).read_bytes())
    assert not complaints
    assert told.decode().startswith("Parquet" if name == "a.parquet" else "JSON")


def test_nothing_stays_behind_an_interrupt(tmp_path, scratch):
    """Ctrl-C while an unpacked file is read."""
    path = tmp_path / "a.parquet.gz"
    path.write_bytes(gzip.compress(PARQUET))
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with command(path, "wait", stdin=subprocess.PIPE, env=environment) as process:
        process.stdout.readline()
        kept = Path(process.stdout.readline().decode().strip())
        assert kept.is_relative_to(scratch)
        assert kept.exists()
        interrupt(process)
    assert list(scratch.iterdir()) == []


def interrupt(process):
    """Ctrl-C, again where Python had it raised in a finaliser, which ends nothing."""
    for _ in range(10):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(3)
            return
    raise AssertionError("not ended by Ctrl-C")
