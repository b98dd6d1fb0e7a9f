"""The bundles that rules name: each loaded when a device first needs it, and told by content."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from detector.errors import BundleError
from detector.references.storage import ESTIMATOR, TENSORS
from detector.scoring.bundle import DOCUMENT, Bundle, load_bundle
from detector.scoring.runtimes.contract import EXPORTED, WEIGHTS
from detector.settings.detector import Runtime

logger = logging.getLogger(__name__)

FILES = (DOCUMENT, WEIGHTS, EXPORTED, TENSORS, ESTIMATOR)


@dataclass(frozen=True, slots=True)
class Model:
    """A bundle as it was found.

    Attributes:
        found: The bundle, or one line that says why it cannot be used.
        fingerprint: Of the files that it was read from.
    """

    found: Bundle | str
    fingerprint: str


class Models:
    """Bundles by folder; for the scoring thread, what it holds may be read from any.

    Args:
        folders: Those that rules name. Their fingerprints are taken now, so that a change can be
            told before a device needs them.
        runtime: What their networks run on.
    """

    def __init__(self, folders: Iterable[Path], runtime: Runtime = "auto") -> None:
        self.runtime: Runtime = runtime
        self._fingerprints = {folder: fingerprint(folder) for folder in folders}
        self._found: dict[Path, Bundle | str] = {}

    def of(self, folder: Path) -> Bundle | str:
        """The bundle, or why it cannot be used; reads it the first time."""
        if folder not in self._found:
            read = read_model(folder, self.runtime)
            self._fingerprints[folder] = read.fingerprint
            self._found[folder] = read.found
            if isinstance(read.found, str):
                logger.error("%s", read.found)
        return self._found[folder]

    def fingerprints(self) -> dict[Path, str]:
        """Of all folders known, the same where the content of their files is the same."""
        return dict(self._fingerprints)

    def found(self) -> dict[Path, Bundle | str]:
        """What was read so far."""
        return dict(self._found)

    def take_up(self, read: Mapping[Path, Model], named: Iterable[Path]) -> None:
        """Hold what was read instead of what there was, and of the rest only what is named."""
        for folder, model in read.items():
            self._found[folder], self._fingerprints[folder] = model.found, model.fingerprint
        for folder in self._fingerprints.keys() - set(named):
            del self._fingerprints[folder]
            self._found.pop(folder, None)


def read_model(folder: Path, runtime: Runtime = "auto") -> Model:
    """Read a bundle, or why it cannot be used."""
    before = fingerprint(folder)
    try:
        return Model(load_bundle(folder, runtime), before)
    except BundleError as error:
        return Model(str(error), before)


def fingerprint(folder: Path) -> str:
    """SHA-256 over the files of a bundle; empty where there are none."""
    digest, is_there = hashlib.sha256(), False
    for name in FILES:
        try:
            with (folder / name).open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
        except OSError:  # it is missing, or its reader will say what is wrong
            continue
        digest.update(name.encode() + content)
        is_there = True
    return digest.hexdigest() if is_there else ""
