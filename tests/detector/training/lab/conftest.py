"""Sessions with faults in them."""

from __future__ import annotations

import pytest

from detector.training.lab.evaluate import Injection, inject_faults
from tests.support.training.sessions import SEVERITIES, recording


@pytest.fixture(scope="package")
def cases():
    """Three families at two severities, in two sessions; nobody changes them."""
    chosen = Injection(("bias", "noise", "stuck"), SEVERITIES, seeds=(3,))
    return list(inject_faults([recording(), recording(seed=51)], chosen))
