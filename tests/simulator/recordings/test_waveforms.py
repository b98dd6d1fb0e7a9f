"""Sessions of waveforms: Parquet, bursts, presets; and their way into the detector."""

import numpy as np
import pandas as pd
import pytest

from detector.sessions.files import read_recordings
from detector.settings.devices import RunningSignal
from detector.training.data.dataset import dataset_of
from detector.training.data.front_ends import FrontEndChoice, described
from simulator.cli.commands import run
from simulator.errors import SimulatorError
from simulator.recordings import files, truth
from simulator.recordings.bursts import Bursts, bursts
from simulator.recordings.presets import PRESETS


def generate(out, *more, minutes="0.5"):
    """One session file, and the command's exit code."""
    arguments = ["generate", "--sessions", "1", "--minutes", minutes, "--out", str(out), *more]
    assert run(arguments) == 0
    return next(path for path in sorted(out.iterdir()) if path.suffix != ".json")


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """Half a minute of a preset's bursts, at a rate that is quickly written."""
    out = tmp_path_factory.mktemp("hf")
    return generate(out, "--preset", "motor-hf-600", "--rate", "3200", "--bursts", "1:10")


def test_a_waveform_is_parquet_in_bursts(heard):
    """Three bursts of a second, numbered, at even steps; its truth beside it."""
    recording = files.read(heard)
    assert heard.suffix == ".parquet"
    assert "bursts of 1 s every 10 s" in recording.comments[0]
    assert list(recording.features) == ["acc_x", "acc_y", "acc_z"]
    sessions = recording.numbers("session")
    assert np.unique(sessions, return_counts=True)[1].tolist() == [3200] * 3
    steps = np.diff(recording.ts)[np.diff(sessions) == 0]
    assert steps == pytest.approx(np.full(len(steps), 1 / 3200), abs=1e-6)
    assert truth.find(heard).file == heard.name


def test_the_detector_reads_each_burst_as_a_session(heard):
    """With all its samples and features."""
    blocks = [recording.samples for recording in read_recordings([heard])]
    assert [len(block.ts) for block in blocks] == [3200] * 3
    assert blocks[0].features[:3] == ("acc_x", "acc_y", "acc_z")
    own = files.read(heard).features["acc_x"][:3200]
    np.testing.assert_allclose(blocks[0].values[:, 0], own, atol=1e-7)


def test_a_model_is_trained_on_bursts(heard):
    """Units and rate are those of the sensor: a burst is a block, and has a velocity."""
    recordings = list(read_recordings([heard]))
    running = RunningSignal(feature="rpm", min=500.0)
    dataset = dataset_of(
        recordings, features=["acc_x", "acc_y", "acc_z"], running=running, beside=["rpm"]
    )
    assert dataset.sampling_period_s == pytest.approx(1 / 3200, rel=1e-6)
    wanted = FrontEndChoice(kind="waveform", block_s=2.0, hop_s=1.0, speed="rpm", bearing="6205")
    columns, plan = described(dataset, wanted, dataset.units)
    assert (plan.block, plan.hop, plan.units) == (3200, 3200, ("g", "g", "g"))
    assert [len(session.ts) for session in columns.sessions] == [1, 1, 1]
    velocity = columns.features.index("acc_x.velocity_rms")
    assert 0.3 < columns.sessions[-1].values[0, velocity] < 0.5  # healthy: 0.35 mm/s


def test_the_same_seed_writes_the_same_bytes(heard, tmp_path):
    """In Parquet too."""
    more = ["--preset", "motor-hf-600", "--rate", "3200", "--bursts", "1:10"]
    assert generate(tmp_path, *more).read_bytes() == heard.read_bytes()


def test_fast_text_tells_its_times_apart(tmp_path):
    """Every sample has a time of its own at 12.8 kHz, in a format that was not meant for it."""
    path = generate(tmp_path, "--rate", "12800", "--format", "csv", minutes="0.01")
    ts = files.read(path).ts
    assert np.diff(ts) == pytest.approx(np.full(len(ts) - 1, 1 / 12800), abs=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_set_options_that_later_ones_change(name, tmp_path):
    """Each can be generated; an option behind it wins."""
    path = generate(tmp_path, "--preset", name, "--rate", "100", minutes="0.3")
    assert "at 100 Hz" in files.read(path).comments[0]
    rpm = PRESETS[name]["rpm"]
    assert f"rpm {'-'.join(f'{one:g}' for one in rpm)}," in files.read(path).comments[0]


@pytest.mark.parametrize("text", ["1", "a:b", "10:1", "0:5", "1:inf", "1:2:3"])
def test_bursts_that_cannot_be_are_refused(text):
    """In one line with what is allowed."""
    with pytest.raises(SimulatorError, match="allowed"):
        bursts(text)


def test_every_burst_has_as_many_samples():
    """Whatever decimals the times have."""
    since = np.arange(128_000) / 12_800
    number = Bursts(0.5, 1.0).number(since)
    assert np.unique(number[~np.isnan(number)], return_counts=True)[1].tolist() == [6400] * 10


def test_a_file_that_is_no_table_of_numbers_is_refused(tmp_path):
    """Text under the name, words in a column, no row at all."""
    path = tmp_path / "a.parquet"
    path.write_text("ts,a\n0,1\n")
    with pytest.raises(SimulatorError, match="not a Parquet table"):
        files.read(path)
    pd.DataFrame({"ts": [0.0], "a": ["x"]}).to_parquet(path)
    with pytest.raises(SimulatorError, match=r"column a: .*allowed: numbers"):
        files.read(path)
    pd.DataFrame({"ts": [], "a": []}).to_parquet(path)
    with pytest.raises(SimulatorError, match="no data rows"):
        files.read(path)
