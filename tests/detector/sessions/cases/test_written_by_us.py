"""What ``score`` and ``export`` write is a recording again: the signals, nothing beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detector.records import Frame
from detector.scoring.bundle import save_bundle
from detector.store import frames
from detector.store.schema import open_store
from tests.support.motors import live
from tests.support.sessions.inspected import hold, inspected, run

WRITTEN = ("score", "mse", "threshold", "x_reconstruction", "y_reconstruction")
SUFFIXES = (".csv", ".parquet")
RATE_HZ = 50.0


@pytest.fixture(scope="module")
def samples():
    """A motor's."""
    return live(300, 9)


@pytest.fixture(scope="module")
def whole(samples):
    """What ``inspect`` says of them."""
    means = {f: samples.values[:, k].mean() for k, f in enumerate(samples.features)}
    first = float(samples.ts[0])
    return {"samples": 300, "rate_hz": RATE_HZ, "first": first, "features": means}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_scored_file_is_the_recording_that_was_scored(tmp_path, bundle, samples, whole, suffix):
    """A model's own judgement is no label; reconstructions and scores are named and left out."""
    save_bundle(bundle, tmp_path / "small")
    table = pd.DataFrame(samples.values, columns=list(samples.features))
    table.assign(ts=samples.ts).to_csv(tmp_path / "run.csv", index=False)
    out = tmp_path / f"scored{suffix}"
    code, _, said = run("score", "--model", tmp_path / "small", tmp_path / "run.csv", "--out", out)
    assert (code, said) == (0, "")
    [found] = inspected(out)
    hold(found, whole)
    assert set(WRITTEN) <= set(found["left_out"])
    assert found["labels"] is None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_exported_file_is_the_recording_that_was_stored(
    tmp_path, monkeypatch, samples, whole, suffix
):
    """Of a device of the store, whatever was scored beside its samples."""
    monkeypatch.chdir(tmp_path)
    engine, n = open_store("sqlite:///faultline.db"), len(samples)
    block = Frame(
        device="press-1", session="#1", features=samples.features, ts=samples.ts,
        values=samples.values, reconstruction=samples.values, score=np.ones(n, np.float32),
        mse=np.ones(n, np.float32), judged=np.ones(n, np.bool_), threshold=1.0,
        contributions=np.ones(len(samples.features), np.float32), arrival=float(samples.ts[-1]),
    )  # fmt: skip
    with engine.begin() as connection:
        frames.write(connection, [block])
    engine.dispose()
    assert run("export", "--device", "press-1", "--out", f"all{suffix}")[0] == 0
    [found] = inspected(tmp_path / f"all{suffix}")
    hold(found, whole)
    assert set(WRITTEN) <= set(found["left_out"])
