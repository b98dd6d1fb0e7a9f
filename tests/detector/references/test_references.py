"""Every reference under one contract."""

from __future__ import annotations

import numpy as np
import pytest

from detector.errors import BundleError, TrainingError
from detector.references.base import (
    DOCUMENT,
    REFERENCES,
    Reconstructing,
    build_reference,
    full_config,
    load_reference,
    save_reference,
)
from detector.scoring.score import window_terms
from detector.sessions.windows import windows
from detector.training.fitting.calibrate import Conditioning, HeldOut, calibrate
from tests.support.training.references import ESTIMATOR_KEPT, WINDOW, answer, fitted, scaled


def abnormality(reference, calm, batch):
    """One score per window of ``batch``: the two-term score of ``calm`` data, or the distance."""
    if not isinstance(reference, Reconstructing):
        return reference.distance(batch)
    normal = window_terms(reference.reconstruct(calm).residual, calm)
    judged = np.ones(len(calm), np.bool_)
    rule, _ = calibrate([HeldOut(normal, judged)], (1.0,) * batch.shape[2], Conditioning(), 0.01)
    return rule.column_scores(window_terms(reference.reconstruct(batch).residual, batch)).max(
        axis=1
    )


@pytest.mark.parametrize("features", [1, 2])
@pytest.mark.parametrize("name", REFERENCES)
def test_every_reference_answers_in_shape(name, features):
    """(B, L, F) in and out of a reconstructing one, (B,) above 0 out of a measuring one."""
    reference = fitted(name, features)
    batch = windows(scaled(100, 1, features), WINDOW)
    if isinstance(reference, Reconstructing):
        found = reference.reconstruct(batch)
        assert found.reconstruction.shape == found.residual.shape == batch.shape
        assert found.residual.dtype == np.float32
        assert np.isfinite(found.reconstruction).all()
        assert np.isfinite(found.residual).all()
    else:
        found = reference.distance(batch)
        assert found.shape == (len(batch),)
        assert (found > 0).all()
        assert np.isfinite(found).all()


@pytest.mark.parametrize("name", REFERENCES)
def test_every_reference_takes_what_live_data_may_hold(name):
    """No window at all, a constant one, and values far from any seen give finite answers."""
    reference = fitted(name)
    odd = np.zeros((3, WINDOW, 2), np.float32)
    odd[1] = 1e6
    odd[2, 5] = -1e6
    assert answer(reference, odd[:0]).shape[0] == 0
    assert np.isfinite(answer(reference, odd)).all()


@pytest.mark.parametrize("name", REFERENCES)
def test_the_same_seed_gives_the_same_reference(name):
    """Fitting and scoring twice changes nothing."""
    batch = windows(scaled(100, 1, 2), WINDOW)
    once, again = fitted(name), fitted.__wrapped__(name)
    np.testing.assert_array_equal(answer(once, batch), answer(again, batch))
    np.testing.assert_array_equal(answer(once, batch), answer(once, batch))


@pytest.mark.parametrize("name", REFERENCES)
def test_no_window_depends_on_its_batch(name):
    """A window alone is answered as it is among others, whatever these are."""
    reference = fitted(name)
    batch = np.random.default_rng(0).normal(size=(300, WINDOW, 2)).astype(np.float32)
    batch[1::2] *= 50
    together = answer(reference, batch)
    for i in (0, 1, 127, 128, 299):
        alone = answer(reference, batch[i : i + 1])[0]
        np.testing.assert_allclose(alone, together[i], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("features", [1, 2])
@pytest.mark.parametrize("name", REFERENCES)
def test_every_reference_sees_a_planted_fault(name, features):
    """A level shift of 3 sd in held-out windows scores above every held-out normal window."""
    reference = fitted(name, features)
    calm = windows(scaled(600, 1, features), WINDOW)
    other = scaled(600, 2, features)
    fault = windows(other + np.float32(3), WINDOW)
    normal = abnormality(reference, calm, windows(other, WINDOW))
    assert abnormality(reference, calm, fault).min() > normal.max()


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_for_other_windows_is_refused(name, tmp_path):
    """What was learnt must fit the document, and a window must fit what was learnt."""
    reference = fitted(name)
    with pytest.raises(BundleError, match=r"windows of \(25, 1\).*allowed: \(25, 2\)"):
        answer(reference, np.zeros((4, WINDOW, 1), np.float32))
    save_reference(reference, tmp_path)
    document = tmp_path / DOCUMENT
    document.write_text(document.read_text().replace('"features": 2', '"features": 3'))
    with pytest.raises(BundleError, match="allowed: "):
        load_reference(tmp_path)


@pytest.mark.parametrize("name", REFERENCES)
def test_missing_values_and_too_few_windows_are_refused(name):
    """Nothing is fitted to holes, or to a single window."""
    holed = windows(scaled(600, 0, 2), WINDOW).copy()
    holed[10:] = np.nan
    with pytest.raises(TrainingError, match=f"reference {name}: .* missing or infinite"):
        build_reference(name, {}).fit(holed, seed=0)
    with pytest.raises(TrainingError, match=f"reference {name}: 1 training windows, allowed: at"):
        build_reference(name, {}).fit(holed[:1], seed=0)


def test_unknown_references_and_fields_are_refused_with_what_is_allowed():
    """The line names the choices."""
    with pytest.raises(BundleError, match=r"reference 'hbos', allowed: .*zscore"):
        build_reference("hbos", {})
    with pytest.raises(BundleError, match="knn: unknown field k, allowed: neighbours, windows"):
        build_reference("knn", {"k": 3})
    with pytest.raises(BundleError, match=r"reference ocsvm: .*< 1"):
        build_reference("ocsvm", {"nu": 1.5})


def test_the_config_is_kept_whole():
    """Defaults are filled in, so a later change of them changes no bundle."""
    assert full_config("knn", {"neighbours": 3}) == {"neighbours": 3, "windows": 4000}


@pytest.mark.parametrize("name", ["mahalanobis", "pca_t2q", *ESTIMATOR_KEPT])
def test_a_margin_on_the_largest_normal_distance_is_within_reach(name):
    """No distance ends so low that a strong fault could hide below the threshold."""
    reference = fitted(name)
    other = scaled(600, 2, 2)
    highest = reference.distance(windows(other, WINDOW)).max()
    strong = windows(other + np.float32(20), WINDOW)
    assert reference.distance(strong).min() > 1.5 * highest
