"""Models on their way to workers: the files of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from weakref import WeakKeyDictionary

from detector.scoring.bundle import Bundle, load_bundle, save_bundle
from detector.scoring.models import FILES
from detector.scoring.runtimes.onnx_network import OnnxNetwork
from detector.settings.detector import Runtime


@dataclass(frozen=True, slots=True)
class Parcel:
    """A bundle as it travels.

    Attributes:
        name: Of its folder.
        files: Content by name.
        runtime: What its network runs on.
    """

    name: str
    files: dict[str, bytes]
    runtime: Runtime


def packed(bundle: Bundle) -> Parcel:
    """Its files: from memory, or from its folder where memory holds only what runs."""
    if bundle.folder is not None and isinstance(bundle.model, OnnxNetwork):
        return Parcel(bundle.name, _content(bundle.folder / name for name in FILES), "onnx")
    with TemporaryDirectory(prefix="faultline-model-") as folder:
        place = Path(folder) / bundle.name
        save_bundle(bundle, place)
        return Parcel(bundle.name, _content(place.iterdir()), "auto")


def _content(files: Iterable[Path]) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in files if file.exists()}


def unpacked(parcel: Parcel) -> Bundle:
    """The bundle again.

    Raises:
        BundleError: If what it needs is missing here.
    """
    with TemporaryDirectory(prefix="faultline-model-") as folder:
        place = Path(folder) / parcel.name
        place.mkdir()
        for name, content in parcel.files.items():
            (place / name).write_bytes(content)
        return load_bundle(place, parcel.runtime)


class Parcels:
    """Each bundle packed once, with a number; forgotten with the bundle.

    Args:
        keep: What a transport makes of a parcel, to be sent as often as is needed.
    """

    def __init__(self, keep: Callable[[Parcel], Any]) -> None:
        self._keep = keep
        self._numbers = count(1)
        self._made: WeakKeyDictionary[Bundle, tuple[int, Any]] = WeakKeyDictionary()

    def of(self, bundle: Bundle) -> tuple[int, Any]:
        """Number and parcel of a bundle."""
        if bundle not in self._made:
            self._made[bundle] = next(self._numbers), self._keep(packed(bundle))
        return self._made[bundle]
