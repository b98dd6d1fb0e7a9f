"""The time and the most memory that a command takes, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

# A process inherits the peak of the one that started it, so a small one stands between.
_BETWEEN = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
unit = 1 if sys.platform == "darwin" else 1024
spent = used.ru_utime + used.ru_stime
print(json.dumps([code, time.perf_counter() - began, spent, used.ru_maxrss * unit / 1e6]))
"""


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        wall_s: From start to end.
        cpu_s: Of all its threads.
        peak_mb: Resident, in 10^6 bytes, with Python and its libraries in it.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


class CommandError(Exception):
    """A command that failed; its last line, or its exit code."""


def cost_of(*arguments: str) -> Cost:
    """Run ``python -m detector`` and wait for it.

    Args:
        arguments: Of the command.

    Raises:
        CommandError: If it fails.
    """
    command = [sys.executable, "-m", "detector", *arguments]
    between = [sys.executable, "-S", "-c", _BETWEEN, *command]
    done = subprocess.run(between, capture_output=True, text=True, check=True)
    code, wall_s, cpu_s, peak_mb = json.loads(done.stdout)
    if code:
        said = done.stderr.strip().splitlines()
        raise CommandError(said[-1] if said else f"exit code {code}")
    return Cost(wall_s, cpu_s, peak_mb)
