"""JSON of all shapes; what platforms export is recognised by its keys."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings import json_lines
from detector.sessions.recordings.contract import NO_HINTS, Hints
from tests.support.sessions.recordings import COLUMNS, ROWS, SAMPLE, T0, iso, sample_tables

TWO = {"ts": [1.0, 2.0], "x": [0.5, 1.5]}


def read(tmp_path, document, name="a.json", hints=NO_HINTS):
    """The only table of a document, or of text as it is, and its columns as lists."""
    path = tmp_path / name
    content = document if isinstance(document, bytes | str) else json.dumps(document)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    [(table, rows)] = sample_tables(path, hints)
    return table, rows.astype(object).where(rows.notna(), None).to_dict("list")


@pytest.mark.parametrize(
    "document",
    [
        TWO,
        {"data": TWO},
        {"device": "m1", "payload": TWO},
        {"ts": TWO["ts"], "values": {"x": TWO["x"]}},
        {"data": [{"ts": 1.0, "x": 0.5}, {"ts": 2.0, "x": 1.5}]},
        {"result": {"rows": [{"ts": 1.0, "x": 0.5}, {"ts": 2.0, "x": 1.5}]}},
        [{"ts": 1.0, "data": {"x": 0.5}}, {"ts": 2.0, "data": {"x": 1.5}}],
        [["ts", "x"], [1.0, 0.5], [2.0, 1.5]],
        {"columns": ["ts", "x"], "data": [[1.0, 0.5], [2.0, 1.5]]},
        {"header": ["ts", "x"], "rows": [[1.0, 0.5], [2.0, 1.5]]},
        {"results": [{"series": [{"columns": ["ts", "x"], "values": [[1.0, 0.5], [2.0, 1.5]]}]}]},
        '{"ts": 1.0, "x": 0.5}\n\n{"ts": 2.0, "x": 1.5}\n',
        '{"ts": 1.0, "x": 0.5}\r\n{"x": 1.5, "ts": 2.0}',
        '["ts", "x"]\n[1.0, 0.5]\n[2.0, 1.5]\n',
        '{"ts": [1.0, 2.0], "x": [0.5, 1.5]}\n{"ts": [], "x": []}\n',
        '[{"ts": 1.0, "x": 0.5},\n{"ts": 2.0, "x": 1.5}]\n',
        '[\n{"ts": 1.0, "x": 0.5}\n,{"ts": 2.0, "x": 1.5}\n]\n',
        json.dumps(TWO, indent=2),
        "\ufeff" + json.dumps(TWO),
        json.dumps(TWO).encode("utf-16"),
        '{"ts": 1.0, "x": 0.5}\n{"ts": 2.0, "x": 1.5}\n'.encode("utf-16"),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt"])
def test_every_shape_gives_the_same_columns(tmp_path, document, name):
    """Rows or columns, wrapped or not, one document or a line each."""
    _, columns = read(tmp_path, document, name)
    assert columns == TWO


def test_nested_values_get_dotted_names(tmp_path):
    """Short lists of numbers are vectors; what cannot be a column is named."""
    row = {"ts": 1, "acc": {"x": 0.5, "v": [1, 2]}, "raw": list(range(99)), "tags": ["a"]}
    for document in ([row, row], "\n".join(2 * [json.dumps(row)])):
        table, columns = read(tmp_path, document)
        assert list(columns) == ["ts", "acc.x", "acc.v.0", "acc.v.1"]
        assert table.left_out.keys() == {"raw", "tags"}


def test_what_stands_beside_columns_is_the_rate_or_left_out(tmp_path):
    """And lists of another length."""
    table, columns = read(
        tmp_path, {"fs": 50, "x": [1, 2, 3], "y": [4, 5, 6], "cal": [1, 2], "m": "a"}
    )
    assert columns == {"x": [1, 2, 3], "y": [4, 5, 6]}
    assert table.rate_hz == 50
    assert table.left_out == {"cal": "2 values where others have 3", "m": "a single value, a"}
    table, _ = read(tmp_path, {"dt": 0.01, "t0": 1_772_366_400, "data": [{"x": 1}, {"x": 2}]})
    assert (table.rate_hz, table.first) == (100, 1_772_366_400)


def test_cells_keep_their_type(tmp_path):
    """Missing ones, True and False, words among numbers, whole numbers beyond any float."""
    rows = [
        {"ts": 1_772_366_400_000_000_001, "a": 1, "b": True, "c": "on", "d": 1.5, "e": None},
        {"ts": 1_772_366_400_000_000_002, "b": False, "c": "off", "d": "Bad Input", "e": 2**70},
    ]
    _, columns = read(tmp_path, rows)
    assert columns == {
        "ts": [1_772_366_400_000_000_001, 1_772_366_400_000_000_002], "a": [1, None],
        "b": [1, 0], "c": ["on", "off"], "d": ["1.5", "Bad Input"], "e": [None, str(2**70)],
    }  # fmt: skip
    _, columns = read(tmp_path, '[{"x": NaN}, {"x": -Infinity}, {"x": 1e999}, {"x": 2}]')
    assert columns == {"x": [None, float("-inf"), float("inf"), 2.0]}


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
@pytest.mark.parametrize("dates", ["iso", "epoch"])
@pytest.mark.filterwarnings("ignore:.*epoch.*date format is deprecated")
def test_what_pandas_writes_is_read(tmp_path, orient, dates):
    """With an index of times too, which is a column then."""
    if orient == "table" and dates == "epoch":
        return  # pandas writes none
    path = tmp_path / "a.json"
    times = pd.to_datetime(SAMPLE["ts"], unit="s", utc=True)
    dated = SAMPLE.set_axis(times).rename_axis(None).drop(columns="ts")
    for frame, time in ((SAMPLE, "ts"), (dated, "time")):
        frame.to_json(path, orient=orient, double_precision=15, date_format=dates)
        [(_, rows)] = sample_tables(path)
        assert rows["acc_x"].tolist() == pytest.approx(SAMPLE["acc_x"].tolist())
        name = "index" if (orient, time) == ("table", "time") else time  # as pandas calls it there
        assert (name in rows) == (orient != "records" or time == "ts")


def state(k, **more):
    """As the history of a home has it."""
    return {"state": f"{20 + k / 10}", "last_changed": iso(T0 + k), **more}


@pytest.mark.parametrize("minimal", [True, False])
def test_a_home_s_history_is_long(tmp_path, minimal):
    """Only the first state of an entity needs to name it; attributes are no columns."""
    first = {"entity_id": "sensor.oil", "attributes": {"unit_of_measurement": "°C", "k": 1}}
    rest = {} if minimal else first
    history = [[state(0, **first), state(1, **rest)], [state(2, entity_id="sensor.air")]]
    table, columns = read(tmp_path, history)
    assert columns == {
        "last_changed": [iso(T0), iso(T0 + 1), iso(T0 + 2)],
        "entity_id": ["sensor.oil", "sensor.oil", "sensor.air"],
        "state": ["20.0", "20.1", "20.2"],
        "unit": ["°C", "°C", None],
    }
    assert table.format == "JSON of Home Assistant"


LONG = {"time": [1000, 2000, 1500], "name": ["a", "a", "b"], "value": [0.5, 1.5, 7]}


@pytest.mark.parametrize(
    "document",
    [
        [
            {"target": "a", "datapoints": [[0.5, 1000], [1.5, 2000]]},
            {"target": "b", "datapoints": [[7, 1500]]},
        ],
        {
            "status": "success",
            "data": {
                "resultType": "matrix",
                "result": [
                    {"metric": {"__name__": "a"}, "values": [[1000, 0.5], [2000, 1.5]]},
                    {"metric": {"__name__": "b"}, "values": [[1500, 7]]},
                ],
            },
        },
        [
            {
                "schema": {"fields": [{"name": "Time", "type": "time"}, {"name": name}]},
                "data": {"values": values},
            }
            for name, values in (("a", [[1000, 2000], [0.5, 1.5]]), ("b", [[1500], [7]]))
        ],
        {
            "a": [{"ts": 1000, "value": 0.5}, {"ts": 2000, "value": 1.5}],
            "b": [{"ts": 1500, "value": 7}],
        },
    ],
    ids=["graphite", "prometheus", "grafana", "thingsboard"],
)
def test_channels_with_times_of_their_own_are_long(tmp_path, document):
    """Time, name and value, for what widens all long forms."""
    assert read(tmp_path, document)[1] == LONG


def test_one_frame_of_grafana_is_a_table_with_units(tmp_path):
    """Under the names that it shows."""
    fields = [
        {"name": "Time", "type": "time"},
        {"name": "Value", "config": {"unit": "celsius", "displayNameFromDS": "oil"}},
    ]
    frame = {"schema": {"fields": fields}, "data": {"values": [[1000, 2000], [20.5, None]]}}
    table, columns = read(tmp_path, {"results": {"A": {"frames": [frame]}}})
    assert columns == {"Time": [1000, 2000], "oil": [20.5, None]}
    assert table.units == {"oil": "celsius"}


def test_each_series_of_influx_is_a_table(tmp_path):
    """Named by its tags, which tell machines apart."""
    series = [
        {"name": "m", "tags": {"id": one}, "columns": ["time", "x"], "values": [[1, 2.0]]}
        for one in ("p", "q")
    ]
    (tmp_path / "a.json").write_text(json.dumps({"results": [{"series": series}]}))
    found = sample_tables(tmp_path / "a.json")
    assert [(table.name, rows["x"].tolist()) for table, rows in found] == [
        ("m,id=p", [2.0]),
        ("m,id=q", [2.0]),
    ]


def test_lists_of_words_beside_the_rows_are_left_out(tmp_path):
    """Two lists of rows with numbers are two tables."""
    sensors = [{"name": "acc_x"}, {"name": "temp"}]
    table, columns = read(tmp_path, {"sensors": sensors, "rows": ROWS})
    assert columns == COLUMNS
    assert table.left_out == {"sensors": "rows of words"}
    (tmp_path / "b.json").write_text(json.dumps({"m1": ROWS, "m2": ROWS}))
    assert [table.name for table, _ in sample_tables(tmp_path / "b.json")] == ["m1", "m2"]


def test_a_key_that_comes_late_is_missing_before(tmp_path, monkeypatch):
    """In every chunk the columns are the same, in bounded memory."""
    monkeypatch.setattr(json_lines, "ROWS", 10)
    lines = [json.dumps({"ts": k, **({"late": k} if k == 25 else {})}) for k in range(30)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    [(table, rows)] = sample_tables(tmp_path / "a.jsonl")
    assert rows["ts"].tolist() == list(range(30))
    assert rows["late"].dropna().to_dict() == {25: 25.0}
    assert table.format == "JSON lines"


def test_names_told_are_those_of_lists(tmp_path):
    """Where a document has none."""
    told = Hints(columns=("ts", "x"))
    for document in ([[1.0, 0.5], [2.0, 1.5]], "[1.0, 0.5]\n[2.0, 1.5]\n"):
        assert read(tmp_path, document, hints=told)[1] == TWO
    assert read(tmp_path, [0.5, 1.5])[1] == {"value": [0.5, 1.5]}


def test_a_last_line_that_was_cut_is_dropped_and_told(tmp_path):
    """As a file looks that is still being written."""
    table, columns = read(tmp_path, '{"ts": 1.0, "x": 0.5}\n{"ts": 2.0, "x": 1.5}\n{"ts": 3.0, "')
    assert columns == TWO
    assert table.notes == ["dropped the last line, 3: it is cut off"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"ts": 1}\n{"ts": 2\n{"ts": 3}\n', "a.jsonl: line 2: no JSON"),
        ('{"ts": 1\n{"ts": 2}\n{"ts": 3}\n', "a.jsonl: line 1: no JSON"),
        ('{"ts": 1}\n\n5\n', "line 3: found 5, allowed: an object a line"),
        ("[1, 2]\n[3, 4]\n", "line 1: 2 columns without names, allowed: --columns"),
        ('["a", "b"]\n[3]\n', "line 2: 1 values, allowed: 2"),
        ("{}\n{}\n", "no row in it"),
        ("[[1, 2], [3, 4]]", "columns without names, allowed: --columns with 2"),
        ('[["a", "b"], [1]]', "row 1: 1 cells, allowed: 2"),
        ('[["a", "a"], [1, 2]]', "a column's name twice"),
        ("[]", "no row in it"),
        ('["a", 1]', "a list of int, str; allowed: of objects"),
        ("{" * 5, "no JSON"),
        pytest.param("[" * 100_000 + "]" * 100_000, "nested too deep", id="deep"),
        ('{"ts": 1}x', "no JSON"),
        ("[1, 2", "no JSON"),
        (b'{"x": "\xff\xfe"}', "no JSON"),
        ("null", "no row in it"),
    ],
)
def test_what_is_no_table_gets_one_line(tmp_path, text, line):
    """It names the line where there are lines."""
    (tmp_path / "a.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SessionFileError, match=line) as caught:
        sample_tables(tmp_path / "a.jsonl")
    assert str(caught.value).isprintable()


def test_a_document_too_long_to_be_read_whole_is_refused(tmp_path, monkeypatch):
    """With the form that is read in pieces; so are more keys than any machine has."""
    monkeypatch.setattr(json_lines, "LONGEST_DOCUMENT", 1 << 20)
    (tmp_path / "a.json").write_text("[" + "1,\n" * (1 << 19) + "1]")
    with pytest.raises(SessionFileError, match=r"more than 1 MiB.*JSON lines"):
        sample_tables(tmp_path / "a.json")
    (tmp_path / "b.jsonl").write_text("\n".join(f'{{"k{n}": 1}}' for n in range(3000)))
    with pytest.raises(SessionFileError, match=r"more than 2000 keys"):
        sample_tables(tmp_path / "b.jsonl")
