"""Back to the page that was wanted, and to no other site."""

from __future__ import annotations

import pytest

from dashboard.access.returning import wanted

HERE = "https://faultline.example"


@pytest.mark.parametrize(
    ("referer", "path"),
    [
        (f"{HERE}/device?device=a%2Fb&from=1", "/device?device=a%2Fb&from=1"),
        (f"{HERE}/", "/"),
        (f"{HERE}/alarms?sign_in=failed", "/alarms"),
        (f"{HERE}//evil.example/x", ""),
        (f"{HERE}/\\evil.example", ""),
        (f"{HERE}.evil.example/device", ""),
        ("http://faultline.example/device", ""),
        (f"{HERE}/device?{'x' * 2000}", ""),
        ("", ""),
    ],
)
def test_a_page_of_ours_is_remembered(referer, path):
    """What could lead elsewhere is not."""
    assert wanted(referer, HERE) == path
