"""Every reference under one contract, and what each adds of its own."""

from __future__ import annotations

import functools
import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

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
from detector.references.iforest import _refuse_wild_tree
from detector.references.storage import ESTIMATOR, TENSORS, write_estimator
from detector.scoring.score import window_terms
from detector.sessions.scaling import fit_scaling, scale
from detector.sessions.windows import windows
from detector.training.fitting.calibrate import Conditioning, HeldOut, calibrate
from tests.support.motors import signal

WINDOW = 25
SMALL = {"windows": 600}
ESTIMATOR_KEPT = ("knn", "lof", "ocsvm", "iforest")


def scaled(n, seed, features):
    """A normal session of the small machine in scaled units."""
    centre, spread = fit_scaling([signal(2000, 0)], "standard", ("x", "y"))
    return scale(signal(n, seed), centre, spread)[:, :features]


@functools.cache
def fitted(name, features=2):
    """Fitted to one normal session; nobody changes it."""
    normal = windows(scaled(2000, 0, features), WINDOW)
    return build_reference(name, SMALL).fit(normal, seed=0)


def answer(reference, batch):
    """All it says of a batch, one row per window."""
    if isinstance(reference, Reconstructing):
        found = reference.reconstruct(batch)
        rows = np.concatenate([found.reconstruction, found.residual], axis=1)
        return rows.reshape(len(batch), 4 * WINDOW)
    return reference.distance(batch)[:, None]


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
def test_saved_and_loaded_a_reference_answers_the_same(name, tmp_path):
    """Save and load give equal scores, the same config and the same kind."""
    reference = fitted(name)
    save_reference(reference, tmp_path / "kept")
    loaded = load_reference(tmp_path / "kept")
    batch = windows(scaled(100, 1, 2), WINDOW)
    np.testing.assert_array_equal(answer(loaded, batch), answer(reference, batch))
    assert type(loaded) is type(reference)
    assert loaded.config == reference.config
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("name", REFERENCES)
def test_a_cut_file_is_refused_in_one_line(name, tmp_path):
    """The line names the file."""
    save_reference(fitted(name), tmp_path)
    kept = next(p for p in (tmp_path / TENSORS, tmp_path / ESTIMATOR) if p.exists())
    kept.write_bytes(kept.read_bytes()[:-200])
    with pytest.raises(BundleError, match=rf"^[^\n]*{kept.name}[^\n]*$"):
        load_reference(tmp_path)
    kept.unlink()
    with pytest.raises(BundleError, match=kept.name):
        load_reference(tmp_path)


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


def test_zscore_counts_in_deviations_even_where_the_scaling_does_not():
    """With values scaled to 5 sd per unit, one deviation away is a residual of one."""
    normal = windows(scaled(2000, 0, 1) / 5, WINDOW)
    reference = build_reference("zscore", {}).fit(normal, seed=0)
    shifted = np.full((1, WINDOW, 1), normal.mean() + normal.std(), np.float32)
    np.testing.assert_allclose(reference.reconstruct(shifted).residual, -1.0, atol=0.02)


def test_mahalanobis_sees_two_features_come_apart():
    """Each value alone is ordinary; together they are not."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(3000, 1))
    session = (common + rng.normal(0, 0.1, (3000, 2))).astype(np.float32)
    reference = build_reference("mahalanobis", {}).fit(windows(session, WINDOW), seed=0)
    apart = session[:200] * np.array([1, -1], np.float32)
    usual = reference.distance(windows(session[:200], WINDOW))
    assert usual.mean() == pytest.approx(1, abs=0.2)
    assert reference.distance(windows(apart, WINDOW)).min() > 20 * usual.max()


def test_only_t2_sees_growth_along_a_component():
    """A window larger than any seen leaves the residual of PCA as it was, but not T² + Q."""
    shape = np.sin(np.arange(WINDOW) / 3)
    gain = np.random.default_rng(0).normal(size=(500, 1))
    noise = np.random.default_rng(1).normal(0, 0.1, (500, WINDOW))
    normal = (gain * shape + noise)[:, :, None].astype(np.float32)
    grown = (9 * shape)[None, :, None].astype(np.float32)
    config = {"components": 1}
    pca = build_reference("pca", config).fit(normal, seed=0)
    t2q = build_reference("pca_t2q", config).fit(normal, seed=0)
    usual = pca.reconstruct(normal).residual
    assert np.abs(pca.reconstruct(grown).residual).max() < np.abs(usual).max()
    assert t2q.distance(normal).mean() == pytest.approx(2, rel=0.01)
    assert t2q.distance(grown)[0] > 3 * t2q.distance(normal).max()


@pytest.mark.parametrize("name", ["mahalanobis", "pca_t2q", *ESTIMATOR_KEPT])
def test_a_margin_on_the_largest_normal_distance_is_within_reach(name):
    """No distance ends so low that a strong fault could hide below the threshold."""
    reference = fitted(name)
    other = scaled(600, 2, 2)
    highest = reference.distance(windows(other, WINDOW)).max()
    strong = windows(other + np.float32(20), WINDOW)
    assert reference.distance(strong).min() > 1.5 * highest


def test_pca_leaves_something_over_in_small_windows():
    """Asked for more components than half a window holds, it keeps half."""
    noise = np.random.default_rng(0).normal(size=(500, 6, 1)).astype(np.float32)
    reference = build_reference("pca", {"components": 100}).fit(noise, seed=0)
    assert (reference.reconstruct(noise).residual ** 2).mean() > 0.3


def test_the_one_class_svm_goes_on_growing_far_from_the_data():
    """A fault ten times as strong is further away, not as far as the first."""
    reference = fitted("ocsvm")
    far = np.stack([np.full((WINDOW, 2), level, np.float32) for level in (3, 6, 12)])
    near, further, furthest = reference.distance(far)
    assert further > 2 * near
    assert furthest > 2 * further


@pytest.mark.parametrize("name", ESTIMATOR_KEPT)
def test_kept_windows_are_bounded(name, tmp_path):
    """Memory does not grow with the number of training windows."""
    many = windows(scaled(5000, 0, 1), WINDOW)
    reference = build_reference(name, {"windows": 300}).fit(many, seed=0)
    save_reference(reference, tmp_path)
    with zipfile.ZipFile(tmp_path / ESTIMATOR) as kept:
        arrays = [np.load(io.BytesIO(kept.read(n))) for n in kept.namelist() if ".npy" in n]
    assert max(len(array) for array in arrays if array.ndim) <= 600  # nodes of a tree: two each


def test_the_same_references_give_the_same_bytes_in_another_process(tmp_path):
    """No time and no memory address gets into a file."""
    code = (
        "import sys; sys.path[:0] = ['.', 'tests']; from pathlib import Path\n"
        "from test_references import REFERENCES, fitted, save_reference\n"
        "for name in REFERENCES: save_reference(fitted(name), Path(sys.argv[1]) / name)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "other")], check=True)
    for name in REFERENCES:
        save_reference(fitted(name), tmp_path / "own" / name)
        for own in (tmp_path / "own" / name).iterdir():
            assert own.read_bytes() == (tmp_path / "other" / name / own.name).read_bytes()


def test_an_estimator_of_another_type_is_refused(tmp_path):
    """A file with something else in it does not get to score."""
    save_reference(fitted("knn"), tmp_path)
    write_estimator(tmp_path, LinearRegression())
    with pytest.raises(BundleError, match="holds LinearRegression, allowed: NearestNeighbors"):
        load_reference(tmp_path)


def test_a_type_that_is_not_trusted_is_never_built(tmp_path):
    """Trees are trusted in a forest, where they are checked, and nowhere else."""
    save_reference(fitted("iforest"), tmp_path)
    document = tmp_path / DOCUMENT
    document.write_text(document.read_text().replace('"iforest"', '"lof"'))
    config = '{"neighbours": 20, "windows": 600}'
    text = document.read_text()
    document.write_text(text[: text.index("{", 2)] + config + text[text.index("}") + 1 :])
    with pytest.raises(BundleError, match=r"Untrusted types .*Tree"):
        load_reference(tmp_path)


@pytest.mark.parametrize(("part", "value"), [("left_child", 10**6), ("left_child", 0),
                                             ("feature", 10**6)])  # fmt: skip
def test_a_tree_that_leads_nowhere_is_refused(part, value):
    """A child beyond the last node, a circle, and a value no window has."""
    tree = fitted.__wrapped__("iforest")._estimator.estimators_[0].tree_
    state = tree.__getstate__()
    state["nodes"][part][0] = value
    tree.__setstate__(state)
    with pytest.raises(BundleError, match="tree 0: 1 nodes lead nowhere"):
        _refuse_wild_tree(tree, WINDOW * 2, "tree 0")


def test_another_version_of_the_library_is_refused(tmp_path):
    """Its estimators might score otherwise; the line says what to do."""
    save_reference(fitted("knn"), tmp_path)
    document = tmp_path / DOCUMENT
    document.write_text(document.read_text().replace('"scikit_learn": "1.', '"scikit_learn": "0.'))
    with pytest.raises(BundleError, match="fit it anew"):
        load_reference(tmp_path)
