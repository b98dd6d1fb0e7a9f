"""The live socket's neighbours: what is served, what is imported, the detector as a child."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import logging
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from websockets.sync.client import connect

from dashboard import child, context
from dashboard.live import asset_files
from detector.settings.tree import Settings
from detector.store import devices
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.live.server import Site, in_a_loop
from tests.support.stores import golden_store


def get(url):
    """Content and headers of an address."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310 -- our own server
        return answer.read(), answer.headers


def test_assets_are_packed_and_kept_for_ever(site):
    """plotly.js comes from the installed package, already gzipped."""
    content, headers = get(f"{site.url}/assets/{asset_files.version()}/plotly.min.js")
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]
    assert gzip.decompress(content) == asset_files.PLOTLY.read_bytes()


def test_a_class_is_styled_by_one_sheet():
    """All sheets of a page apply to all of it: what one calls its own, no other may."""
    styled = {
        sheet.name: own_classes(sheet.read_text()) for sheet in asset_files.FOLDER.rglob("*.css")
    }
    assert all(styled.values())
    for one, other in itertools.combinations(styled, 2):
        assert not styled[one] & styled[other], (one, other)


def own_classes(text):
    """Those that a selector begins with, what stands in brackets and comments left out."""
    bare = re.sub(r"\([^()]*\)|/\*.*?\*/", "", text, flags=re.DOTALL)
    return set(re.findall(r"(?:^|[},])\s*\.(fl-[\w-]+)", bare))


def test_an_old_version_of_an_asset_is_not_kept(site):
    """A page from before an upgrade must not fill the cache with the wrong file."""
    _, headers = get(f"{site.url}/assets/old/live.css")
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["nothing.js", "..%2fapp.py", "%2e%2e/app.py"])
def test_nothing_but_the_assets_is_served(site, name):
    """No path leads out of the folder."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{site.url}/assets/x/{name}")
    assert refused.value.code in {400, 404}


def test_the_server_ends_within_seconds_with_a_socket_open(tmp_path):
    """An open page does not hold up a restart."""
    with Site(tmp_path) as own:
        with connect(f"ws://127.0.0.1:{own.port}/live", origin=own.url) as socket:
            socket.recv(timeout=5)
            began = time.monotonic()
            own.stop()
        assert time.monotonic() - began < 8
        assert "Traceback" not in own.log.read_text()


def test_the_dashboard_never_imports_torch():
    """It would cost 200 MB and seconds at start."""
    code = "import dashboard.app, dashboard.pages.ui, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_detector_is_alive_while_its_lease_is_young(tmp_path, monkeypatch):
    """No lease and an old lease both mean that one is needed."""
    url = f"sqlite:///{tmp_path}/store.db"
    engine = open_store(url)
    monkeypatch.setattr(context, "settings", lambda: Settings(store={"url": url}))
    assert not child.is_detector_alive()
    with engine.begin() as store:
        devices.take_lease(store, "one", time.time())
    assert child.is_detector_alive()
    with engine.begin() as store:
        devices.release_lease(store, "one")
        devices.take_lease(store, "one", time.time() - devices.LEASE_S - 1)
    assert not child.is_detector_alive()
    engine.dispose()


def test_an_older_store_is_no_detector_and_no_failure(tmp_path, monkeypatch):
    """So one is started, which brings the store to this version."""
    golden_store.load("0000", tmp_path / "store.db")
    url = f"sqlite:///{tmp_path}/store.db"
    monkeypatch.setattr(context, "settings", lambda: Settings(store={"url": url}))
    assert not child.is_detector_alive()


def test_a_child_is_stopped_with_the_dashboard(monkeypatch):
    """No detector is left behind."""
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-c", "import time; time.sleep(99)"))
    detector = child.DetectorChild()

    async def go():
        detector.start()
        await detector.stop()

    in_a_loop(go())
    assert detector._process.returncode is not None


def test_a_child_that_ends_early_is_logged(monkeypatch, caplog):
    """One line with its exit code."""
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))

    async def go():
        detector = child.DetectorChild()
        detector.start()
        await asyncio.wait_for(detector._watch, 10)
        await detector.stop()

    with caplog.at_level(logging.INFO):
        in_a_loop(go())
    assert "the detector ended by itself with exit code 3" in caplog.text


def test_a_dashboard_without_a_detector_starts_one(tmp_path):
    """One command is enough; here the child ends at once, which is logged."""
    with Site(tmp_path, FAULTLINE_DASHBOARD__START_DETECTOR="true") as own:
        wait_for(lambda: "no detector was alive, started one" in own.log.read_text(), 10)


def test_the_api_lets_nobody_in_while_no_token_is_set(site):
    """And says how to set one."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{site.url}/api/devices")
    assert refused.value.code == 403
    assert "allowed: one in dashboard.api_tokens" in refused.value.read().decode()
