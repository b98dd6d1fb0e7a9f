"""Provisional models on disk: a folder a device, in it the newest bundle and a mark that names it.

The mark is written last and replaced whole, so after a crash there is the model before or the new
one. Devices may have any name: folders are named by a part of it and a digest.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import msgspec
import numpy as np

from detector.errors import BundleError
from detector.records import Samples
from detector.references.storage import replace_file
from detector.scoring.bundle import Bundle, load_bundle, save_bundle

MARK, EXCERPT = "learnt.json", "excerpt.npy"
LONGEST_SLUG = 40  # characters of a device's name that are kept for the eye


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of a device's provisional model.

    Attributes:
        device: Name of the machine.
        version: Counts how often it was learnt.
        features: All of the device's channels when it was learnt, sorted.
        period_s: Between samples.
        spans: First and last sample of each stretch it was learnt from, device clock.
        running_s: Seconds of running in them.
        left_out: Channels that the model does not look at, with the reason.
        settled: It has held for so long that it is not learnt again by itself.
        confirmed_by: Who said that it may alarm; None: nobody has.
        confirmed_at: When, UTC seconds.
    """

    device: str
    version: int
    features: tuple[str, ...]
    period_s: float
    spans: tuple[tuple[float, float], ...]
    running_s: float
    left_out: dict[str, str]
    settled: bool = False
    confirmed_by: str | None = None
    confirmed_at: float | None = None


class ModelFolder:
    """Where provisional models are kept.

    Args:
        path: Made with the first model.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def marks(self) -> tuple[dict[str, Mark], list[str]]:
        """Of all devices, by name; and a line for each that cannot be read."""
        found, lines = {}, []
        for file in sorted(self.path.glob(f"*/{MARK}")):
            try:
                mark = msgspec.json.decode(file.read_bytes(), type=Mark)
            except (OSError, msgspec.DecodeError) as error:
                lines.append(f"{file}: {error}, allowed: what the detector wrote")
            else:
                found[mark.device] = mark
        return found, lines

    def bundle(self, mark: Mark) -> Bundle:
        """The model that a mark names.

        Raises:
            BundleError: If it is missing or broken.
        """
        bundle = load_bundle(self.of(mark.device, mark.version))
        bundle.is_provisional = mark.confirmed_by is None
        bundle.note = note_of(mark)
        return bundle

    def excerpt(self, mark: Mark) -> Samples:
        """A part of what the model was learnt from; its times count from 0.

        Raises:
            BundleError: If it is missing or broken.
        """
        file = self.of(mark.device, mark.version) / EXCERPT
        try:
            values = np.load(file, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise BundleError(f"{file}: cannot be read ({error})") from None
        if values.ndim != 2 or values.shape[1] != len(mark.features):
            found = f"found {values.shape}, allowed: (n, {len(mark.features)})"
            raise BundleError(f"{file}: {found}")
        return Samples(
            mark.features, mark.period_s * np.arange(len(values), dtype=np.float64), values
        )

    def save(self, device: str, version: int, bundle: Bundle, excerpt: Samples) -> None:
        """Write a model; nobody reads it before its mark is there.

        Raises:
            BundleError: If it cannot be written.
        """
        folder = self.of(device, version)
        try:
            shutil.rmtree(folder, ignore_errors=True)  # left by a crash
            save_bundle(bundle, folder)
            with (folder / EXCERPT).open("wb") as file:
                np.save(file, excerpt.values, allow_pickle=False)
        except OSError as error:
            raise BundleError(f"{folder}: cannot be written ({error.strerror})") from None

    def write(self, mark: Mark) -> None:
        """Make a model the one that counts; older ones of the device are removed.

        Raises:
            BundleError: If it cannot be written.
        """
        folder = self.of(mark.device)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(folder / MARK, msgspec.json.format(msgspec.json.encode(mark)) + b"\n")
        except OSError as error:
            raise BundleError(f"{folder / MARK}: cannot be written ({error.strerror})") from None
        for other in folder.iterdir():
            if other.is_dir() and other != self.of(mark.device, mark.version):
                shutil.rmtree(other, ignore_errors=True)

    def of(self, device: str, version: int | None = None) -> Path:
        """Folder of a device, or of one of its models."""
        digest = hashlib.sha256(device.encode()).hexdigest()[:12]
        folder = self.path / f"{_slug(device)}-{digest}"
        return folder if version is None else folder / bundle_name(device, version)


def note_of(mark: Mark) -> str | None:
    """What is said of a device with such a model; nothing once it is confirmed."""
    if mark.confirmed_by is not None:
        return None
    return f"provisional, learnt from {mark.running_s / 60:.0f} minutes"


def bundle_name(device: str, version: int) -> str:
    """Name of a device's model, which pages and alarms show."""
    return f"{_slug(device)}-learnt-{version}"


def _slug(device: str) -> str:
    """What of a name may stand in that of a folder."""
    return re.sub(r"[^a-zA-Z0-9-]+", "_", device)[:LONGEST_SLUG].strip("_") or "device"


def place_of(folder: Path | None, store_url: str) -> Path:
    """Where provisional models are kept, see ``[adopt] folder``.

    Args:
        folder: As set; None: beside the store where that is a file.
        store_url: SQLAlchemy URL.
    """
    if folder is not None:
        return folder
    scheme, _, file = store_url.partition(":///")
    is_file = scheme.startswith("sqlite") and file and ":memory:" not in file
    return (Path(file.partition("?")[0]).parent if is_file else Path()) / "provisional"
