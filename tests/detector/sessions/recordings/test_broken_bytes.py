"""Whatever stands in a file, reading it ends with rows or with one line that says why not."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from detector.errors import SessionFileError
from tests.detector.sessions.recordings.test_hdf5 import write_hdf5
from tests.detector.sessions.recordings.test_matlab import write_matlab
from tests.detector.sessions.recordings.test_matlab_hdf5 import write_matlab_hdf5
from tests.detector.sessions.recordings.test_sound import write_flac, write_sound
from tests.detector.sessions.recordings.test_tdms import write_tdms
from tests.detector.sessions.recordings.test_uff import write_uff
from tests.support.sessions.reading import tables_in

KINDS = {
    "MATLAB": ("matlab", "a.mat", write_matlab),
    "MATLAB 7.3": ("matlab", "a.mat", write_matlab_hdf5),
    "WAV": ("sound", "a.wav", write_sound),
    "FLAC": ("sound", "a.flac", write_flac),
    "TDMS": ("tdms", "a.tdms", write_tdms),
    "UFF": ("uff", "a.uff", write_uff),
    "HDF5": ("hdf5", "a.h5", write_hdf5),
}
CUTS, FLIPS, HEAD = 20, 100, 1500  # most of what leads a reader astray stands in the head
MOST_BYTES = 200e6


def broken(content, seed=0):
    """The content cut off at every 20th, then with some bytes changed."""
    yield from (content[: len(content) * k // CUTS] for k in range(CUTS))
    chance = random.Random(seed)
    for _ in range(FLIPS):
        changed = bytearray(content)
        for _ in range(chance.choice([1, 1, 2, 4])):
            end = chance.choice([len(content), min(HEAD, len(content))])
            changed[chance.randrange(end)] = chance.choice([0, 255, chance.randrange(256)])
        yield bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_broken_bytes_are_read_or_refused(tmp_path, kind):
    """Never another exception, never much memory; 120 files a kind take some seconds."""
    module, name, write = KINDS[kind]
    write(tmp_path / name)
    tracemalloc.start()
    refused = []
    for content in broken((tmp_path / name).read_bytes()):
        (tmp_path / name).unlink()
        (tmp_path / name).write_bytes(content)
        try:
            tables_in(module, tmp_path / name)
        except SessionFileError as refusal:
            refused.append(str(refusal))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused
    assert all(line.startswith(f"{name}: ") and len(line.splitlines()) == 1 for line in refused)
    assert peak < MOST_BYTES
