"""Scoring on ONNX Runtime in new processes: torch is never imported, nor does anything need it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from detector.scoring.bundle import load_bundle
from detector.scoring.files import score_file
from detector.store import devices, frames
from tests.conftest import wait_for
from tests.support.serving import PROJECT, Client, Served, environment

MODEL = PROJECT / "models" / "motor-600rpm"
TORCH_GONE = "import sys; sys.modules['torch'] = None\n"  # as where it is not installed
RUN = """
import sys
from detector.cli.main import main
code = main(sys.argv[1:])
print('torch is', 'imported' if sys.modules.get('torch') else 'not imported')
sys.exit(code)
"""


def command(code, *words):
    """A new interpreter that runs ``code`` with these arguments."""
    return [sys.executable, "-c", code, *map(str, words)]


def answer(code, *words, **variables):
    """What it printed and its exit code."""
    return subprocess.run(
        command(code, *words), cwd=PROJECT, env=environment(**variables), text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Three axes and a speed for 2 s, as a file."""
    path = tmp_path_factory.mktemp("recorded") / "run.csv"
    ts = 1.7e9 + np.arange(200) / 100
    axes = np.random.default_rng(0).normal(0, 0.1, (200, 3))
    rows = np.column_stack([ts, axes, np.full(200, 600.0)])
    np.savetxt(path, rows, "%.4f", ",", header="ts,acc_x,acc_y,acc_z,rpm", comments="")
    return path


@pytest.mark.parametrize(
    ("before", "options"), [("", ["--runtime", "onnx"]), (TORCH_GONE, [])], ids=["unused", "gone"]
)
def test_a_recording_is_scored_without_torch(tmp_path, recording, before, options):
    """Where ONNX is asked for, and by itself where there is no torch; as torch scores it."""
    [expected] = score_file(load_bundle(MODEL, "torch"), recording)
    out = tmp_path / "scored.csv"

    found = answer(before + RUN, "score", "--model", MODEL, recording, "--out", out, *options)

    assert found.returncode == 0, found.stderr
    assert found.stdout.endswith("torch is not imported\n")
    score = np.genfromtxt(out, delimiter=",", names=True)["score"]
    whole = np.concatenate([frame.score for frame in expected])
    np.testing.assert_allclose(score, whole, rtol=1e-4, equal_nan=True)
    assert np.isfinite(score).sum() > 90


def test_what_needs_torch_says_so_in_one_line():
    """With exit code 2."""
    found = answer(TORCH_GONE + RUN, "train", "--sessions", "x", "--out", "y")
    line = "error: train: needs torch, which is not installed here, allowed: an installation by "
    assert (found.returncode, found.stderr) == (2, f"{line}requirements.txt\n")


@pytest.mark.parametrize(("before", "runtime"), [("", "onnx"), (TORCH_GONE, "auto")],
                         ids=["unused", "gone"])  # fmt: skip
def test_a_detector_runs_without_torch(tmp_path, broker, recording, before, runtime):
    """It scores a machine of a rule, and stores one without, which it cannot learn, unscored."""
    served = Served(tmp_path, broker.url, f'[[devices]]\nmatch = "motor"\nmodel = "{MODEL}"\n')
    variables = environment(FAULTLINE_DETECTOR__RUNTIME=runtime)
    words = command(before + RUN, "serve", "--settings", served.settings)
    rows = np.genfromtxt(recording, delimiter=",", names=True)
    with Client(broker.url) as client, (tmp_path / "detector.log").open("ab") as log:
        process = subprocess.Popen(words, cwd=PROJECT, env=variables, stdout=log, stderr=log)
        try:
            wait_for(lambda: "scoring begins" in served.log, 40, "it scores")
            for row in rows:
                values = ",".join(f'"{name}":{row[name]}' for name in rows.dtype.names)
                client.publish(f"{tmp_path.name}/motor", f"{{{values}}}".encode())
            client.publish(f"{tmp_path.name}/fan", b'{"ts": 1700000000, "a": 1}')
            wait_for(lambda: served.stored() == len(rows) + 1, 40, "all is stored")
            fan = served.read(devices.one, "fan")
            scored = served.read(frames.between, "motor", rows["ts"][0], rows["ts"][-1] + 1)
        finally:
            process.terminate()
            code = process.wait(30)
            served.engine.dispose()
    assert (code, served.log.splitlines()[-1]) == (0, "torch is not imported")
    score = np.concatenate([frame.score for frame in scored])
    assert np.isfinite(score).sum() > 90
    without = "needs torch, which is not installed"
    assert (without in fan.reason, without in served.log) == (bool(before), bool(before))
