"""Child processes forked from one that has imported the libraries once.

So the second costs neither time nor, at first, memory. Where a system has no such server each
imports for itself.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import TypeAlias

Context: TypeAlias = ForkServerContext | SpawnContext


def forking(modules: Sequence[str]) -> Context:
    """How processes begin that need these modules."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    return context


def how_it_ended(process: BaseProcess) -> str:
    """In words, of one whose pipe is closed."""
    process.join(1.0)
    code = process.exitcode
    if code is None:
        return f"process {process.pid} has closed its line"
    how = f"was killed by signal {-code}" if code < 0 else f"has ended with exit code {code}"
    return f"process {process.pid} {how}"
