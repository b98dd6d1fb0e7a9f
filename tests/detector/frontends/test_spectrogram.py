"""Levels over time and frequency, of samples with holes."""

from __future__ import annotations

import numpy as np
import pytest

from detector.errors import SpectrumError
from detector.frontends.waveforms.spectrogram import on_a_grid, spectrogram

RATE_HZ = 100.0


def tone(seconds=60.0, hz=12.0):
    """A tone of 1 unit rms, from time 1000 on."""
    ts = 1000 + np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return ts, np.sqrt(2) * np.sin(2 * np.pi * hz * ts)


def test_a_tone_has_its_level_at_its_frequency():
    """0 dB re 1 unit rms, within what a Hann window smears, at every time."""
    found = spectrogram(*tone(), RATE_HZ)
    at = found.hz[np.argmax(found.db, axis=0)]
    assert np.all(np.abs(at - 12.0) <= found.hz[1])
    assert np.all(np.abs(found.db.max(axis=0)) < 1.5)
    assert 1000 < found.ts[0] < found.ts[-1] < 1060


def test_nothing_is_told_of_a_gap_and_a_short_hole_is_bridged():
    """Samples lost, values missing."""
    ts, values = tone()
    values[3000] = np.nan
    kept = (ts < 1010) | (ts > 1020)
    found = spectrogram(ts[kept], values[kept], RATE_HZ)
    is_blank = np.isnan(found.db).all(axis=0)
    assert is_blank[(found.ts > 1011) & (found.ts < 1019)].all()
    assert not is_blank[(found.ts < 1008) | (found.ts > 1022)].any()
    assert np.isfinite(on_a_grid(ts, values, RATE_HZ)).all()


@pytest.mark.parametrize("kept", [slice(0, 0), slice(0, 1), slice(0, 40), slice(0, None, 10)])
def test_too_little_is_refused_in_one_line(kept):
    """Nothing, one sample, a few, none in a row."""
    ts, values = tone()
    with pytest.raises(SpectrumError, match="spectrogram: found"):
        spectrogram(ts[kept], values[kept], RATE_HZ)
