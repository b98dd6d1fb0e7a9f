"""What a benchmark ran on."""

from __future__ import annotations

import os
import platform


def machine() -> str:
    """One line for the head of a table."""
    return f"{os.cpu_count()} CPUs ({platform.machine()}), Python {platform.python_version()}"
