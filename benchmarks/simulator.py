"""Runs ``simulator_speed.py`` under the shorter name: python benchmarks/simulator.py."""

import sys
from pathlib import Path

# This file has the name of the package it measures, and Python finds it first for every script of
# this folder; so it leads on to the package's modules.
__path__ = [str(Path(__file__).resolve().parent.parent / "simulator")]

if __name__ == "__main__":
    from simulator_speed import main

    sys.exit(main())
