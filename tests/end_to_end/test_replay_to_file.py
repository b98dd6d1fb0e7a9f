"""A recorded session goes over a real broker into the store, and comes back as a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.conftest import wait_for
from tests.support.processes.programs import answer
from tests.support.serving import environment, serving

AXES = ["acc_x", "acc_y", "acc_z"]


def command(*words):
    """Run one of our programs to its end."""
    answer(*words, env=environment()).check_returncode()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Three minutes of a motor with a fault, as a file."""
    folder = tmp_path_factory.mktemp("recorded")
    command("simulator", "generate", "--rpm", "600", "--sessions", "1", "--minutes", "3",
            "--fault", "unbalance", "--out", str(folder))  # fmt: skip
    [file] = folder.glob("*.csv")
    return file


@pytest.fixture(scope="module")
def replayed(recorded, broker, tmp_path_factory):
    """A detector that has stored all of it."""
    folder = tmp_path_factory.mktemp("replayed")
    with serving(folder, broker.url, "") as served:
        command("simulator", "replay", str(recorded), "--mqtt", broker.url, "--topic",
                f"{folder.name}/{{device}}", "--device", "motor-600-7",
                "--speed", "20")  # fmt: skip
        rows = len(pd.read_csv(recorded, comment="#"))
        wait_for(lambda: served.stored() == rows, 60, "all samples are stored")
        yield served


@pytest.mark.parametrize(("ending", "read"), [("csv", pd.read_csv), ("parquet", pd.read_parquet)])
def test_an_export_gives_back_every_sample(recorded, replayed, tmp_path, ending, read):
    """In order, each value equal to float32, the spacing kept, and a score where one was given."""
    out = tmp_path / f"out.{ending}"
    command("detector", "export", "--device", "motor-600-7", "--out", str(out),
            "--settings", str(replayed.settings))  # fmt: skip
    sent, found = pd.read_csv(recorded, comment="#"), read(out)
    assert len(found) == len(sent)
    for name in AXES:
        np.testing.assert_array_equal(
            found[name].to_numpy(np.float32), sent[name].to_numpy(np.float32)
        )
    seconds = found["ts"].to_numpy(float)
    spacing = sent["ts"].to_numpy() - sent["ts"].iloc[0]
    np.testing.assert_allclose(seconds - seconds[0], spacing, atol=1e-5)
    assert found["score"].notna().sum() > 0.9 * (len(sent) - 200)


def test_an_export_is_read_again_as_a_recording(recorded, replayed, tmp_path):
    """What came out can be scored like what went in."""
    out = tmp_path / "out.csv"
    command("detector", "export", "--device", "motor-600-7", "--out", str(out),
            "--settings", str(replayed.settings))  # fmt: skip
    command("detector", "score", "--model", "models/motor-600rpm", str(out),
            "--out", str(tmp_path / "scored.csv"))  # fmt: skip
    assert len(pd.read_csv(tmp_path / "scored.csv")) == len(pd.read_csv(recorded, comment="#"))
