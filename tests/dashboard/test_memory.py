"""Large blocks go back to the system, whatever was freed before."""

from __future__ import annotations

import subprocess
import sys

import pytest

MAPPED = """
import ctypes, sys
import numpy as np
from dashboard.memory import give_back_at_once

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd",
        "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Info
if sys.argv[1] == "asked":
    give_back_at_once()
freed = np.ones(20 << 20, np.uint8)
del freed  # from now on the allocator would keep blocks of this size
before = libc.mallinfo2().hblks
held = [np.ones(1 << 20, np.uint8) for _ in range(8)]
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU allocator")
@pytest.mark.parametrize(("asked", "blocks"), [("asked", 8), ("left alone", 0)])
def test_a_large_block_is_mapped_by_itself(asked, blocks):
    """Eight of a megabyte after one of twenty."""
    command = [sys.executable, "-c", MAPPED, asked]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(found.stdout) == blocks
