"""Networks on ONNX Runtime: the numbers of torch, in any batch, and what is refused."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from detector.engines.fleet import Fleet
from detector.errors import BundleError, SettingsError
from detector.ingest.buffer import TakenBlock
from detector.records import Samples
from detector.scoring import bundle as bundles
from detector.scoring.bundle import load_bundle, save_bundle
from detector.scoring.detectors import ByNetwork
from detector.scoring.files import score_recording
from detector.scoring.runtimes import export
from detector.scoring.runtimes.choice import refuse_missing
from detector.scoring.runtimes.contract import EXPORTED, WEIGHTS, Stored
from detector.scoring.runtimes.export import export_network
from detector.scoring.runtimes.onnx_network import OnnxNetwork
from detector.scoring.runtimes.torch_network import load_network, weights_of
from detector.scoring.scorer import score_windows
from detector.sessions.files import Recording
from detector.settings.devices import DeviceRule
from detector.settings.tree import Settings
from tests.support.golden import GOLDEN, golden_scores
from tests.support.motors import live, with_fault
from tests.support.network_cases import CASES, fresh

PROJECT = Path(__file__).resolve().parents[4]
SHIPPED = [PROJECT / "models" / name for name in ("motor-600rpm", "motor-1200rpm")]
AGREED = 1e-4  # of a score and its logarithmic terms, between the runtimes


def stored(folder, case, features=2, window=24):
    """A network with random weights on disk, exported."""
    network = fresh(case, features=features, window=window)
    (folder / WEIGHTS).write_bytes(weights_of(network))
    name, config = CASES[case]
    made = Stored(folder, name, config, (window, features))
    export_network(made)
    return made


def exported(folder, bundle):
    """A bundle on disk with its ONNX file."""
    save_bundle(bundle, folder)
    export_network(bundles.stored_in(folder, bundle.document))
    return folder


def windows_of(count, shape, seed=0):
    """Windows in scaled units, some of them far from normal."""
    rng = np.random.default_rng(seed)
    made = rng.normal(0, 1, (count, *shape)) * rng.choice([0.1, 1, 10], (count, 1, 1))
    return made.astype(np.float32)


CARRYING = "lstm_ae_stream"


@pytest.mark.parametrize("case", [case for case in CASES if CASES[case][0] != CARRYING])
@pytest.mark.parametrize(("features", "window"), [(2, 24), (1, 25)])
def test_every_network_gives_the_numbers_of_torch(tmp_path, case, features, window):
    """Scores' terms and the newest reconstruction, and they hang on no other window."""
    made = stored(tmp_path, case, features, window)
    windows = windows_of(67, (window, features))
    on_torch, on_onnx = (
        ByNetwork(network, features) for network in (load_network(made), OnnxNetwork(made))
    )

    expected, found = (score_windows(one, windows, 256) for one in (on_torch, on_onnx))

    np.testing.assert_allclose(found.terms.log_mse, expected.terms.log_mse, rtol=0, atol=AGREED)
    np.testing.assert_allclose(found.newest, expected.newest, rtol=0, atol=AGREED)
    assert expected.terms.log_mse.std() > 0.1
    for chunk in (1, 7):
        parts = score_windows(on_onnx, windows, chunk)
        np.testing.assert_allclose(parts.terms.log_mse, found.terms.log_mse, rtol=0, atol=2e-6)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_shipped_bundles_score_the_same_on_both(folder):
    """The file that is shipped is of the weights that are shipped."""
    expected, found = (load_bundle(folder, runtime) for runtime in ("torch", "onnx"))
    assert type(found.model) is OnnxNetwork
    windows = windows_of(40, expected.document.input_shape)
    rule = expected.document.score

    scores = [
        rule.scores(rule.column_scores(score_windows(one.detector, windows, 256).terms))
        for one in (expected, found)
    ]

    np.testing.assert_allclose(scores[1], scores[0], rtol=AGREED)
    assert np.ptp(scores[0]) > 1


def test_an_older_bundle_needs_an_export_alone(tmp_path):
    """Of the golden ones, which have none, the scores of then; and on torch as before."""
    folder = shutil.copytree(GOLDEN / "lstm_ae_with_signal", tmp_path / "old")
    expected = json.loads((folder / "scores.json").read_text())
    assert not (folder / EXPORTED).exists()
    assert golden_scores(load_bundle(folder, "torch"))["score"] == pytest.approx(expected["score"])

    export_network(bundles.stored_in(folder, load_bundle(folder).document))

    found = golden_scores(load_bundle(folder, "onnx"))
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=AGREED, atol=AGREED)


@pytest.mark.parametrize("sizes", [(1,), (7, 60, 3), (120,)], ids=str)
def test_live_equals_offline(tmp_path, bundle, sizes):
    """Whatever the messages hold and whoever else is in the batch, to 1e-6."""
    folder = exported(tmp_path / "small", bundle)
    samples = with_fault(live(120, 3), 60, 90)
    recording = Recording("m.csv", samples, None)
    [offline] = score_recording(load_bundle(folder, "onnx"), recording)
    rules = (DeviceRule(match="*", model=folder),)
    fleet = Fleet(Settings(devices=rules, detector={"runtime": "onnx"}), lambda *_: ([], []), {})

    frames, start, turn = [], 0, 0
    while start < len(samples):
        end = start + sizes[turn % len(sizes)]
        part = Samples(samples.features, samples.ts[start:end], samples.values[start:end])
        other = Samples(samples.features, part.ts, 3 * part.values)
        blocks = [TakenBlock(d, s, 1.0, broken=False) for d, s in (("m", part), ("n", other))]
        frames += [frame for frame in fleet.score(blocks) if frame.device == "m"]
        start, turn = end, turn + 1

    assert type(fleet.models.of(folder).model) is OnnxNetwork
    score = np.concatenate([frame.score for frame in frames])
    assert np.isfinite(score).sum() == 96
    np.testing.assert_allclose(score, offline.score, rtol=1e-6, atol=1e-6, equal_nan=True)


def test_the_same_bundle_gives_the_same_file(tmp_path):
    """And it names no folder of the computer that made it."""
    first = (stored(tmp_path, "dense_ae").folder / EXPORTED).read_bytes()
    assert (stored(tmp_path, "dense_ae").folder / EXPORTED).read_bytes() == first
    assert str(PROJECT).encode() not in first
    assert not any(node.doc_string for node in onnx.load_model_from_string(first).graph.node)


def test_a_file_made_of_other_weights_is_refused(tmp_path):
    """After a training the file beside the weights is stale, and the line says what to run."""
    made = stored(tmp_path, "dense_ae")
    (tmp_path / WEIGHTS).write_bytes(weights_of(fresh("dense_ae", hidden=16)) + b" ")
    with pytest.raises(BundleError, match=r"made of another weights.safetensors.*export-onnx --m"):
        OnnxNetwork(made)


def test_a_file_made_for_another_config_is_refused(tmp_path):
    """The number of heads shows in no weight."""
    made = stored(tmp_path, "tranad")
    other = Stored(tmp_path, made.network, {**made.config, "heads": 4}, made.shape)
    with pytest.raises(BundleError, match="made of another"):
        OnnxNetwork(other)


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        (EXPORTED, None, r"weights.onnx: is missing; .* export-onnx --model"),
        (EXPORTED, b"no model", r"weights.onnx: cannot be read as ONNX .* export-onnx --model"),
        (WEIGHTS, None, r"weights.safetensors: cannot be read \(No such file"),
    ],
)
def test_missing_and_broken_files_are_one_line(tmp_path, name, content, line):
    """What is wrong with which file, and what makes it."""
    made = stored(tmp_path, "dense_ae")
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BundleError, match=line) as caught:
        OnnxNetwork(made)
    assert "\n" not in str(caught.value)


def test_a_file_that_would_score_otherwise_is_not_written(tmp_path, monkeypatch):
    """A trace that fixed what hangs on the windows would."""
    made = stored(tmp_path, "dense_ae")
    (tmp_path / EXPORTED).unlink()
    traced = export._traced
    other = load_network(made)
    other.decoder[-1].bias.data += 0.01
    monkeypatch.setattr(export, "_traced", lambda network, of: traced(other, of))

    with pytest.raises(BundleError, match=r"dense_ae differs from torch by 0.01, allowed: 0.0001"):
        export_network(made)
    assert not (tmp_path / EXPORTED).exists()


def test_a_network_that_carries_a_state_is_refused(tmp_path):
    """Its file would see each window alone and score otherwise; said before and after."""
    with pytest.raises(BundleError, match="lstm_ae_stream carries a state"):
        stored(tmp_path, CARRYING)
    assert not (tmp_path / EXPORTED).exists()


def test_what_is_not_installed_is_named(tmp_path, monkeypatch):
    """In one line with what to install, whether it was asked for or needed."""
    made = stored(tmp_path, "dense_ae")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(BundleError, match=r"export needs onnx; pip install .faultline.onnx-export"):
        export_network(made)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BundleError, match=r"needs onnxruntime; pip install .faultline.onnx"):
        OnnxNetwork(made)
    with pytest.raises(SettingsError, match=r"runtime onnx: onnxruntime is not installed"):
        refuse_missing("onnx")
    for installed in ("torch", "auto"):
        refuse_missing(installed)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SettingsError, match=r"runtime torch: torch is not installed, allowed: "):
        refuse_missing("torch")
