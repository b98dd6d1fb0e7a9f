"""Which Faultline this is, installed or not, and what it runs on."""

from __future__ import annotations

import platform
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def version_line() -> str:
    """For example ``faultline 0.1.0, Python 3.12.1, torch 2.13.0+cpu``."""
    return f"faultline {own()}, Python {platform.python_version()}, torch {of('torch')}"


def own() -> str:
    """Faultline's: as ``pyproject.toml`` beside the code says, or an installed copy's record."""
    try:
        project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])
    except OSError:
        return of("faultline")


def of(package: str) -> str:
    """The version of an installed package, or that it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
