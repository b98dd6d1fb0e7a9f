"""A worker that dies of what it scores: the whole life of one, for ``processes._work``."""

from __future__ import annotations

import os
import signal

import numpy as np

from detector.scoring.detectors import ByNetwork
from detector.workers.processes import _work as work

DEADLY = 1e6  # a value this large, in any window


def life(pipe, log_level, on_torch):
    """As of any worker, until a network is shown such a window, be it of the past."""
    examine = ByNetwork.examine

    def deadly(self, windows, codes=None):
        if (np.abs(windows) > DEADLY / 100).any():  # scaled units
            os.kill(os.getpid(), signal.SIGKILL)
        return examine(self, windows, codes)

    ByNetwork.examine = deadly
    work(pipe, log_level, on_torch)
