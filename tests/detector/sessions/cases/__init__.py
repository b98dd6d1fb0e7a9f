"""Whole files, asked through the command line; failures of the shared checks show their values."""

import pytest

pytest.register_assert_rewrite("tests.support.sessions.inspected")
