"""``completion``: a script that makes a shell complete commands and options."""

from __future__ import annotations

import argparse

import shtab

from detector.cli.parser import build_parser


def completion(args: argparse.Namespace) -> str:
    """The script for one shell, made from the very parser that reads the command line."""
    script: str = shtab.complete(build_parser("faultline"), args.shell)
    return script
