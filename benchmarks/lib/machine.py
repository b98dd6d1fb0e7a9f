"""What a benchmark ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

CPU_INFO = Path("/proc/cpuinfo")
LIBRARIES = ("torch", "numpy", "pandas", "paho-mqtt", "SQLAlchemy", "streamlit")


def machine() -> str:
    """One line for the head of a table."""
    return f"{os.cpu_count()} CPUs ({platform.machine()}), Python {platform.python_version()}"


def cpu_model() -> str:
    """What the processor calls itself, as far as the system tells."""
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_gb() -> float:
    """Of the machine, in 10^9 bytes."""
    return float(psutil.virtual_memory().total) / 1e9


def load_average() -> float:
    """Processes that wanted a processor in the last minute."""
    return os.getloadavg()[0]


def versions() -> dict[str, str]:
    """Of Python and of the libraries that decide most of the figures."""
    return {"Python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
