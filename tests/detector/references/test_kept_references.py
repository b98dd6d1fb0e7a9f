"""References on disk: the same bytes, the same answers, and nothing that is not trusted."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from detector.errors import BundleError
from detector.references.base import (
    DOCUMENT,
    REFERENCES,
    build_reference,
    load_reference,
    save_reference,
)
from detector.references.iforest import _refuse_wild_tree
from detector.references.storage import ESTIMATOR, TENSORS, write_estimator
from detector.sessions.windows import windows
from tests.support.training.references import ESTIMATOR_KEPT, WINDOW, answer, fitted, scaled

PROJECT = Path(__file__).resolve().parents[3]


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
        "import sys; from pathlib import Path\n"
        "from detector.references.base import REFERENCES, save_reference\n"
        "from tests.support.training.references import fitted\n"
        "for name in REFERENCES: save_reference(fitted(name), Path(sys.argv[1]) / name)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "other")], cwd=PROJECT, check=True)
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
