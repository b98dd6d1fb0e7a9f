"""The references by name, and how one is built, fitted, saved and loaded.

>>> fitted = build_reference("pca", {"components": 8}).fit(windows, seed=0)
>>> if isinstance(fitted, Reconstructing): fitted.reconstruct(windows).residual
>>> else: fitted.distance(windows)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from detector.configs import checked_config
from detector.errors import BundleError
from detector.records import Values
from detector.references.contract import Measuring, Reconstructed, Reconstructing, Reference
from detector.references.iforest import IForest, IForestConfig
from detector.references.mahalanobis import Mahalanobis, MahalanobisConfig
from detector.references.neighbours import Knn, KnnConfig, Lof, LofConfig
from detector.references.ocsvm import OcSvm, OcSvmConfig
from detector.references.pca import Pca, PcaConfig, PcaT2Q
from detector.references.storage import replace_file
from detector.references.zscore import ZScore, ZScoreConfig

__all__ = [
    "REFERENCES",
    "Measuring",
    "Recipe",
    "Reconstructed",
    "Reconstructing",
    "Reference",
    "build_reference",
    "full_config",
    "load_reference",
    "save_reference",
]

FORMAT = 1
DOCUMENT = "reference.json"

# name -> (config dataclass, class)
REFERENCES: dict[str, tuple[type[Any], type[Reference]]] = {
    made.name: (config, made)
    for config, made in (
        (ZScoreConfig, ZScore),
        (MahalanobisConfig, Mahalanobis),
        (PcaConfig, Pca),
        (PcaConfig, PcaT2Q),
        (KnnConfig, Knn),
        (LofConfig, Lof),
        (OcSvmConfig, OcSvm),
        (IForestConfig, IForest),
    )
}


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of ``reference.json``."""

    format: int
    reference: str
    config: dict[str, Any]
    window: int
    features: int
    scikit_learn: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """A reference that has seen nothing yet.

    Attributes:
        name: One of ``REFERENCES``.
        config: Its frozen config.
    """

    name: str
    config: Any

    def fit(self, windows: Values, seed: int) -> Reference:
        """Fit to normal windows.

        Args:
            windows: Shape (B, L, F) in scaled units; a view will do, only those used are copied.
            seed: Same seed and windows, same reference.

        Returns:
            A ``Reconstructing`` or a ``Measuring`` reference.

        Raises:
            TrainingError: If there are too few windows, or a value is missing.
        """
        return REFERENCES[self.name][1].fit(self.config, windows, seed)


def build_reference(name: str, config: dict[str, Any]) -> Recipe:
    """Choose a reference.

    Args:
        name: One of ``REFERENCES``.
        config: Fields of its config; missing ones take their defaults.

    Raises:
        BundleError: If the name or a config field is unknown, of the wrong type or out of range.
    """
    return Recipe(name, checked_config("reference", name, config, REFERENCES))


def full_config(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config with its defaults filled in, as it is kept on disk.

    Raises:
        BundleError: As ``build_reference``.
    """
    return asdict(checked_config("reference", name, config, REFERENCES))


def save_reference(reference: Reference, folder: Path) -> None:
    """Write a reference; a file is replaced only once its new content is complete.

    The same reference gives the same bytes.
    """
    reference.write(folder)
    document = Document(
        format=FORMAT,
        reference=reference.name,
        config=asdict(reference.config),
        window=reference.shape[0],
        features=reference.shape[1],
        scikit_learn=version("scikit-learn"),
    )
    encoded = msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1)
    replace_file(folder / DOCUMENT, encoded + b"\n")


def load_reference(folder: Path) -> Reference:
    """Read and check a reference.

    Raises:
        BundleError: If a file is missing or broken, or was written by another scikit-learn, whose
            estimators may score otherwise.
    """
    path = folder / DOCUMENT
    try:
        document = msgspec.json.decode(path.read_bytes(), type=Document)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror})") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: {error}") from None
    if document.format != FORMAT:
        raise BundleError(f"{path}: format {document.format}, allowed: {FORMAT}")
    if _minor(document.scikit_learn) != _minor(version("scikit-learn")):
        raise BundleError(
            f"{path}: fitted with scikit-learn {document.scikit_learn}, allowed: "
            f"{_minor(version('scikit-learn'))}.*; fit it anew"
        )
    if document.window < 1 or document.features < 1:
        raise BundleError(
            f"{path}: window {document.window}, features {document.features}, allowed: 1 and more"
        )
    config = checked_config("reference", document.reference, document.config, REFERENCES)
    shape = (document.window, document.features)
    return REFERENCES[document.reference][1].read(config, shape, folder)


def _minor(of: str) -> str:
    return ".".join(of.split(".")[:2])
