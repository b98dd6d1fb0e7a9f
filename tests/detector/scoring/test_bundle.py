"""Bundles: saved, loaded to the last bit, and refused when they are broken."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from detector.errors import BundleError
from detector.networks.base import build_network
from detector.scoring.bundle import load_bundle, save_bundle
from detector.scoring.scorer import score_windows


def test_unknown_networks_and_fields_are_refused_with_what_is_allowed():
    """The line names the choices."""
    with pytest.raises(BundleError, match=r"allowed: .*lstm_ae"):
        build_network("gpt", {}, features=1, window=5)
    with pytest.raises(BundleError, match="unknown field depth, allowed: decoder_hidden, hidden"):
        build_network("lstm_ae", {"depth": 3}, features=1, window=5)


def test_a_saved_bundle_scores_as_before(bundle, tmp_path):
    """Save, load, equal to the last bit; and the same bundle gives the same bytes."""
    save_bundle(bundle, tmp_path / "small")
    loaded = load_bundle(tmp_path / "small")
    batch = np.random.default_rng(0).normal(size=(10, 25, 2)).astype(np.float32)
    np.testing.assert_array_equal(
        score_windows(bundle.detector, batch, 256).terms.log_mse,
        score_windows(loaded.detector, batch, 256).terms.log_mse,
    )
    assert msgspec.to_builtins(loaded.document) == msgspec.to_builtins(bundle.document)
    first = [p.read_bytes() for p in sorted((tmp_path / "small").iterdir())]
    save_bundle(loaded, tmp_path / "small")
    assert [p.read_bytes() for p in sorted((tmp_path / "small").iterdir())] == first
    assert len(first) == 2


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"format": 9}, "format 9, allowed: 1"),
        ({"window": 0}, "window is 0, allowed: above 0"),
        ({"window": "long"}, r"Expected `int`, got `str` - at `\$.window`"),
        ({"colour": "blue"}, "unknown field `colour`"),
        ({"network": "gpt"}, "allowed: .*lstm_ae"),
        ({"features": []}, "has 2 values, allowed: 0"),
        ({"config": {"hidden": 9}}, "weights do not fit"),
        ({"stride": 2}, "stride 2, allowed: 1"),
    ],
)
def test_a_broken_bundle_is_refused_by_name(bundle, tmp_path, change, line):
    """Loading checks everything and says in one line what is wrong."""
    save_bundle(bundle, tmp_path / "b")
    path = tmp_path / "b" / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(BundleError, match=line) as caught:
        load_bundle(tmp_path / "b")
    assert "\n" not in str(caught.value)


def test_cut_off_weights_and_missing_files_are_refused(bundle, tmp_path):
    """A half-copied model is not loaded."""
    with pytest.raises(BundleError, match="cannot be read"):
        load_bundle(tmp_path / "none")
    save_bundle(bundle, tmp_path / "b")
    weights = tmp_path / "b" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(BundleError, match="weights do not fit"):
        load_bundle(tmp_path / "b")
