"""What platforms export is read as they write it: the channels, their units, and the rate."""

from __future__ import annotations

import pytest

from detector.sessions.files import read_recordings

INFLUX_2 = """#group,false,false,true,true,false,false,true,true,true
#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string
#default,_result,,,,,,,,
,result,table,_start,_stop,_time,_value,_field,_measurement,host
""" + "".join(
    f",,{table},2026-03-01T09:00:00Z,2026-03-01T11:00:00Z,2026-03-01T10:00:0{s}Z,{value + s},"
    f"{name},pump,pump-1\n"
    for table, (name, value) in enumerate((("flow", 20.5), ("pressure", 1.5)))
    for s in range(3)
)
HISTORY = """entity_id,state,last_changed
sensor.flow,20.1,2026-03-01T10:00:00.000Z
sensor.pressure,1.5,2026-03-01T10:00:00.000Z
sensor.flow,unavailable,2026-03-01T10:00:01.000Z
sensor.pressure,1.6,2026-03-01T10:00:01.000Z
"""
HISTORY_API = """[[{"entity_id": "sensor.flow", "state": "20.1", "attributes":
 {"unit_of_measurement": "L/min"}, "last_changed": "2026-03-01T10:00:00+00:00"},
 {"state": "20.2", "last_changed": "2026-03-01T10:00:01+00:00"}],
 [{"entity_id": "sensor.pressure", "state": "1.5", "attributes": {"unit_of_measurement": "bar"},
 "last_changed": "2026-03-01T10:00:00+00:00"},
 {"state": "1.6", "last_changed": "2026-03-01T10:00:01+00:00"}]]"""
THINGSBOARD = """{"flow": [{"ts": 1772359201000, "value": "20.5"},
 {"ts": 1772359200000, "value": "20.4"}],
 "pressure": [{"ts": 1772359201000, "value": "1.5"}, {"ts": 1772359200000, "value": "1.4"}]}"""
NODE_RED = "".join(
    f'{{"topic":"plant/{name}","payload":{value + s},"qos":0,"_msgid":"{name[0]}{s}",'
    f'"timestamp":177235920{s}000}}\n'
    for s in range(3)
    for name, value in (("flow", 20.5), ("pressure", 1.5))
)
EXPORTS = {
    "DuckDB, CSV": ("time,flow,pressure\n2026-03-01 10:00:00,20.1,1.5\n"
                    "2026-03-01 10:00:01,20.2,1.6\n", {}),
    "DuckDB, JSON": ('{"time":"2026-03-01 10:00:00","flow":20.1,"pressure":1.5}\n'
                     '{"time":"2026-03-01 10:00:01","flow":20.2,"pressure":1.6}\n', {}),
    "InfluxDB 1": ("name,time,flow,pressure\npump,1772359200000000000,20.1,1.5\n"
                   "pump,1772359201000000000,20.2,1.6\n", {}),
    "InfluxDB 2": (INFLUX_2, {}),
    "Home Assistant, history": (HISTORY, {}),
    "Home Assistant, API": (HISTORY_API, {"sensor.flow": "L/min", "sensor.pressure": "bar"}),
    "Grafana": ('"Time","flow","pressure"\n"2026-03-01 10:00:00","20.1 L/min","1.5 bar"\n'
                '"2026-03-01 10:00:01","20.2 L/min",""\n', {"flow": "L/min", "pressure": "bar"}),
    "Grafana, for Excel": ('sep=;\r\nTime;flow;pressure\r\n1772359200000;20,1;45,5%\r\n'
                           "1772359201000;20,2;45%\r\n", {"pressure": "%"}),
    "Grafana, rows": ("Series;Time;Value\nflow;2026-03-01T10:00:00Z;20.1\n"
                      "flow;2026-03-01T10:00:01Z;20.2\npressure;2026-03-01T10:00:00Z;1.5\n"
                      "pressure;2026-03-01T10:00:01Z;1.6\n", {}),
    "ThingsBoard, widget": ("Timestamp;flow;pressure\n2026-03-01 10:00:00;20.1;1.5\n"
                            "2026-03-01 10:00:01;20.2;1.6\n", {}),
    "ThingsBoard, API": (THINGSBOARD, {}),
    "Node-RED": (NODE_RED, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_an_export_is_read_as_it_is(tmp_path, name):
    """A pump's flow and pressure, once a second."""
    text, units = EXPORTS[name]
    path = tmp_path / "export.txt"  # the name says nothing
    path.write_text(text)
    [found] = read_recordings([path])
    assert sorted(one.rpartition(".")[2].rpartition("/")[2] for one in found.samples.features) == [
        "flow", "pressure",
    ]  # fmt: skip
    assert found.samples.ts[:2].tolist() == [1772359200.0, 1772359201.0]
    assert found.found.units == units
    flow = [i for i, one in enumerate(found.samples.features) if "flow" in one]
    assert found.samples.values[0, flow[0]] == pytest.approx(20.3, abs=0.3)


def test_a_unit_that_changes_on_the_way_is_not_taken_off(tmp_path):
    """900 Pa and 1.2 kPa are no numbers of one column; it is left out, and said so."""
    path = tmp_path / "a.csv"
    path.write_text("time,p,q\n" + "".join(
        f"{n},{'900 Pa' if n % 2 else '1.2 kPa'},{n}\n" for n in range(20)))  # fmt: skip
    [found] = read_recordings([path])
    assert found.samples.features == ("q",)
    assert "kPa" in found.found.left_out["p"]


@pytest.mark.parametrize(
    "written",
    ["dd.mm.yyyy", "TT.MM.JJJJ hh:mm:ss", "dd/mm/yyyy hh:mm:ss.fff", "yyyy-mm-ddThh:mm:ss"],
)
def test_how_a_time_is_written_may_stand_among_the_units(tmp_path, written):
    """Below the names, beside a column without a unit; it is no row of names itself."""
    path = tmp_path / "a.csv"
    path.write_text(f"Zeit;Druck;Zahl\n{written};bar;\n2026-03-01 10:00:00;1;2\n"
                    "2026-03-01 10:00:01;1;3\n")  # fmt: skip
    [found] = read_recordings([path])
    assert found.samples.features == ("Druck", "Zahl")
    assert found.found.units == {"Druck": "bar"}
