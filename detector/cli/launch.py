"""The commands that lead to the other two programs; this process becomes them.

The detector imports neither: they are started by name.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from detector.errors import SettingsError
from detector.settings.load import FILE_VARIABLE, load_settings

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "dashboard" / "app.py"
LOOK = PROJECT / ".streamlit" / "config.toml"  # found by itself in the project's folder only


def simulate(args: argparse.Namespace) -> NoReturn:
    """Become ``python -m simulator``."""
    _become("-m", "simulator", args.what, *args.rest)


def dashboard(args: argparse.Namespace) -> NoReturn:
    """Become the page's server.

    Raises:
        SettingsError: If the port is in use, the address is not this machine's, or others reach it
            and the settings do not consent to that.
    """
    settings = load_settings(args.settings)
    settings.dashboard.refuse_open(args.address, has_login=settings.auth is not None)
    _refuse_busy(args.address, args.port)
    if args.settings is not None:
        os.environ[FILE_VARIABLE] = str(args.settings.resolve())
    own = {"server.address": args.address, "server.port": args.port}
    options = [f"--{name}={value}" for name, value in {**_look(), **own}.items()]
    _become("-m", "streamlit", "run", str(PAGE), *options)


def _become(*arguments: str) -> NoReturn:
    path = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{PROJECT}{os.pathsep}{path}" if path else str(PROJECT)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 -- fixed words


def _refuse_busy(address: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], found[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"dashboard: {address} port {port}: {reason}, allowed: a free port (--port) of an "
            "address of this machine (--address)"
        ) from None


def _look() -> dict[str, Any]:
    """The page's own Streamlit options, as flags, wherever it is started."""
    if not LOOK.exists():
        return {}
    return dict(_options("", tomllib.loads(LOOK.read_text(encoding="utf-8"))))


def _options(prefix: str, table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _options(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", str(value).lower() if isinstance(value, bool) else value
