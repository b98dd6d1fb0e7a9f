"""TDMS files of LabVIEW: groups, waveforms, times, scales, what was cut off."""

from __future__ import annotations

import numpy as np
import pytest
from nptdms import ChannelObject, GroupObject, RootObject, TdmsWriter

from detector.errors import SessionFileError
from tests.support.sessions.reading import tables_in, the_table_in

ROWS = 200
ACC = np.sin(np.arange(ROWS) / 7)
TEMP = 20 + np.arange(ROWS) / 100
START = np.datetime64("2026-03-01T12:00:00.25", "us")
WAVEFORM = {"wf_start_time": START, "wf_increment": 0.1, "wf_start_offset": 0.0}


def write_tdms(path):
    """200 rows of two channels with a rate, a start and units."""
    save(
        path,
        [
            ChannelObject("pump", "acc_x", ACC, WAVEFORM | {"unit_string": "g"}),
            ChannelObject("pump", "temp", TEMP, WAVEFORM | {"unit_string": "degC"}),
        ],
    )


def save(path, *segments):
    """Write segments of objects."""
    with TdmsWriter(path) as writer:
        for segment in segments:
            writer.write_segment(segment)


def test_a_waveform_has_rate_start_and_units(tmp_path):
    """As LabVIEW's waveforms tell them."""
    write_tdms(tmp_path / "a.tdms")
    table, rows = the_table_in("tdms", tmp_path / "a.tdms")
    np.testing.assert_array_equal(rows[["acc_x", "temp"]].to_numpy().T, [ACC, TEMP])
    assert (table.rate_hz, table.first) == (10.0, 1_772_366_400.25)
    assert table.units == {"acc_x": "g", "temp": "degC"}


def test_the_start_offset_is_added(tmp_path):
    """The first sample of a trigger's window lies before or after the start."""
    shifted = WAVEFORM | {"wf_start_offset": -0.5}
    save(tmp_path / "a.tdms", [ChannelObject("pump", "acc_x", ACC, shifted)])
    assert the_table_in("tdms", tmp_path / "a.tdms")[0].first == 1_772_366_399.75


def test_many_segments_are_one_channel(tmp_path):
    """Written a block at a time, in blocks of different lengths, more than a chunk in all."""
    wave = np.arange(250_000.0)
    parts = np.split(wave, [70_000, 70_001, 150_000])
    save(tmp_path / "a.tdms", *([ChannelObject("g", "x", part, WAVEFORM)] for part in parts))
    _, rows = the_table_in("tdms", tmp_path / "a.tdms")
    np.testing.assert_array_equal(rows["x"], wave)
    limited = the_table_in("tdms", tmp_path / "a.tdms", limit_rows=120_000)[1]
    np.testing.assert_array_equal(limited["x"], wave[:120_000])


def test_each_group_and_each_rate_is_a_table(tmp_path):
    """Named by the group, and by what their channels have in common where one is not enough."""
    slow = WAVEFORM | {"wf_increment": 1.0}
    save(
        tmp_path / "a.tdms",
        [
            ChannelObject("pump", "acc_x", ACC, WAVEFORM),
            ChannelObject("pump", "temp", TEMP[:20], slow),
            ChannelObject("fan", "acc_x", ACC, WAVEFORM),
            ChannelObject("fan", "temp", TEMP, slow),
        ],
    )
    found = [(t.name, t.rate_hz, list(rows)) for t, rows in tables_in("tdms", tmp_path / "a.tdms")]
    assert sorted(found) == [
        ("fan.acc_x", 10.0, ["acc_x"]), ("fan.temp", 1.0, ["temp"]),
        ("pump.acc_x", 10.0, ["acc_x"]), ("pump.temp", 1.0, ["temp"]),
    ]  # fmt: skip


def test_a_channel_of_times_is_kept(tmp_path):
    """Then no rate is needed; text beside it is handed on."""
    times = START + np.arange(ROWS) * np.timedelta64(100_000, "us")
    words = np.array(["on", "off"] * 100)
    channels = {"Time": times, "acc_x": ACC, "state": words}
    save(tmp_path / "a.tdms", [ChannelObject("pump", k, v) for k, v in channels.items()])
    table, rows = the_table_in("tdms", tmp_path / "a.tdms")
    np.testing.assert_array_equal(rows["Time"].to_numpy("M8[us]"), times)
    assert rows["state"].tolist() == words.tolist()
    assert table.rate_hz is None


def test_scaled_values_are_scaled(tmp_path):
    """A converter's counts with a linear scale are read in its unit."""
    scale = {
        "NI_Number_Of_Scales": 1, "NI_Scale[0]_Scale_Type": "Linear",
        "NI_Scale[0]_Linear_Slope": 0.5, "NI_Scale[0]_Linear_Y_Intercept": 3.0,
        "NI_Scale[0]_Linear_Input_Source": 0xFFFFFFFF,
    }  # fmt: skip
    counts = np.arange(ROWS, dtype=np.int16)
    save(tmp_path / "a.tdms", [ChannelObject("g", "x", counts, WAVEFORM | scale)])
    np.testing.assert_array_equal(the_table_in("tdms", tmp_path / "a.tdms")[1]["x"], counts / 2 + 3)


@pytest.mark.parametrize("where", ["root", "group", "channel"])
def test_a_property_tells_the_rate(tmp_path, where):
    """Where the writer made no waveform of it."""
    told = {part: {"Sample Rate": 25.0} if part == where else {} for part in ("root", "group")}
    own = {"Sampling Rate (Hz)": 25.0} if where == "channel" else {}
    channel = ChannelObject("g", "x", ACC, own)
    save(tmp_path / "a.tdms", [RootObject(told["root"]), GroupObject("g", told["group"]), channel])
    assert the_table_in("tdms", tmp_path / "a.tdms")[0].rate_hz == 25.0


def test_what_is_no_signal_is_left_out_and_named(tmp_path):
    """A spectrum, complex numbers, nothing."""
    save(
        tmp_path / "a.tdms",
        [
            ChannelObject("g", "x", ACC, WAVEFORM),
            ChannelObject("g", "spectrum", ACC, WAVEFORM | {"wf_xunit_string": "Hz"}),
            ChannelObject("g", "z", ACC + 1j, WAVEFORM),
            ChannelObject("g", "e", np.empty(0), WAVEFORM),
        ],
    )
    table, rows = the_table_in("tdms", tmp_path / "a.tdms")
    assert list(rows) == ["x"]
    assert table.left_out == {
        "g.spectrum": "its x axis is in hz", "g.z": "complex numbers", "g.e": "empty",
    }  # fmt: skip


def test_a_file_that_was_cut_off_is_read_to_its_end_and_says_so(tmp_path):
    """Channels are as long as the shortest, so that they stay one table."""
    write_tdms(tmp_path / "a.tdms")
    content = (tmp_path / "a.tdms").read_bytes()
    (tmp_path / "a.tdms").write_bytes(content[: -8 * 50])
    table, rows = the_table_in("tdms", tmp_path / "a.tdms")
    np.testing.assert_array_equal(rows[["acc_x", "temp"]].to_numpy().T, [ACC[:150], TEMP[:150]])
    assert any("cut off" in note for note in table.notes)


def test_an_index_of_another_file_does_no_harm(tmp_path):
    """It is not used."""
    write_tdms(tmp_path / "a.tdms")
    (tmp_path / "a.tdms_index").write_bytes(b"TDSh" + b"\0" * 100)
    assert len(the_table_in("tdms", tmp_path / "a.tdms")[1]) == ROWS


@pytest.mark.parametrize("content", [b"", b"TDSm", b"ts,acc\n0,1\n", b"TDSm" + b"\xff" * 60])
def test_what_is_no_tdms_is_one_line(tmp_path, content):
    """Empty, a head alone, text, a head that leads nowhere."""
    (tmp_path / "a.tdms").write_bytes(content)
    with pytest.raises(SessionFileError, match=r"a\.tdms") as refusal:
        tables_in("tdms", tmp_path / "a.tdms")
    assert len(str(refusal.value).splitlines()) == 1
