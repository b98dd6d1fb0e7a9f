"""Models travel whole, whatever their network runs on."""

from __future__ import annotations

import numpy as np
import pytest

from detector.scoring.bundle import load_bundle, save_bundle, stored_in
from detector.scoring.runtimes.export import export_network
from detector.scoring.runtimes.onnx_network import OnnxNetwork
from detector.workers.parcels import packed, unpacked
from tests.support.motors import small_bundle


def windows_of(bundle):
    """Some, in scaled units."""
    shape = 4, *bundle.document.input_shape
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("network", ["lstm_ae", "zscore", "pca", "iforest"])
def test_a_model_in_memory_needs_no_disk(bundle, network):
    """It scores as before, under its name; a reference has files of its own."""
    bundle = bundle if network == "lstm_ae" else small_bundle(network=network, config={})
    made = unpacked(packed(bundle))
    assert (made.name, made.document) == (bundle.name, bundle.document)
    windows = windows_of(bundle)
    found, wanted = made.detector.examine(windows), bundle.detector.examine(windows)
    np.testing.assert_array_equal(found.newest, wanted.newest)


def test_a_model_on_onnx_runtime_stays_there(bundle, tmp_path):
    """Its worker needs no torch either."""
    save_bundle(bundle, tmp_path / "small")
    export_network(stored_in(tmp_path / "small", bundle.document))
    on_onnx = load_bundle(tmp_path / "small", "onnx")
    made = unpacked(packed(on_onnx))
    assert isinstance(made.model, OnnxNetwork)
    windows = windows_of(bundle)
    found, wanted = made.detector.examine(windows), on_onnx.detector.examine(windows)
    np.testing.assert_array_equal(found.newest, wanted.newest)
