"""A trained model on disk: ``weights.safetensors`` and ``bundle.json``. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from detector.errors import BundleError
from detector.networks.base import build_network
from detector.networks.contract import Network
from detector.records import ModelCard
from detector.scoring.score import ScoreRule
from detector.settings import RunningSignal

FORMAT = 1
DOCUMENT = "bundle.json"
WEIGHTS = "weights.safetensors"
JUDGED_WEIGHT = 0.5  # a feature weighted below this is left out of the score-to-MSE translation


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model feature: its name and unit."""

    name: str
    unit: str = ""


class Scaling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How values become scaled units: ``(value - centre) / scale``."""

    method: str
    centre: tuple[float, ...]
    scale: tuple[float, ...]


class Running(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The running signal and the range that is judged; ``max`` None is open."""

    feature: str
    min: float
    max: float | None = None

    def signal(self) -> RunningSignal:
        """The same as a setting."""
        upper = math.inf if self.max is None else self.max
        return RunningSignal(feature=self.feature, min=self.min, max=upper)


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the threshold was placed, and on how much data it rests.

    ``false_alarms_per_day_bound`` is the 95 % bound those hours allow, not a rate that was seen.
    """

    method: str
    blocks: int
    windows: int
    hours: float
    false_alarms_per_day_bound: float


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the weights come from."""

    data_hash: str
    sessions: int
    samples: int
    hours: float
    seed: int
    steps: int


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of ``bundle.json``."""

    format: int
    network: str
    config: dict[str, Any]
    features: tuple[Feature, ...]
    window: int
    stride: int
    sampling_period_s: float
    baseline: int
    scaling: Scaling
    running: Running | None
    lowest_log_rms: float | None
    score: ScoreRule
    calibration: Calibration
    training: Training
    versions: dict[str, str]
    metrics: dict[str, float]


class Bundle:
    """A loaded model: its document and its network, ready to score.

    Attributes:
        name: Folder name.
        document: See ``Document``.
        network: In evaluation mode.
    """

    def __init__(self, name: str, document: Document, network: Network) -> None:
        self.name = name
        self.document = document
        self.network = network.eval()

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the F model features."""
        return tuple(feature.name for feature in self.document.features)

    def card(self) -> ModelCard:
        """What a page needs to know of it."""
        document, rule = self.document, self.document.score
        gains = tuple(
            rule.threshold * scale / weight if weight >= JUDGED_WEIGHT else 0.0
            for scale, weight in zip(rule.spread_high, rule.weights, strict=True)
        )
        found = document.calibration
        return ModelCard(
            name=self.name,
            network=document.network,
            window=document.window,
            sampling_period_s=document.sampling_period_s,
            features=self.features,
            units=tuple(feature.unit for feature in document.features),
            mse_log_centre=rule.spread_centre,
            mse_log_gain=gains,
            provenance=(
                f"threshold {found.method} of {found.windows} held-out windows "
                f"({found.hours:.2f} h in {found.blocks} blocks); "
                f"at most {found.false_alarms_per_day_bound:.3g} false alarms per day "
                "with 95 % confidence"
            ),
        )


def save_bundle(bundle: Bundle, folder: Path) -> None:
    """Write a bundle; a file is replaced only once its new content is complete.

    The same bundle gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.contiguous() for name, tensor in bundle.network.state_dict().items()}
    unfinished = folder / f"{WEIGHTS}.part"
    unfinished.write_bytes(save(weights))
    unfinished.rename(folder / WEIGHTS)
    encoded = msgspec.json.format(msgspec.json.encode(bundle.document, order="sorted"), indent=1)
    unfinished = folder / f"{DOCUMENT}.part"
    unfinished.write_bytes(encoded + b"\n")
    unfinished.rename(folder / DOCUMENT)


def load_bundle(folder: Path) -> Bundle:
    """Read and check a bundle.

    Raises:
        BundleError: If a file is missing or broken, or the parts do not fit each other.
    """
    document = _read_document(folder)
    _check(folder, document)
    network = build_network(
        document.network,
        document.config,
        features=len(document.features),
        window=document.window,
    )
    path = folder / WEIGHTS
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BundleError(f"{path}: weights do not fit {document.network}: {reason}") from None
    return Bundle(folder.name, document, network)


def _read_document(folder: Path) -> Document:
    path = folder / DOCUMENT
    try:
        return msgspec.json.decode(path.read_bytes(), type=Document)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}), allowed: a bundle") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: {error}") from None


def _check(folder: Path, document: Document) -> None:
    path = folder / DOCUMENT
    if document.format != FORMAT:
        raise BundleError(f"{path}: format {document.format}, allowed: {FORMAT}")
    rule, count = document.score, len(document.features)
    lists = {
        "scaling.centre": document.scaling.centre,
        "scaling.scale": document.scaling.scale,
        "score.weights": rule.weights,
        "score.spread_centre": rule.spread_centre,
        "score.spread_low": rule.spread_low,
        "score.spread_high": rule.spread_high,
        "score.shift_scale": rule.shift_scale,
    }
    for key, values in lists.items():
        if len(values) != count:
            raise BundleError(f"{path}: {key} has {len(values)} values, allowed: {count}")
    positive = {
        "window": document.window,
        "sampling_period_s": document.sampling_period_s,
        "score.threshold": rule.threshold,
        "score.smoothing": rule.smoothing,
        "features": count,
    }
    if document.stride != 1:
        raise BundleError(f"{path}: stride {document.stride}, allowed: 1")
    for key, value in positive.items():
        if not value > 0:
            raise BundleError(f"{path}: {key} is {value}, allowed: above 0")


def data_hash(parts: list[bytes]) -> str:
    """SHA-256 over the training samples, to tell which data a bundle was trained on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
