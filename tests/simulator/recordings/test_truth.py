"""Ground truth documents, and where their episodes lie in a file."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import SimulatorError
from simulator.recordings import truth
from simulator.recordings.truth import Benign, Episode, Truth

TS = 1_700_000_000.0 + np.arange(1000) / 100.0


def episode(start, end, full=None, family="bias"):
    """A fault on the clock of ``TS``, given in seconds after its begin."""
    begin, over = TS[0] + start, TS[0] + end
    ramped = begin if full is None else TS[0] + full
    return Episode(
        family=family, axis="a", start=begin, full=ramped, end=over, severity=0.5, seed=3
    )


def labelled(*ranges):
    """A label of ``TS``, 1 in the ranges of rows."""
    label = np.zeros(1000)
    for first, last in ranges:
        label[first:last] = 1.0
    return label


def rows(placed):
    """First, full and last row of each placed episode."""
    return [(one.first, one.full, one.last) for one in placed]


def test_document_stands_beside_the_file():
    """The truth of a.csv is a.truth.json, and its own path is kept."""
    assert truth.path_of(Path("d/a.b.csv")) == Path("d/a.b.truth.json")
    assert truth.path_of(Path("d/a.truth.json")) == Path("d/a.truth.json")


def test_what_is_written_is_read(tmp_path):
    """A document survives writing and reading, to the last digit of its times."""
    known = Truth(
        file="a.csv",
        seed=7,
        rpm=600.0,
        sensor="adxl355",
        episodes=(episode(1.23, 4.56, 2.1),),
        benign=(Benign(name="load step", start=TS[0] + 0.1, end=TS[0] + 0.7),),
    )
    truth.write(tmp_path / "a.csv", known)
    assert truth.read(tmp_path / "a.csv") == known
    assert [path.name for path in tmp_path.iterdir()] == ["a.truth.json"]


def test_same_truth_same_bytes(tmp_path):
    """Writing twice gives the same bytes, ending with a new line."""
    for name in ("a", "b"):
        truth.write(tmp_path / name, Truth(file="x.csv", episodes=(episode(1, 2),)))
    one, other = ((tmp_path / f"{name}.truth.json").read_bytes() for name in ("a", "b"))
    assert one == other
    assert one.endswith(b"}\n")


def test_no_document_is_no_error_to_find(tmp_path):
    """A file without ground truth has none; to read it is an error."""
    assert truth.find(tmp_path / "a.csv") is None
    with pytest.raises(SimulatorError, match=r"a.truth.json: cannot be read \(No such file"):
        truth.read(tmp_path / "a.csv")


GOOD = '{"family":"bias","axis":"a","start":1,"full":1,"end":2}'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no ground truth"),
        ("[]", r"Expected `object`, got `array`"),
        ('{"episodes":[]}', "missing required field `file`"),
        ('{"file":"a.csv","colour":1}', "unknown field `colour`"),
        (GOOD.replace("}", ',"severity":2}'), r"<= 1.0 - at `\$.episodes\[0\].severity"),
        (GOOD.replace('"end":2', '"end":0'), "allowed: start <= full <= end"),
        (GOOD.replace('"end":2', '"end":NaN'), "no ground truth"),
        (GOOD.replace('"full":1', '"full":3'), "allowed: start <= full <= end"),
    ],
)
def test_bad_document_is_one_line(tmp_path, text, complaint):
    """A document of another form is refused in one line with its path and what is wrong."""
    path = tmp_path / "a.truth.json"
    path.write_text(f'{{"file":"a.csv","episodes":[{text}]}}' if text.startswith('{"fam') else text)
    with pytest.raises(SimulatorError, match=complaint) as refused:
        truth.read(tmp_path / "a.csv")
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_label_tells_of_unknown_faults():
    """Each labelled range is a fault of an unknown family that ends with the next sample."""
    found = truth.from_label(TS, labelled((100, 200), (900, 1000)))
    assert [one.family for one in found] == ["unknown"] * 2
    assert [one.start for one in found] == [TS[100], TS[900]]
    assert [one.end for one in found] == pytest.approx([TS[200], TS[999] + 0.01], abs=1e-5)
    assert truth.from_label(TS, None) == ()


@given(first=st.integers(0, 998), length=st.integers(1, 999), ramp=st.integers(0, 50))
def test_rows_are_found_by_their_times(first, length, ramp):
    """An episode is placed on the rows it was made of, though files round their times."""
    last = min(first + length, 1000)
    full = min(first + ramp, last)
    clock = np.append(TS, TS[-1] + 0.01) + 0.0004
    made = Episode(family="bias", axis="a", start=clock[first], full=clock[full], end=clock[last])
    assert rows(truth.place([made], clock[:-1].round(3), None)) == [(first, full, last)]


def test_episode_beyond_the_file_is_left_out():
    """Of a file cut short, only what is in it is placed, cut to it."""
    placed = truth.place([episode(1, 2), episode(4, 6), episode(7, 8)], TS[:500], None)
    assert rows(placed) == [(100, 100, 200), (400, 400, 500)]


def test_faulty_clock_is_placed_by_the_label():
    """Where times are faulty the label's ranges tell the rows, in order."""
    ts = TS.copy()
    ts[300:400] += 3600.0
    label = labelled((300, 400), (600, 700))
    placed = truth.place([episode(6, 7, 6.5), episode(3, 4, family="clock")], ts, label)
    assert rows(placed) == [(300, 300, 400), (600, 650, 700)]
    assert [one.episode.family for one in placed] == ["clock", "bias"]


def test_clock_that_stays_wrong_is_placed_by_the_label():
    """An offset up to the end of the file never jumps back, and is found as well."""
    ts = TS.copy()
    ts[900:] += 3600.0
    placed = truth.place([episode(9, 10, family="clock")], ts, labelled((900, 1000)))
    assert rows(placed) == [(900, 900, 1000)]
