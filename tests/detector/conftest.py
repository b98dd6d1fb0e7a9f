"""One small model for all tests of the detector, in whichever process they run."""

from __future__ import annotations

import fcntl
import os
import pickle

import pytest

from tests.support.motors import small_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """One small trained model for all tests that only read it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all processes of this run
    made = folder / "bundle.pickle"
    with (folder / "bundle.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_bytes(pickle.dumps(small_bundle()))
    return pickle.loads(made.read_bytes())  # noqa: S301 -- our own
