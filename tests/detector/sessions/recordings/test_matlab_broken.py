"""What is no MATLAB file, or a broken one, is refused before SciPy stumbles over it."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import scipy.io

from detector.errors import SessionFileError
from tests.detector.sessions.recordings.test_matlab import ROWS, write_matlab
from tests.support.sessions.reading import tables_in


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM", "no samples"),
        (b"# Created by Octave 8.4\n# name: x\n", "cannot be read"),
        (b"\x00" * 300, "MATLAB"),
        (b"ts,acc_x\n0,1\n", "cannot be read"),
    ],
)
def test_what_is_no_matlab_file_is_one_line(tmp_path, content, word):
    """Empty, without variables, of another program."""
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(SessionFileError, match=word) as refusal:
        tables_in("matlab", tmp_path / "a.mat")
    assert len(str(refusal.value).splitlines()) == 1


def test_sizes_that_the_file_cannot_hold_are_refused_before_room_is_made(tmp_path):
    """A header that tells of a million million numbers."""
    write_matlab(tmp_path / "a.mat")
    content = (tmp_path / "a.mat").read_bytes()
    sizes = np.array([1, ROWS], "<i4").tobytes()
    assert content.count(sizes) == 3
    broken = content.replace(sizes, np.array([2_000_000, 1_000_000], "<i4").tobytes())
    (tmp_path / "a.mat").write_bytes(broken)
    with pytest.raises(SessionFileError, match="2000000 x 1000000"):
        tables_in("matlab", tmp_path / "a.mat")


@pytest.mark.parametrize("packed", [False, True])
def test_a_value_of_no_known_type_is_refused(tmp_path, packed):
    """SciPy would take it as an index into what is not there, and end the process."""
    write_matlab(tmp_path / "a.mat")
    content = (tmp_path / "a.mat").read_bytes()
    tag = np.array([9, 8 * ROWS], "<u4").tobytes()  # of numbers of 64 bits
    assert content.count(tag) == 3
    broken = content.replace(tag, np.array([0xFF09, 8 * ROWS], "<u4").tobytes(), 1)
    if packed:
        body = zlib.compress(broken[128:])
        broken = broken[:128] + np.array([15, len(body)], "<u4").tobytes() + body
    (tmp_path / "a.mat").write_bytes(broken)
    with pytest.raises(SessionFileError, match="type 65289"):
        tables_in("matlab", tmp_path / "a.mat")


def test_parts_that_are_missing_are_refused(tmp_path):
    """A flag tells of an imaginary part; SciPy would take what comes next for it."""
    write_matlab(tmp_path / "a.mat")
    content = (tmp_path / "a.mat").read_bytes()
    flags = np.array([6, 8, 6, 0], "<u4").tobytes()  # class 6: numbers of 64 bits
    assert content.count(flags) == 3
    broken = content.replace(flags, np.array([6, 8, 0x806, 0], "<u4").tobytes(), 1)
    (tmp_path / "a.mat").write_bytes(broken)
    with pytest.raises(SessionFileError, match="3 parts at byte 136"):
        tables_in("matlab", tmp_path / "a.mat")


def test_cells_in_cells_without_end_are_refused(tmp_path):
    """SciPy would call itself until the stack is full."""
    cell = np.array([1.0])
    for _ in range(60):
        inner, cell = cell, np.empty(1, object)
        cell[0] = inner
    scipy.io.savemat(tmp_path / "a.mat", {"x": cell})
    with pytest.raises(SessionFileError, match="more than 50 deep"):
        tables_in("matlab", tmp_path / "a.mat")


def test_more_structs_than_there_are_parts_are_refused(tmp_path):
    """SciPy would make room for each of a thousand million."""
    scipy.io.savemat(tmp_path / "a.mat", {"data": {"acc_x": [1.0, 2.0]}})
    content = (tmp_path / "a.mat").read_bytes()
    sizes = np.array([1, 1], "<i4").tobytes()
    broken = content.replace(sizes, np.array([1 << 15, 1 << 15], "<i4").tobytes(), 1)
    assert broken != content
    (tmp_path / "a.mat").write_bytes(broken)
    with pytest.raises(SessionFileError, match="parts at byte 136 in an array of class 2"):
        tables_in("matlab", tmp_path / "a.mat")
