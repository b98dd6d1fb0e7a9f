"""Where networks run: the CPU or a GPU, the same scores; a GPU that is not there is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from detector.cli.main import main
from detector.networks import places
from detector.scoring.bundle import CPU, load_bundle, save_bundle
from detector.scoring.files import score_recording
from detector.scoring.runtimes.contract import WEIGHTS, Stored
from detector.scoring.runtimes.torch_network import load_network, weights_of
from detector.sessions.files import Recording
from tests.support.motors import live, small_bundle, with_fault
from tests.support.network_cases import CASES, WINDOW, fresh, held_out

AGREED = 1e-4
ON_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")


@pytest.fixture
def no_gpu(monkeypatch):
    """As on a computer without one."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def recorded(tmp_path, bundle):
    """A bundle and a file to score with it."""
    save_bundle(bundle, tmp_path / "small")
    samples = live(200, 7)
    table = np.column_stack([samples.ts, samples.values])
    names = ",".join(["ts", *samples.features])
    path = tmp_path / "m.csv"
    np.savetxt(path, table, fmt="%.6f", delimiter=",", header=names, comments="")
    return tmp_path / "small", path


def score(recorded, *arguments):
    """The command; returns its exit code."""
    model, path = recorded
    out = path.with_name("scored.csv")
    return main(["score", "--model", str(model), str(path), "--out", str(out), *arguments])


@ON_GPU
@pytest.mark.parametrize("case", CASES)
def test_a_gpu_reconstructs_the_same(case, tmp_path):
    """Windows and carried states, whatever the network is made of."""
    (tmp_path / WEIGHTS).write_bytes(weights_of(fresh(case)))
    stored = Stored(tmp_path, *CASES[case], (WINDOW, 2))
    on_cpu, on_gpu = load_network(stored, "cpu"), load_network(stored, "cuda")
    assert on_gpu.device.type == "cuda"
    windows = held_out().numpy()
    for found, wanted in zip(on_gpu.examine(windows), on_cpu.examine(windows), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=AGREED, atol=AGREED)
    assert weights_of(on_gpu) == weights_of(on_cpu)


@ON_GPU
@pytest.mark.parametrize("network", ["lstm_ae", "lstm_ae_stream"])
def test_a_recording_scored_on_a_gpu_has_the_same_scores(network, tmp_path):
    """All the way, with windows seen alone and with a state that goes on."""
    save_bundle(small_bundle(network=network, config={}), tmp_path / "small")
    recording = Recording("m", with_fault(live(6000, 3), 3000, 3200), None)
    scores = []
    for device in ("cuda", "cpu"):
        found = score_recording(load_bundle(tmp_path / "small", device=device), recording)
        scores.append(np.concatenate([frame.score for frame in found]))
    np.testing.assert_allclose(*scores, rtol=AGREED, atol=AGREED)


def test_without_a_gpu_auto_is_the_cpu_and_says_so(no_gpu, recorded, capsys):
    """The same scores as where the CPU was asked for."""
    assert score(recorded) == 0
    assert "scored on the CPU" in capsys.readouterr().out.splitlines()
    by_itself = recorded[1].with_name("scored.csv").read_bytes()
    assert score(recorded, "--device", "cpu") == 0
    assert recorded[1].with_name("scored.csv").read_bytes() == by_itself


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ([], "device 'cuda': no usable GPU found, allowed: auto, cpu"),
        (["--runtime", "onnx"], "device 'cuda': ONNX Runtime runs on the CPU here, allowed: auto"),
    ],
)
def test_a_gpu_that_cannot_be_used_is_refused_in_one_line(no_gpu, recorded, capsys, more, line):
    """Before anything is read or written."""
    assert score(recorded, "--device", "cuda", *more) == 2
    told = capsys.readouterr().err.strip()
    assert line in told
    assert len(told.splitlines()) == 1
    assert not recorded[1].with_name("scored.csv").exists()


def test_training_says_where_it_learns(no_gpu, recorded, capsys, tmp_path):
    """Of a network; a reference has no use for the question, but a missing GPU is refused too."""
    words = ["train", "--sessions", str(recorded[1]), "--window", "10", "--running", "always"]
    out = ["--out", str(tmp_path / "made"), "--device", "cuda"]
    for network in ("dense_ae", "pca"):
        assert main([*words, "--network", network, *out]) == 2
        assert "no usable GPU found" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_a_gpu_is_named_and_makes_no_short_cuts(monkeypatch):
    """TF32 has 10 bits of mantissa, which would show in the scores."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H200")
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    assert places.in_words(places.choose_device("auto")) == "the GPU NVIDIA H200"
    assert not torch.backends.cudnn.allow_tf32
    assert places.in_words(places.choose_device("cpu")) == CPU
