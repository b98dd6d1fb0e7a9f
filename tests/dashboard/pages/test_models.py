"""The page of models: what bundles tell, and a device given another model without a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.pages.models import bundles
from detector.settings.load import load_settings
from tests.conftest import wait_for
from tests.support.live.page import give_name, open_device
from tests.test_architecture import PROJECT

SHIPPED = sorted(path.parent for path in (PROJECT / "models").glob("*/bundle.json"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_every_shipped_bundle_is_told(folder):
    """Figures and data, without its weights."""
    found = bundles.read(folder)
    assert found.told is not None, found.reason
    assert found.told.training.hours > 0.9
    assert found.told.calibration.false_alarms_per_day_bound > 0
    assert found.can_be_commissioned == (found.told.commission_s > 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"{", "truncated"),
        (b'{"network": 3}', "Expected `str`"),
        (b"\xff\xfe", "invalid"),
    ],
)
def test_a_broken_bundle_is_one_line(tmp_path, content, reason):
    """The page lists it with the reason."""
    if content is not None:
        (tmp_path / bundles.DOCUMENT).write_bytes(content)
    found = bundles.read(tmp_path)
    assert found.told is None
    assert reason in found.reason


@pytest.mark.browser
def test_a_model_that_is_gone_is_told_and_the_pages_go_on(site, feed, page, tmp_path):
    """One is deleted, of the other only half is left; both are still named by rules."""
    gone, half = tmp_path / "gone", tmp_path / "half"
    half.mkdir()
    (half / bundles.DOCUMENT).write_bytes((SHIPPED[0] / bundles.DOCUMENT).read_bytes()[:300])
    settings = Path(site.settings["FAULTLINE_SETTINGS"])
    before = settings.read_text()
    rules = [f'[[devices]]\nmatch = "{device}"\nmodel = "{folder}"\n'
             for device, folder in (("good-2", gone), ("shared", half))]  # fmt: skip
    settings.write_text("\n".join([before, *rules]))
    try:
        page.goto(f"{site.url}/models?device=good-2")
        for folder, reason in ((gone, "No such file"), (half, "truncated")):
            row = page.locator(f".sheet-table tr:has-text('{folder}'):has-text('{reason}')")
            row.wait_for(timeout=30_000)
            assert row.count() == 1
        page.wait_for_selector("button:has-text('Let it watch')")  # another may be chosen
        open_device(page, site, "good-2")
    finally:
        settings.write_text(before)


@pytest.mark.browser
def test_another_model_watches_a_device_without_a_restart(site, feed, page):
    """The command writes the rule and the detector takes it up; who did it is told."""
    page.goto(f"{site.url}/models?device=good-1")
    page.wait_for_selector(".sheet-table >> text=models/motor-600rpm", timeout=30_000)
    give_name(page, "Ann")
    page.click(".st-key-one-device [data-testid=stSelectbox] >> nth=1")
    page.click("[role=option]:has-text('models/motor-1200rpm')")
    page.click("button:has-text('Let it watch'):enabled")
    page.wait_for_selector("text=the running detector has taken it up", timeout=90_000)
    rule = load_settings(Path(site.settings["FAULTLINE_SETTINGS"])).rule_for("good-1")
    assert rule.model == Path("models/motor-1200rpm")
    told = ".sheet-table:has-text('Switched before')"
    wait_for(lambda: "Ann" in page.inner_text(told), 10, "it is told who did it")
