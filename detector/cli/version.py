"""Which Faultline this is, installed or not, and what it runs on."""

from __future__ import annotations

import platform
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def version_line() -> str:
    """For example ``faultline 0.1.0, Python 3.12.1, torch 2.13.0+cpu``."""
    return f"faultline {_own()}, Python {platform.python_version()}, torch {_of('torch')}"


def _own() -> str:
    """What ``pyproject.toml`` beside the code says; an installed copy has its own record."""
    try:
        project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])
    except OSError:
        return _of("faultline")


def _of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
