"""What all kinds of files share: the same samples, and one line for what cannot be read."""

from __future__ import annotations

import random
from contextlib import suppress
from importlib.util import find_spec

import numpy as np
import pytest

from detector.errors import SessionFileError
from detector.sessions.packing import sources
from detector.sessions.recordings.contract import Hints
from detector.sessions.recordings.kinds import SUFFIXES, kind_of
from tests.support.sessions.recordings import (
    CUT_BETWEEN_CHANNELS,
    CUT_BETWEEN_ROWS,
    FULL_SCALE,
    RATE_HZ,
    SAMPLE,
    SIGNALS,
    WRITERS,
    sample_tables,
)

STEP_24_BIT = FULL_SCALE / 2**23
TIMES = ("ts", "time", "")
GARBAGE = random.Random(7).randbytes(5000)


@pytest.fixture(params=WRITERS)
def written(request, tmp_path):
    """A file of each kind, where its reader is there."""
    path = tmp_path / request.param
    WRITERS[request.param](path)
    with sources(path) as found:
        module = f"detector.sessions.recordings.{kind_of(next(found)).module}"
    if find_spec(module) is None:
        pytest.skip(f"no {module}")
    return path


def test_every_kind_gives_the_same_samples(written):
    """Values to the bit of a float32, in order; times, or the rate where there are none."""
    [(table, rows)] = sample_tables(written)
    assert same_signals(written, rows) == 2
    assert len(rows) == len(SAMPLE)
    if "ts" in rows:
        assert rows["ts"].tolist() == pytest.approx(SAMPLE["ts"].tolist(), abs=1e-6)
    else:
        assert table.rate_hz == pytest.approx(RATE_HZ)
    assert table.name == ""
    assert not table.left_out.keys() & set(rows)


def test_a_limit_of_rows_is_kept(written):
    """The first ones are read, and no more."""
    [(_, rows)] = sample_tables(written, Hints(limit_rows=7))
    assert len(rows) == 7


def test_a_file_of_no_bytes_is_refused(written):
    """And called empty."""
    written.write_bytes(b"")
    with pytest.raises(SessionFileError, match=rf"{written.name}.*empty"):
        sample_tables(written)


def test_a_file_that_was_cut_gives_no_false_number(written):
    """It is refused in one line, or read up to where it was cut."""
    whole = written.read_bytes()
    for tenths in range(1, 10):
        written.write_bytes(whole[: len(whole) * tenths // 10])
        if written.name in CUT_BETWEEN_ROWS:
            [(_, rows)] = sample_tables(written)
            assert same_signals(written, rows) == 2
            assert len(rows) >= len(SAMPLE) * tenths // 10 - 5
        elif written.name in CUT_BETWEEN_CHANNELS:
            with suppress(SessionFileError):
                assert [same_signals(written, rows) for _, rows in sample_tables(written)]
        else:
            refused(written)


def test_garbage_is_refused_or_read_as_nothing_worse(written):
    """Whatever the bytes behind the first half, nothing but the one line comes out."""
    whole = written.read_bytes()
    written.write_bytes(whole[: len(whole) // 2] + GARBAGE)
    with suppress(SessionFileError):
        sample_tables(written)
    for content in (GARBAGE, whole[:16] + GARBAGE):
        written.write_bytes(content)
        refused(written)


def same_signals(path, rows):
    """Holds all that was read against the samples; returns how many signals there are."""
    signals = [name for name in rows if name not in TIMES]
    scale, step = (FULL_SCALE, STEP_24_BIT) if path.suffix == ".flac" else (1.0, 0.0)
    right = SAMPLE[SIGNALS].iloc[: len(rows), : len(signals)]
    found = rows[signals].to_numpy(float) * scale
    np.testing.assert_allclose(found, right, rtol=1e-6, atol=step)
    return len(signals)


def refused(path):
    """The line, which names the file."""
    with pytest.raises(SessionFileError) as caught:
        sample_tables(path)
    assert path.name in str(caught.value)
    assert str(caught.value).isprintable()


def test_every_suffix_belongs_to_one_kind():
    """And is in lower case, as it is looked up."""
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SUFFIXES)
