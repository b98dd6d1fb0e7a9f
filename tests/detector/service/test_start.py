"""A detector starts: subscribed before anything heavy is loaded, and loads only what it needs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from tests.conftest import wait_for
from tests.support.serving import PROJECT, Client, Served

HEAVY = {
    "torch", "pandas", "pyarrow", "sklearn", "skops", "scipy", "matplotlib", "prometheus_client"
}  # fmt: skip


def loaded_by(code):
    """Heavy libraries in a new process after it ran ``code``."""
    found = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('loaded:', *sys.modules)"],
        cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return HEAVY & set(found.stdout.rpartition("loaded:")[2].split())


def test_nothing_heavy_stands_before_the_subscription():
    """What `serve` imports until it is subscribed, and what lists and helps."""
    code = "import detector.cli.parser, detector.cli.serve, detector.cli.listings"
    assert loaded_by(f"{code}, detector.cli.discover.decode") == set()
    assert loaded_by("import detector.cli.writing.export") == {"pyarrow"}  # the archive's files


def test_a_network_needs_no_scikit_learn(tmp_path):
    """Scoring a file loads torch and pandas, and none of the references' libraries."""
    ts = 1.7e9 + np.arange(120) / 100
    rows = [f"{t:.2f},{np.sin(t):.4f},{np.cos(t):.4f},1,600" for t in ts]
    (tmp_path / "run.csv").write_text("\n".join(["ts,acc_x,acc_y,acc_z,rpm", *rows]))
    arguments = ["score", "--model", "models/motor-600rpm", f"{tmp_path}/run.csv",
                 "--out", f"{tmp_path}/out.csv"]  # fmt: skip
    code = f"from detector.cli.main import main; assert main({arguments!r}) == 0"
    assert loaded_by(code) - {"pyarrow"} == {"torch", "pandas"}  # pandas may bring pyarrow


def test_what_comes_while_models_load_is_kept(tmp_path, broker):
    """Subscribed first, loaded then; every message in between is stored."""
    served = Served(tmp_path, broker.url, "")
    with Client(broker.url) as client:
        process = served.begun(anew=True)
        try:
            wait_for(lambda: "connected, subscription" in served.log, 30, "subscribed")
            for i in range(200):
                client.publish(f"{tmp_path.name}/m", b'{"ts": %d, "a": 1}' % (1_700_000_000 + i))
            wait_for(lambda: served.stored() == 200, 40, "all stored")
        finally:
            process.terminate()
            process.wait(20)
            served.engine.dispose()
    assert served.log.index("connected, subscription") < served.log.index("scoring begins")
