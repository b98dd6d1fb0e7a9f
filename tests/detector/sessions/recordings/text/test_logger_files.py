"""Files as loggers, oscilloscopes and programs write them are read."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import NO_HINTS
from detector.sessions.recordings.delimited import read
from tests.detector.sessions.recordings.text.text_files import read_text, source_of


@dataclass(frozen=True)
class Shape:
    """A few lines of a file and what stands in them."""

    text: str
    names: tuple[str, ...]
    first: tuple[object, ...]  # the first row; None: not looked at
    rows: int = 3
    units: dict[str, str] = field(default_factory=dict)
    rate_hz: float | None = None
    said: tuple[str, ...] = ()


SHAPES = {
    "Campbell TOA5": Shape(
        '"TOA5","CR1000","CR1000","1234","CR1000.Std.32","CPU:a.CR1","777","Motor"\n'
        '"TIMESTAMP","RECORD","Batt_V","Accel_Avg"\n'
        '"TS","RN","Volts","g"\n'
        '"","","Smp","Avg"\n'
        '"2026-03-01 12:00:00",0,12.6,0.1\n'
        '"2026-03-01 12:00:00.1",1,12.6,0.2\n'
        '"2026-03-01 12:00:00.2",2,12.6,"NAN"\n',
        ("TIMESTAMP", "RECORD", "Batt_V", "Accel_Avg"), (None, 0, 12.6, 0.1),
        units={"TIMESTAMP": "TS", "RECORD": "RN", "Batt_V": "Volts", "Accel_Avg": "g"},
        said=("skipped 1 line before the header", "units", "how each column was made"),
    ),
    "LabVIEW measurement with a time": Shape(
        "LabVIEW Measurement\t\nWriter_Version\t2\nReader_Version\t2\nSeparator\tTab\n"
        "Decimal_Separator\t.\nX_Columns\tOne\nDate\t2026/03/01\nTime\t12:00:00.123\n"
        "***End_of_Header***\t\n\t\nChannels\t2\t\t\nSamples\t3\t3\t\nDate\t2026/03/01\t2026/03/01\t\n"
        "Y_Unit_Label\tg\tDegrees C\t\nX_Dimension\tTime\tTime\t\nX0\t0.0\t0.0\t\n"
        "Delta_X\t0.001000\t0.001000\t\n***End_of_Header***\t\t\t\n"
        "X_Value\tacc\ttemp\tComment\n"
        "0.000\t0.1\t20.0\t\n0.001\t0.2\t20.1\t\n0.002\t0.3\t20.2\t\n",
        ("X_Value", "acc", "temp", "Comment"), (0.0, 0.1, 20.0, None),
        units={"acc": "g", "temp": "Degrees C"}, said=("skipped 17 lines",),
    ),
    "LabVIEW measurement, rows without the comment": Shape(
        "LabVIEW Measurement\t\nDelta_X\t0.01\t0.01\n***End_of_Header***\t\t\n"
        "acc\ttemp\tComment\n0,1\t20,0\n0,2\t20,1\n0,3\t20,2\n",
        ("acc", "temp"), (0.1, 20.0), rate_hz=100.0,
    ),
    "HOBO": Shape(
        '"Plot Title: Motor 3"\n'
        '"#","Date Time, GMT+01:00","Temp, °C (LGR S/N: 1, SEN S/N: 2)","Host Connected"\n'
        "1,03/21/26 12:00:00 PM,20.0,\n2,03/21/26 12:00:01 PM,20.1,\n"
        "3,03/21/26 12:00:02 PM,20.2,\n",
        ("", "Date Time, GMT+01:00", "Temp, °C (LGR S/N: 1, SEN S/N: 2)", "Host Connected"),
        (1, None, 20.0, None), said=("skipped 1 line",),
    ),
    "HOBO without quotes": Shape(
        "Plot Title: Motor 3\n#,Date Time,Temp\n"
        "1,03/21/26 12:00:00 PM,20.0\n2,03/21/26 12:00:01 PM,20.1\n3,03/21/26 12:00:02 PM,20.2\n",
        ("", "Date Time", "Temp"), (1, None, 20.0),
    ),
    "Graphtec": Shape(
        "Vendor,GRAPHTEC Corporation\nModel,GL240\nVersion,Ver1.20\nSampling interval,100ms\n"
        "Total data points,3\nStart time,2026/03/01 12:00:00\nAMP settings\n"
        "CH,Signal name,Input,Range\n"
        'CH1,"CH 1",DC,10V\nCH2,"CH 2",TEMP,TC_K\nData\n'
        "Number,Date&Time,ms,CH1,CH2,Alarm\nNO.,Time,ms,V,degC,A1\n"
        "1,2026/03/01 12:00:00,000,+   1.234,+    20.0,LLLL\n"
        "2,2026/03/01 12:00:00,100,-   1.500,+    20.1,LLLL\n"
        "3,2026/03/01 12:00:00,200,+   1.250,+    20.2,LLLL\n",
        ("Number", "Date&Time", "ms", "CH1", "CH2", "Alarm"), (1, None, 0, 1.234, 20.0, "LLLL"),
        units={"Number": "NO.", "Date&Time": "Time", "ms": "ms", "CH1": "V", "CH2": "degC",
               "Alarm": "A1"},
    ),
    "Tektronix": Shape(
        "Model,MSO4104\nLabel,CH1\nWaveform Type,ANALOG\nHorizontal Units,s\n"
        "Sample Interval,1e-09\n"
        "Record Length,3\nZero Index,1\n\n\nTIME,CH1\n-1.0e-09,0.02\n0.0e+00,0.03\n1.0e-09,0.04\n",
        ("TIME", "CH1"), (-1e-9, 0.02), said=("skipped 7 lines",),
    ),
    "Rigol": Shape(
        "X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,-1.0e-03,2.0e-06\n"
        "0,0.02,1.5,,\n1,0.03,1.6,,\n2,0.04,1.7,,\n",
        ("", "CH1", "CH2"), (0, 0.02, 1.5), rate_hz=500_000.0,
        units={"CH1": "Volt", "CH2": "Volt"},
    ),
    "Keysight": Shape(
        "x-axis,1,2\nsecond,Volt,Volt\n-1.0E-03,0.1,0.2\n-0.9E-03,0.2,0.3\n-0.8E-03,0.3,0.4\n",
        ("x-axis", "1", "2"), (-1e-3, 0.1, 0.2),
        units={"x-axis": "second", "1": "Volt", "2": "Volt"},
    ),
    "HWiNFO": Shape(
        'Date,Time,"CPU [°C]","Fan [RPM]",\n1.3.2026,12:00:00.123,45,1200,\n'
        '1.3.2026,12:00:01.123,46,1210,\n1.3.2026,12:00:02.123,47,1220,\n'
        'Date,Time,"CPU [°C]","Fan [RPM]",\n',
        ("Date", "Time", "CPU [°C]", "Fan [RPM]"), (None, None, 45, 1200),
        said=("repeated header",),
    ),
    "WinCC": Shape(
        '"VarName";"TimeString";"VarValue";"Validity";"Time_ms"\n'
        '"Temp";"01.03.2026 12:00:00";20,5;1;46082500000,0\n'
        '"Temp";"01.03.2026 12:00:01";20,6;1;46082500011,5741\n'
        '"Temp";"01.03.2026 12:00:02";20,7;1;46082500023,1481\n"$RT_OFF$"\n',
        ("VarName", "TimeString", "VarValue", "Validity", "Time_ms"), ("Temp", None, 20.5, 1, None),
        said=("behind the last row",),
    ),
    "phyphox": Shape(
        '"Time (s)","Linear Acceleration x (m/s^2)"\n0.000000000E0,1.5E-2\n1.0E-2,2.5E-2\n'
        '2.0E-2,3.5E-2\n',
        ("Time (s)", "Linear Acceleration x (m/s^2)"), (0.0, 0.015),
    ),
    "Physics Toolbox": Shape(
        "Physics Toolbox Sensor Suite\n;\ntime;gFx;gFy\n0,006;0,01;0,99\n"
        "0,016;0,02;1,00\n0,026;0,03;1,01\n",
        ("time", "gFx", "gFy"), (0.006, 0.01, 0.99), said=("skipped 1 line",),
    ),
    "Sensor Logger": Shape(
        "time,seconds_elapsed,z,y,x\n1772366400123456789,0.1,1,2,3\n1772366400133456789,0.2,1,2,3\n"
        "1772366400143456789,0.3,1,2,3\n",
        ("time", "seconds_elapsed", "z", "y", "x"), (1772366400123456789, 0.1, 1, 2, 3),
    ),
    "ThingSpeak": Shape(
        "created_at,entry_id,field1\n2026-03-01 12:00:00 UTC,1,20.5\n"
        "2026-03-01 12:00:15 UTC,2,20.6\n"
        "2026-03-01 12:00:30 UTC,3,20.7\n",
        ("created_at", "entry_id", "field1"), ("2026-03-01 12:00:00 UTC", 1, 20.5),
    ),
    "Grafana for Excel": Shape(
        'sep=;\n"Time";"acc"\n"2026-03-01 12:00:00.000";"0.1"\n"2026-03-01 12:00:00.100";"0.2"\n'
        '"2026-03-01 12:00:00.200";"0.3"\n',
        ("Time", "acc"), (None, 0.1),
    ),
    "fixed width": Shape(
        "Motor log\n\n  Date         Time        acc_x    temp\n"
        "  2026-03-01   12:00:00.0   0.10    20.0\n  2026-03-01   12:00:00.1  -0.20   120.0\n"
        "  2026-03-01   12:00:00.2   0.30    20.2\n",
        ("Date", "Time", "acc_x", "temp"), (None, None, 0.1, 20.0),
    ),
    "blanks with date and time under one name": Shape(
        "time acc temp\n2026-03-01 12:00:00.0 0.1 20.0\n2026-03-01 12:00:00.1 0.2 20.1\n"
        "2026-03-01 12:00:00.2 0.3 20.2\n",
        ("time", "acc", "temp"), (None, 0.1, 20.0),
    ),
    "NumPy's savetxt": Shape(
        "# ts acc temp\n0.0 0.1 20.0\n0.1 0.2 20.1\n0.2 0.3 20.2\n",
        ("ts", "acc", "temp"), (0.0, 0.1, 20.0),
    ),
    "OpenBCI": Shape(
        "%OpenBCI Raw EXG Data\n%Number of channels = 2\n%Sample Rate = 250 Hz\n"
        "Sample Index, EXG Channel 0, EXG Channel 1\n0, 1.5, 2.5\n1, 1.6, 2.6\n2, 1.7, 2.7\n",
        ("Sample Index", "EXG Channel 0", "EXG Channel 1"), (0, 1.5, 2.5), said=("skipped 3",),
    ),
    "names that are numbers": Shape(
        "time,1,2\n0.0,0.1,20.0\n0.1,0.2,20.1\n0.2,0.3,20.2\n", ("time", "1", "2"), (0.0, 0.1, 20.0)
    ),
    "bad cells in the first rows": Shape(
        "ts,acc,temp\n0.0,Bad Input,20.0\n0.1,Bad Input,20.1\n0.2,0.3,20.2\n",
        ("ts", "acc", "temp"), (0.0, "Bad Input", 20.0),
    ),
    "a rule below the names": Shape(
        "ts | acc\n---+----\n0.0 | 0.1\n0.1 | 0.2\n0.2 | 0.3\n", ("ts", "acc"), (0.0, 0.1)
    ),
    "Markdown": Shape(
        "| ts | acc |\n|----|:---:|\n| 0.0 | 0.1 |\n| 0.1 | 0.2 |\n| 0.2 | 0.3 |\n",
        ("", "ts", "acc"), (None, 0.0, 0.1),
    ),
    "PostgreSQL": Shape(
        " ts  | acc \n-----+-----\n 0.0 | 0.1\n 0.1 | 0.2\n 0.2 | 0.3\n(3 rows)\n\n",
        ("ts", "acc"), (0.0, 0.1), said=("behind the last row",),
    ),
    "C's asctime": Shape(
        "time,acc\nSun Mar  1 12:00:00 2026,0.1\nSun Mar  1 12:00:01 2026,0.2\n"
        "Sun Mar  1 12:00:02 2026,0.3\n",
        ("time", "acc"), ("Sun Mar  1 12:00:00 2026", 0.1),
    ),
    "thousands of a spreadsheet": Shape(
        "Zeit;Drehzahl;Temp\n01.03.2026 12:00;1.250;20,5\n01.03.2026 12:01;998;20,6\n"
        "01.03.2026 12:02;1.001;20,7\n",
        ("Zeit", "Drehzahl", "Temp"), (None, 1250.0, 20.5), said=("thousands in Drehzahl",),
    ),
    "one column below a logger's line": Shape(
        "Logger 7\nts\n0.0\n0.1\n0.2\n", ("ts",), (0.0,), said=("skipped 1 line",)
    ),
    "one column with its unit": Shape(
        "temp\nV\n0.0\n0.1\n0.2\n", ("temp",), (0.0,), units={"temp": "V"}
    ),
    "one column": Shape("temp\n20,1\n20,25\n20,3\n", ("temp",), (20.1,)),
    "OpenModelica": Shape(
        '"time","der(x)","x"\n0,1.0,0\n0.002,0.9,0.002\n0.004,0.8,0.0038\n',
        ("time", "der(x)", "x"), (0.0, 1.0, 0.0),
    ),
    "row numbers without a name (R)": Shape(
        "ts acc temp\n1 0.0 0.1 20.0\n2 0.1 0.2 20.1\n3 0.2 0.3 20.2\n",
        ("", "ts", "acc", "temp"), (1, 0.0, 0.1, 20.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_file_of_this_shape_is_read(shape, tmp_path):
    """Names, the first row, units and rate are those that a person would read in it."""
    table, rows = read_text(tmp_path, shape.text)
    assert tuple(rows.columns) == shape.names
    assert len(rows) == shape.rows
    for name, wanted in zip(shape.names, shape.first, strict=True):
        found = rows[name].iloc[0]
        assert wanted is None or found == wanted or np.isclose(found, wanted, rtol=1e-12), name
    assert table.units == shape.units
    assert table.rate_hz == shape.rate_hz
    assert all(any(said in note for note in table.notes) for said in shape.said), table.notes


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_damaged_file_is_read_or_refused_in_one_line(shape, tmp_path):
    """Cut off anywhere, with bytes lost or put in."""
    rng = random.Random(7)
    for _ in range(25):
        content = bytearray(shape.text.encode())
        del content[rng.randrange(len(content)) :]
        at = rng.randrange(len(content) + 1)
        content[at : at + rng.randrange(3)] = rng.choice([b"", b'"', b",", b"\n", b"#", b"\xff"])
        line = ""
        try:
            (table,) = read(source_of(tmp_path, bytes(content)), NO_HINTS)
            assert len({tuple(chunk.columns) for chunk in table.chunks}) <= 1
        except SessionFileError as error:
            line = str(error)
        assert "\n" not in line
        assert line.startswith("file.csv: " if line else "")
