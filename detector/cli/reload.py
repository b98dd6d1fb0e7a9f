"""``reload``: the running detector takes up changed settings and bundles."""

from __future__ import annotations

import argparse

from detector.reloading.ask import ask
from detector.settings.load import load_settings


def reload(args: argparse.Namespace) -> str:
    """Ask the running detector, and tell what it says."""
    return ask(load_settings(args.settings))
