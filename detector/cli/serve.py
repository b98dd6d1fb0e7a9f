"""``serve``: the detector until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import threading

from detector.service.detector import Detector
from detector.settings.load import load_settings


def serve(args: argparse.Namespace) -> str:
    """Run the detector until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    Detector(load_settings(args.settings)).run(stop)
    return ""
