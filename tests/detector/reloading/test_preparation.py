"""What is read, checked and loaded before anything is taken up."""

from __future__ import annotations

import os
import shutil
import threading
import time

import pytest

from detector.errors import BundleError, SettingsError
from detector.ingest.sources import Sources
from detector.reloading import preparation
from detector.reloading.preparation import Preparation, Running, load_written, prepare
from detector.scoring.bundle import DOCUMENT, WEIGHTS, save_bundle
from detector.scoring.models import Models, fingerprint
from detector.settings.tree import Settings
from detector.store.schema import open_store
from tests.conftest import wait_for


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Files are settled sooner than in earnest."""
    monkeypatch.setattr(preparation, "QUIET_S", 0.05)


@pytest.fixture
def store(tmp_path):
    """Empty."""
    made = open_store(f"sqlite:///{tmp_path}/faultline.db")
    yield made
    made.dispose()


def settings_of(*folders, **more):
    """A rule for each folder."""
    rules = [{"match": f"m{i}", "model": folder} for i, folder in enumerate(folders)]
    return Settings(devices=rules, **more)


def running_of(settings):
    """A detector that has just begun."""
    models = Models(settings.models)
    return Running(settings, settings, Sources(settings.all_sources), models)


def test_a_bundle_whose_content_is_the_same_is_the_same(tmp_path, store, bundle):
    """Copied again, touched, or beside files that are none of its."""
    save_bundle(bundle, tmp_path / "a")
    running = running_of(settings_of(tmp_path / "a"))
    running.models.of(tmp_path / "a")
    save_bundle(bundle, tmp_path / "a")
    os.utime(tmp_path / "a" / WEIGHTS, (1, 1))
    (tmp_path / "a" / "notes.txt").write_text("mine")

    prepared = prepare(lambda: running.read, running, store)

    assert prepared.changed == ()
    assert prepared.models == {}


def test_a_bundle_that_changed_is_loaded_again(tmp_path, store, bundle, other_bundle):
    """Whether a device needed it so far or not."""
    for name in ("used", "unused"):
        save_bundle(bundle, tmp_path / name)
    running = running_of(settings_of(tmp_path / "used", tmp_path / "unused"))
    running.models.of(tmp_path / "used")
    for name in ("used", "unused"):
        save_bundle(other_bundle, tmp_path / name)

    prepared = prepare(lambda: running.read, running, store)

    assert prepared.again == (tmp_path / "used", tmp_path / "unused")
    assert {model.found.document.network for model in prepared.models.values()} == {"pca"}


def test_a_bundle_that_changed_is_loaded_on_the_runtime_of_the_start(tmp_path, store, bundle):
    """A detector on ONNX Runtime takes no bundle up that was not exported."""
    settings = settings_of(tmp_path / "a")
    models = Models(settings.models, "onnx")
    running = Running(settings, settings, Sources(settings.all_sources), models)
    save_bundle(bundle, tmp_path / "a")

    with pytest.raises(BundleError, match=r"weights.onnx: is missing; on a computer with torch: "):
        prepare(lambda: running.read, running, store)


def test_a_bundle_that_was_missing_and_still_is_refuses_nothing(tmp_path, store):
    """The rule may have been written before the training; it is told where a device needs it."""
    running = running_of(settings_of(tmp_path / "none"))
    assert prepare(lambda: running.read, running, store).unusable == ()
    running.models.of(tmp_path / "none")
    prepared = prepare(lambda: running.read, running, store)
    assert prepared.changed == ()
    [why] = prepared.unusable
    assert why.startswith(f"{tmp_path}/none/bundle.json: cannot be read")


def test_a_bundle_that_is_there_now_is_loaded(tmp_path, store, bundle):
    """Missing or broken at the start."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / DOCUMENT).write_text("{")
    running = running_of(settings_of(tmp_path / "missing", tmp_path / "broken"))
    for name in ("missing", "broken"):
        assert isinstance(running.models.of(tmp_path / name), str)
        save_bundle(bundle, tmp_path / name)

    prepared = prepare(lambda: running.read, running, store)

    assert prepared.new == (tmp_path / "missing",)
    assert prepared.again == (tmp_path / "broken",)
    assert prepared.unusable == ()


def _cut_weights(folder):
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-100])


def _no_document(folder):
    (folder / DOCUMENT).unlink()


def _no_json(folder):
    (folder / DOCUMENT).write_text("{")


def _other_window(folder):
    text = (folder / DOCUMENT).read_text()
    (folder / DOCUMENT).write_text(text.replace('"stride": 1', '"stride": 2'))


@pytest.mark.parametrize("damage", [_cut_weights, _no_document, _no_json, _other_window,
                                    shutil.rmtree])  # fmt: skip
@pytest.mark.parametrize("is_used", [True, False], ids=["used", "unused"])
def test_a_bundle_that_is_broken_now_is_one_line(tmp_path, store, bundle, damage, is_used):
    """Whatever broke, and whether a device needed it so far or not."""
    save_bundle(bundle, tmp_path / "a")
    running = running_of(settings_of(tmp_path / "a"))
    if is_used:
        running.models.of(tmp_path / "a")
    damage(tmp_path / "a")
    with pytest.raises(BundleError, match=rf"^{tmp_path}/a[^\n]+$"):
        prepare(lambda: running.read, running, store)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"sources": [{"topic": "a/#/b"}]}, r"^topic: found 'a/#/b', allowed: # as the last"),
        ({"sources": [{"topic": "a/{device}"}, {"topic": "a/{x}"}]}, "^sources: found two with"),
        ({"devices": [{"match": "m", "model": "models/none"}]}, "^models/none/bundle.json: cannot"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(store, changed, line):
    """Beyond what their own reading refuses."""
    running = running_of(settings_of())
    with pytest.raises((SettingsError, BundleError), match=line):
        prepare(lambda: Settings(**changed), running, store)


def test_what_cannot_be_read_is_the_result(store):
    """Of the thread too: a refusal by its line, a fault of ours by the log."""
    running = running_of(settings_of())

    def refuses():
        raise SettingsError("faultline.toml: not TOML")

    for read, said in ((refuses, "faultline.toml: not TOML"), (lambda: 1 / 0, "a fault")):
        made = Preparation(read, running, store)
        wait_for(lambda: made.is_done)  # noqa: B023
        assert made.result.startswith(said)


def test_a_bundle_is_loaded_once_nobody_writes_to_it(tmp_path, bundle, other_bundle, monkeypatch):
    """Its weights are replaced before what describes them: half of each is no model."""
    monkeypatch.setattr(preparation, "QUIET_S", 0.4)
    save_bundle(bundle, tmp_path / "a")
    save_bundle(other_bundle, tmp_path / "b")
    before = (tmp_path / "a" / DOCUMENT).stat().st_ctime
    assert time.time() - before < 0.4

    def write():
        for _ in range(8):
            time.sleep(0.1)
            (tmp_path / "a" / WEIGHTS).write_bytes(b"half")
        for file in (tmp_path / "a").iterdir():
            file.unlink()
        shutil.copytree(tmp_path / "b", tmp_path / "a", dirs_exist_ok=True)

    writer = threading.Thread(target=write)
    writer.start()
    model = load_written(tmp_path / "a")
    writer.join()
    assert model.found.document.network == "pca"
    assert model.fingerprint == fingerprint(tmp_path / "b")


def test_a_bundle_that_is_never_quiet_is_refused(tmp_path, bundle, monkeypatch):
    """In one line, after a while."""
    monkeypatch.setattr(preparation, "QUIET_S", 1e9)
    monkeypatch.setattr(preparation.time, "sleep", lambda _: None)
    save_bundle(bundle, tmp_path / "a")
    with pytest.raises(BundleError, match="is being written all the time"):
        load_written(tmp_path / "a")
