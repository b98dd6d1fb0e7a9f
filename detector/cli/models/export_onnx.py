"""``export-onnx``: what a computer without torch needs of a bundle."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from detector.references.base import REFERENCES
from detector.scoring.bundle import read_document, stored_in
from detector.scoring.runtimes.contract import EXPORTED
from detector.scoring.runtimes.export import export_network


def export_onnx(args: argparse.Namespace) -> str:
    """Write ``weights.onnx`` into each bundle that has a network.

    Raises:
        BundleError: If one cannot be exported; those before it are.
    """
    return "\n".join(_lines(args.model))


def _lines(folders: list[Path]) -> Iterator[str]:
    is_hidden = len(folders) < 2 or not sys.stderr.isatty()
    for folder in tqdm(folders, unit="model", leave=False, disable=is_hidden):
        document = read_document(folder)
        if document.network in REFERENCES:
            yield f"{folder}: {document.network} runs without torch as it is"
            continue
        difference = export_network(stored_in(folder, document))
        yield f"written: {folder / EXPORTED}, differs from torch by at most {difference:.1g}"
