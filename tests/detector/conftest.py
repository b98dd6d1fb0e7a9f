"""One small model for all tests of the detector."""

from __future__ import annotations

import pytest

from tests.support.motors import small_bundle


@pytest.fixture(scope="session")
def bundle():
    """One small trained model for all tests that only read it."""
    return small_bundle()
