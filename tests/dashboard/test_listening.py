"""Where the dashboard listens: on this computer, unless the settings say otherwise."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from detector.errors import SettingsError
from detector.settings.dashboard import DashboardSettings
from tests.conftest import answers, free_port
from tests.support.live.server import Site
from tests.support.processes.programs import PROJECT

FAULTLINE = [sys.executable, "-m", "detector", "dashboard"]
STREAMLIT = [sys.executable, "-m", "streamlit", "run", str(PROJECT / "dashboard" / "app.py")]


def refused(command, folder, **settings):
    """What a start that is refused says at its end, and its exit code."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FAULTLINE_")}
    environment |= {"PYTHONPATH": str(PROJECT), **settings}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done.returncode, done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.7", "plant.example", None])
def test_an_address_that_others_reach_needs_consent(address):
    """Or a login; None is every interface."""
    with pytest.raises(SettingsError, match=r"dashboard\.insecure = true"):
        DashboardSettings().refuse_open(address)
    DashboardSettings(insecure=True).refuse_open(address)
    DashboardSettings().refuse_open(address, has_login=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_computer_alone_needs_none(address):
    """Every form of loopback."""
    DashboardSettings().refuse_open(address)


def test_the_command_refuses_before_it_listens(tmp_path):
    """One line, exit code 2, and nobody ever listened."""
    port = free_port()
    code, line = refused([*FAULTLINE, "--address", "0.0.0.0", "--port", str(port)], tmp_path)
    assert code == 2
    assert line.startswith("error: dashboard: listening on 0.0.0.0")
    assert not answers(port)


@pytest.mark.parametrize("option", [["--server.address", "0.0.0.0"], []])
def test_streamlit_itself_refuses_too(tmp_path, option):
    """Also from a folder without our configuration, where its default is every interface."""
    port = ["--server.port", str(free_port())]
    code, line = refused([*STREAMLIT, "--server.headless", "true", *port, *option], tmp_path)
    assert code != 0
    assert line.startswith("dashboard: listening on")
    assert "allowed: 127.0.0.1" in line


def test_a_port_in_use_is_one_line(tmp_path):
    """Not a traceback, and not another port than the one that was asked for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, line = refused([*FAULTLINE, "--port", port], tmp_path)
    assert code == 2
    assert f"127.0.0.1 port {port}" in line


def listening(port):
    """Local addresses on which a port listens, as the kernel has them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as lines:  # noqa: PTH123 -- no file
            for line in list(lines)[1:]:
                _, local, _, state, *_ = line.split()
                address, _, number = local.partition(":")
                if state == "0A" and int(number, 16) == port:
                    found.add(address)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_with_consent_it_listens_where_it_is_told(tmp_path):
    """And by default on loopback alone."""
    here = tmp_path / "here"
    here.mkdir()
    with Site(here) as site:
        assert listening(site.port) == {"0100007F"}
    with Site(tmp_path, FAULTLINE_DASHBOARD__INSECURE="true").at("0.0.0.0") as site:
        assert listening(site.port) == {"00000000"}
