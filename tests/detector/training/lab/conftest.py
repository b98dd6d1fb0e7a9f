"""Sessions with faults in them."""

from __future__ import annotations

import pytest

from detector.training.lab.evaluate import Injection, inject_faults
from tests.support.motors import small_bundle
from tests.support.training.sessions import SEVERITIES, recording


@pytest.fixture(scope="package")
def cases():
    """Three families at two severities, in two sessions; nobody changes them."""
    chosen = Injection(("bias", "noise", "stuck"), SEVERITIES, seeds=(3,))
    return list(inject_faults([recording(), recording(seed=51)], chosen))


@pytest.fixture(scope="package")
def bundle():
    """A network in a size for tests; nobody changes it."""
    return small_bundle(network="dense_ae", config={"hidden": 8, "latent": 6}, smoothing=2)
