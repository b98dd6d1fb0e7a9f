"""The command ``train``: bad sessions, fine-tuning and going on where it stopped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from detector.cli.models.train import train as train_command
from detector.cli.parser import build_parser
from detector.errors import FaultlineError, TrainingError
from detector.records import Samples
from detector.scoring.bundle import load_bundle
from tests.support.motors import live
from tests.support.training.sessions import write


def command(*arguments):
    """Run ``train`` in this process."""
    return train_command(build_parser().parse_args(["train", *map(str, arguments)]))


@pytest.fixture
def sessions(tmp_path):
    """Two normal session files in a folder."""
    folder = tmp_path / "train"
    folder.mkdir()
    for seed in range(2):
        write(folder / f"{seed}.csv", live(1200, seed))
    return folder


QUICK = ("--window", 25, "--network", "zscore")
NETWORK = ("--window", 25, "--network", "dense_ae", "--hidden", 8, "--epochs", 2, "--min-steps", 1)


def test_normal_only_drops_labelled_rows(sessions, tmp_path):
    """Without it they are refused, with it the session is cut there."""
    label = np.zeros(1200)
    label[600:700] = 1
    write(sessions / "0.csv", live(1200, 0), label)
    write(sessions / "1.csv", live(1200, 1), np.zeros(1200))
    arguments = ("--sessions", sessions, "--out", tmp_path / "b", *QUICK)
    with pytest.raises(TrainingError, match="100 samples are labelled as a fault"):
        command(*arguments)
    assert not (tmp_path / "b").exists()
    command(*arguments, "--normal-only")
    assert load_bundle(tmp_path / "b").document.training.samples == 2300


def _other_features(folder):
    samples = live(1200, 2)
    write(folder / "2.csv", Samples(("x", "z", "rpm"), samples.ts, samples.values))


def _all_missing(folder):
    samples = live(1200, 0)
    samples.values[:, 1] = np.nan
    write(folder / "0.csv", samples)


def _constant(folder):
    for seed in range(2):
        samples = live(1200, seed)
        samples.values[:, 1] = 3.0
        write(folder / f"{seed}.csv", samples)


def _too_short(folder):
    for seed in range(2):
        write(folder / f"{seed}.csv", live(20, seed))


@pytest.mark.parametrize(
    ("spoil", "line"),
    [(_other_features, r"2\.csv: features x, z, rpm; 0\.csv has x, y, rpm"),
     (_all_missing, r"0\.csv: no value of y in any row"), (_constant, "y"),
     (_too_short, "longest session has 20 samples, allowed: at least 25")],
)  # fmt: skip
@pytest.mark.parametrize("extra", [(), ("--representation", "features")])
def test_bad_sessions_get_one_line_and_write_nothing(sessions, tmp_path, spoil, line, extra):
    """What is wrong, in which file, and no folder."""
    spoil(sessions)
    with pytest.raises(FaultlineError, match=line) as caught:
        command("--sessions", sessions, "--out", tmp_path / "b", *QUICK, *extra)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "b").exists()


def test_a_file_in_place_of_the_folder_is_refused_before_the_training(sessions):
    """And left as it is."""
    out = sessions / "0.csv"
    before = out.read_bytes()
    with pytest.raises(TrainingError, match=r"0\.csv: a file, allowed: a folder"):
        command("--sessions", sessions, "--out", out, *QUICK)
    assert out.read_bytes() == before


@pytest.mark.parametrize("extra", [(), ("--representation", "features")])
def test_from_starts_at_the_weights_of_the_base(sessions, tmp_path, extra):
    """With a tiny learning rate they stay where they were; afresh they would not."""
    command("--sessions", sessions, "--out", tmp_path / "base", *NETWORK, *extra)
    command("--sessions", sessions, "--out", tmp_path / "tuned", "--from", tmp_path / "base",
            "--learning-rate", 1e-9, "--epochs", 1, "--min-steps", 1)  # fmt: skip
    base, tuned = load_bundle(tmp_path / "base"), load_bundle(tmp_path / "tuned")
    assert tuned.document.window == base.document.window
    assert tuned.document.input_shape == base.document.input_shape
    for name, weights in base.model.state_dict().items():
        torch.testing.assert_close(tuned.model.state_dict()[name], weights, atol=1e-4, rtol=1e-4)


def test_from_refuses_other_features_references_and_auto(sessions, tmp_path):
    """One line each, and nothing is written."""
    out, base = tmp_path / "b", tmp_path / "base"
    command("--sessions", sessions, "--out", base, *NETWORK)
    command("--sessions", sessions, "--out", tmp_path / "ref", *QUICK)
    start = ("--sessions", sessions, "--out", out)
    with pytest.raises(TrainingError, match=r"trained on x, y; found x; allowed: the same"):
        command(*start, "--from", base, "--features", "x")
    with pytest.raises(TrainingError, match="zscore, allowed: a network"):
        command(*start, "--from", tmp_path / "ref")
    with pytest.raises(TrainingError, match="--network auto with --from"):
        command(*start, "--from", base, "--network", "auto")
    assert not out.exists()


def test_an_interrupted_training_goes_on_and_ends_the_same(sessions, tmp_path, monkeypatch):
    """The checkpoint is kept by the interruption and gone at the end."""
    out, whole = tmp_path / "b", tmp_path / "whole"
    command("--sessions", sessions, "--out", whole, *NETWORK)
    arguments = ("--sessions", sessions, "--out", out, *NETWORK, "--resume")

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("detector.training.fitting.hold_out.tqdm.update", stop)
        with pytest.raises(KeyboardInterrupt):
            command(*arguments)
    assert [path.name for path in (out / "resume").iterdir()] == ["block-1-of-5.part"]
    assert not (out / "bundle.json").exists()
    command(*arguments)
    assert not (out / "resume").exists()
    for name in ("bundle.json", "weights.safetensors"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
