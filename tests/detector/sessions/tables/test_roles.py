"""Which column is what: the time among several, labels, sessions, names and units, left out."""

import numpy as np
import pandas as pd
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import Hints
from tests.support.sessions.tables import ACC, DATES, FIRST, ROWS, TS, N, frame, read, read_one

CHOSEN = {
    "the usual one": ({"ts": TS, "t": 20 + ACC}, "ts", ("t",)),
    "beside when it was received": ({"received_at": TS + 0.05, "ts": TS}, "ts", ()),
    "the one with a date": ({"time": ROWS * 0.1, "timestamp": TS}, "timestamp", ()),
    "the finer of two that agree": (
        {"datetime": DATES.strftime("%Y-%m-%d %H:%M:%S"), "ts": TS}, "ts", ()
    ),
    "the only one with dates": ({"Aufgenommen": DATES.strftime("%Y-%m-%dT%H:%M:%S.%f")}, "", ()),
    "a name with time in it": ({"Logger time": TS}, "", ()),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOSEN)
def test_the_time_is_found_among_several(name):
    """By name, then by what stands in it; others are named."""
    columns, chosen, features = CHOSEN[name]
    found, stretch = read_one(pd.DataFrame({**columns, "acc": ACC}))
    np.testing.assert_allclose(stretch.ts, TS, atol=1e-5)
    assert set(found.features) == {*features, "acc"}
    others = set(columns) - {chosen, *features} if chosen else set()
    assert set(found.left_out) == others
    assert all(reason == "another time" for reason in found.left_out.values())


def test_times_that_differ_are_asked_for():
    """Two clocks two hours apart: nothing says which is meant, but the caller."""
    table = pd.DataFrame({"timestamp": TS, "time": TS + 7200, "acc": ACC})
    with pytest.raises(SessionFileError, match=r"found timestamp, time, each a time.*--time-col"):
        read(table)
    _, stretch = read_one(table, hints=Hints(time_column="TIME"))
    assert stretch.ts[0] == FIRST + 7200
    with pytest.raises(SessionFileError, match="no time column clock; found timestamp, time, acc"):
        read(table, hints=Hints(time_column="clock"))


def test_units_stand_in_brackets_or_are_told_by_the_file():
    """Names are without them, unless only they tell columns apart."""
    table = pd.DataFrame(
        {
            "Time (s)": ROWS,
            "acc [g]": ACC,
            "t (°C)": ACC,
            "v (x)": ACC,
            "p [bar]": ACC,
            "p [V]": 1.0,
        }
    )
    found, _ = read_one(table, units={"acc [g]": "m/s²"})
    assert found.features == ("acc", "t", "v (x)", "p [bar]", "p [V]")
    assert found.units == {"acc": "m/s²", "t": "°C"}


def test_columns_that_say_nothing_are_left_out_and_named():
    """Row numbers, columns without a name, words, other times, what `score` writes."""
    table = pd.DataFrame(
        {"": ROWS, "ts": TS, "No": ROWS + 1, "acc": ACC, "state": ["RUN", "STOP"] * (N // 2),
         "serviced": DATES[0], "acc_reconstruction": ACC, "score": ACC, "changepoint": 0,
         "Unnamed: 9": np.nan}
    )  # fmt: skip
    found, _ = read_one(table)
    assert found.features == ("acc",)
    assert found.left_out == {
        "column 1": "row number",
        "No": "row number",
        "state": "words, such as 'RUN', 'STOP'",
        "serviced": "times",
        "acc_reconstruction": "written by `score` or `export`",
        "score": "written by `score` or `export`",
        "changepoint": "marks changes, no signal",
        "Unnamed: 9": "empty, without a name",
    }


def test_a_sensor_without_any_value_stays_and_is_told():
    """Which machine lost it is for training and scoring to say."""
    found, stretch = read_one(frame(gone=[None] * N))
    assert found.features == ("acc", "gone")
    assert np.isnan(stretch.values[:, 1]).all()
    assert "gone: no value in any row" in found.notes


LABELS = {
    "numbers": np.where(ROWS >= 150, 1, 0),
    "numbers with holes": np.where(ROWS >= 150, 1, np.nan),
    "flags": ROWS >= 150,
    "words": ["normal"] * 75 + ["OK"] * 75 + ["outer race"] * 50,
    "numbers as text": ["0.0"] * 150 + ["1.0"] * 50,
    "yes and no": ["False"] * 150 + ["True"] * 50,
    "classes": np.where(ROWS >= 150, 3, 0),
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("heading", ["label", "Anomaly"])
def test_labels_are_flags(name, heading):
    """0 and 1, or words for normal and any others."""
    found, stretch = read_one(frame(**{heading: LABELS[name]}))
    np.testing.assert_array_equal(stretch.label, ROWS >= 150)
    assert found.features == ("acc",)


def test_words_that_count_as_faults_are_named():
    """So that nobody wonders why idling is one."""
    found, _ = read_one(frame(label=["normal"] * 150 + ["idle"] * 50))
    assert "label: read as faults: 'idle'" in found.notes


def test_labels_of_minus_one_are_refused():
    """Some mean anomalous by it, some normal."""
    with pytest.raises(SessionFileError, match="column label: found -1; allowed: 0 for normal"):
        read(frame(label=np.where(ROWS >= 150, -1, 1)))


def test_wanted_features_come_in_their_order_with_the_running_signal():
    """Others are not read at all; one that is not there is named."""
    table = frame(b=ACC + 1, rpm=600)
    found, stretch = read_one(table, features=["b"])
    assert found.features == ("b", "rpm")
    np.testing.assert_array_equal(stretch.values[:, 0], (ACC + 1).astype(np.float32))
    with pytest.raises(SessionFileError, match="no column c; found acc, b, rpm"):
        read(table, features=["b", "c"])


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (pd.DataFrame({"ts": [], "acc": []}), "no row, found only the names ts, acc"),
        (pd.DataFrame({"ts": TS}), "no feature column beside the time; allowed"),
        (pd.DataFrame({"ts": TS, "s": "wet"}), "left out: column s: words, such as 'wet'"),
        (pd.DataFrame([[1, 2, 3]], columns=["ts", "a", "a"]), "found a more than once"),
    ],
)
def test_a_table_without_samples_gets_one_line(table, line):
    """What is missing."""
    with pytest.raises(SessionFileError, match=line) as caught:
        read(table)
    assert str(caught.value).startswith("a.csv: ")
    assert "\n" not in str(caught.value)
