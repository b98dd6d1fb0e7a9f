"""Recordings as they lie about on people's disks: what is read of them, or the one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.sessions.inspected import hold, inspected, refused

HERE = Path(__file__).parent
CASES = [json.loads(line) for line in (HERE / "files.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_file_from_the_field(case):
    """Samples, rate, first time, labels and means are as the case says; or it is refused."""
    path, arguments = HERE / "files" / case["file"], case.get("args", [])
    if "refuse" in case:
        assert case["refuse"].lower() in refused("inspect", path, *arguments).lower()
        return
    [found] = inspected(path, *arguments)
    hold(found, case["expect"])
