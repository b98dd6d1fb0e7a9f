"""Sound files: scaling, many channels, when they began, what was cut off."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import soundfile

from detector.errors import SessionFileError
from tests.support.sessions.reading import tables_in, the_table_in

ROWS, RATE = 200, 1000
ACC = 0.5 * np.sin(np.arange(ROWS) / 7)
TEMP = np.arange(ROWS) / 1000
BOTH = np.column_stack([ACC, TEMP])


def write_sound(path):
    """200 rows of two channels as floating point; a sound file has a rate and no names."""
    soundfile.write(path, BOTH, RATE, subtype="DOUBLE", format="WAV")


def write_flac(path):
    """The same as 24 bit, packed without loss."""
    soundfile.write(path, BOTH, RATE, subtype="PCM_24", format="FLAC")


def broadcast(path, date=b"2026-03-01", time=b"12:00:00", samples=43_200 * RATE + 250):
    """Put a broadcast extension in front of the chunks of a WAV file."""
    body = b"".ljust(320, b"\0") + date + time + struct.pack("<Q", samples)
    body = body.ljust(602, b"\0")
    content = path.read_bytes()
    chunk = b"bext" + struct.pack("<I", len(body)) + body
    size = struct.pack("<I", len(content) + len(chunk) - 8)
    path.write_bytes(b"RIFF" + size + b"WAVE" + chunk + content[12:])


def test_a_wav_file_has_its_rate_and_numbered_channels(tmp_path):
    """Floating point is given as stored."""
    write_sound(tmp_path / "a.wav")
    table, rows = the_table_in("sound", tmp_path / "a.wav")
    assert table.rate_hz == RATE
    assert table.first is None
    np.testing.assert_array_equal(rows.to_numpy(), BOTH)
    assert list(rows) == ["ch1", "ch2"]
    assert table.notes == ["WAV, floating point, as stored"]


@pytest.mark.parametrize(
    ("subtype", "steps"), [("PCM_16", 1 << 15), ("PCM_24", 1 << 23), ("PCM_32", 1 << 31)]
)
@pytest.mark.parametrize("form", ["WAV", "RF64", "W64", "AIFF", "WAVEX"])
def test_whole_numbers_are_shares_of_the_full_scale(tmp_path, subtype, steps, form):
    """What the full scale is, is said."""
    counts = np.array([[0, 1], [-steps, steps - 1]], np.int64)
    soundfile.write(tmp_path / "a.wav", counts / steps, RATE, subtype=subtype, format=form)
    table, rows = the_table_in("sound", tmp_path / "a.wav")
    np.testing.assert_array_equal(rows.to_numpy() * steps, counts)
    assert f"1 is {steps} steps" in table.notes[0]


def test_flac_is_read_in_blocks(tmp_path):
    """More rows than one block, and as many as asked for."""
    wave = np.sin(np.arange(250_000) / 50) / 2
    soundfile.write(tmp_path / "a.flac", wave, 48_000, subtype="PCM_16")
    table, rows = the_table_in("sound", tmp_path / "a.flac")
    np.testing.assert_allclose(rows["ch1"], wave, atol=1 / 32_768)
    assert (len(rows), table.rate_hz) == (250_000, 48_000)
    assert len(the_table_in("sound", tmp_path / "a.flac", limit_rows=123_456)[1]) == 123_456


def test_channels_get_the_names_that_are_told(tmp_path):
    """One for each."""
    write_flac(tmp_path / "a.flac")
    _, rows = the_table_in("sound", tmp_path / "a.flac", columns=("acc_x", "temp"))
    assert list(rows) == ["acc_x", "temp"]
    with pytest.raises(SessionFileError, match="2 channels, but 1 names"):
        tables_in("sound", tmp_path / "a.flac", columns=("acc_x",))


@pytest.mark.parametrize(
    ("date", "time", "samples", "first"),
    [
        (b"2026-03-01", b"12:00:00", 43_200 * RATE + 250, 1_772_366_400.25),
        (b"2026:03:01", b"12-00-00", 43_200 * RATE, 1_772_366_400.0),
        (b"2026-03-01", b"12:00:00", 0, 1_772_366_400.0),
        (b"2026-03-01", b"12:00:00", 1 << 63, 1_772_366_400.0),
        (b"\0" * 10, b"\0" * 8, 0, None),
        (b"2026-13-01", b"12:00:00", 0, None),
    ],
)
def test_a_broadcast_extension_tells_when_it_began(tmp_path, date, time, samples, first):
    """To the sample, where its count since midnight agrees with its time of day."""
    write_sound(tmp_path / "a.wav")
    broadcast(tmp_path / "a.wav", date, time, samples)
    table, rows = the_table_in("sound", tmp_path / "a.wav")
    assert table.first == first
    assert len(rows) == ROWS


def test_a_file_that_was_cut_off_is_read_to_its_end_and_says_so(tmp_path):
    """The samples that are there are right."""
    write_sound(tmp_path / "a.wav")
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[: -16 * 50])
    table, rows = the_table_in("sound", tmp_path / "a.wav")
    np.testing.assert_array_equal(rows.to_numpy(), BOTH[:150])
    assert any("cut off" in note for note in table.notes)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_file_written_to_a_pipe_is_read_to_its_end(tmp_path, size):
    """Its writer did not know how long it would be."""
    write_sound(tmp_path / "a.wav")
    content = (tmp_path / "a.wav").read_bytes()
    place = content.index(b"data") + 4
    (tmp_path / "a.wav").write_bytes(
        content[:place] + struct.pack("<I", size) + content[place + 4 :]
    )
    np.testing.assert_array_equal(the_table_in("sound", tmp_path / "a.wav")[1].to_numpy(), BOTH)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"fLaC" + b"\0" * 40, b"ts,acc\n0,1\n"])
def test_what_is_no_sound_is_one_line(tmp_path, content):
    """Empty, a head alone, text."""
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(SessionFileError, match=r"a\.wav") as refusal:
        tables_in("sound", tmp_path / "a.wav")
    assert len(str(refusal.value).splitlines()) == 1


def test_a_file_without_samples_is_refused(tmp_path):
    """A recording that was stopped at once."""
    soundfile.write(tmp_path / "a.wav", BOTH[:0], RATE)
    with pytest.raises(SessionFileError, match="no samples"):
        tables_in("sound", tmp_path / "a.wav")
