"""What a tuning would have meant, computed by a child process beside the page's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import msgspec
import streamlit as st

from dashboard import context
from dashboard.pages.tuning.values import Values

LONGEST_S = 120.0
AT_ONCE = 2  # children of all viewers
_turns = threading.BoundedSemaphore(AT_ONCE)


class PreviewError(Exception):
    """There is no preview; one line says why."""


@st.cache_data(show_spinner=False, max_entries=100, ttl=600)
def preview(device: str, start: float, end: float, tried: Values, now: Values) -> dict[str, Any]:
    """Replay a stretch with what is in force and with what is tried.

    Args:
        device: Name of the machine.
        start: UTC seconds of its clock.
        end: After ``start``.
        tried: By the viewer.
        now: In force; another one is another question.

    Returns:
        What ``python -m detector preview --json`` prints.

    Raises:
        PreviewError: If it refuses or takes too long.
    """
    with _turns:
        try:
            done = subprocess.run(
                _command(device, start, end, tried), capture_output=True, check=False,
                timeout=LONGEST_S, env=_environment(),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise PreviewError(f"no answer within {LONGEST_S:g} s") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no answer"]
        raise PreviewError(lines[-1].removeprefix("error: "))
    found: dict[str, Any] = msgspec.json.decode(done.stdout)
    return found


def _command(device: str, start: float, end: float, tried: Values) -> list[str]:
    asked = {
        "--start": _iso(start), "--end": _iso(end), "--threshold": tried.threshold,
        "--k": tried.k, "--n": tried.n, "--on-delay": tried.on_delay_s,
        "--off-delay": tried.off_delay_s,
    }  # fmt: skip
    options = [f"{name}={value}" for name, value in asked.items()]
    return [sys.executable, "-m", "detector", "preview", "--json", *options, "--", device]


def _environment() -> dict[str, str]:
    """The store is that of this page, whatever else the settings say."""
    return {**os.environ, "FAULTLINE_STORE__URL": context.settings().store.url}


def _iso(ts: float) -> str:
    return datetime.fromtimestamp(ts, UTC).isoformat()
