"""A trained model on disk: ``weights.safetensors`` and ``bundle.json``. Nothing is unpickled.

Beside the weights there may be ``weights.onnx``, made of them for computers without torch.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from detector.errors import BundleError
from detector.frontends.blocks import settling
from detector.frontends.contract import FrontEnd
from detector.frontends.table import front_end
from detector.normal.followed import Followed
from detector.normal.level import Own
from detector.normal.spread import MachineLevel
from detector.records import ModelCard
from detector.references.base import REFERENCES, load_reference, save_reference
from detector.references.contract import Reference
from detector.references.storage import replace_file
from detector.scoring.detectors import Detector, WithSignal, detector_for
from detector.scoring.document import Document, check, check_columns
from detector.scoring.runtimes.choice import load_reconstructor
from detector.scoring.runtimes.contract import WEIGHTS, Reconstructor, Stored
from detector.scoring.score import ScoreRule
from detector.sessions.operating import SETTLE_WINDOWS
from detector.sessions.representation import ColumnScaling
from detector.settings.detector import Runtime
from detector.text import plain, span

DOCUMENT = "bundle.json"
NOT_COMMISSIONED = "not commissioned"
CPU = "the CPU"
JUDGED_WEIGHT = 0.5  # a feature weighted below this is left out of the score-to-MSE translation


class Bundle:
    """A loaded model: its document and what scores its windows.

    Attributes:
        name: Folder name.
        document: See ``Document``.
        model: The network on its runtime, or the reference.
        detector: Windows in scaled units to terms.
        front: Makes the features of what a device sends; None: they are what it sends.
        is_provisional: It was learnt by itself, and nobody has confirmed it.
        note: What is said of it then beside the state of its device.
        folder: That it was loaded from; None: it was made here.
    """

    def __init__(self, name: str, document: Document, model: Reconstructor | Reference) -> None:
        self.name = name
        self.document = document
        self.model = model
        self.detector = detector_of(document, model)
        plan = document.front_end
        self.front: FrontEnd | None = None if plan is None else front_end(plan)
        self.is_provisional = False
        self.note: str | None = None
        self.folder: Path | None = None
        self._card: tuple[bool, ModelCard] | None = None  # by ``is_provisional``

    @property
    def place(self) -> str:
        """Where its windows are scored, in words."""
        return getattr(self.model, "place", CPU)  # of a network on torch

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the F model features."""
        return self.document.feature_names

    @property
    def inputs(self) -> tuple[str, ...]:
        """The channels that are watched: features, or what the front end describes."""
        return self.features if self.front is None else self.front.inputs

    @property
    def channels(self) -> tuple[str, ...]:
        """What a device must send beside its running signal: what is watched, and conditions."""
        if self.front is None:
            return (*self.features, *self.document.condition_names)
        return (*self.front.inputs, *self.front.conditions)

    @property
    def settling(self) -> int:
        """Samples, of features, through which a machine has run when it is judged."""
        window = self.document.window
        return SETTLE_WINDOWS * window if self.front is None else settling(self.front, window)

    def rule(self, own: Own | None) -> ScoreRule:
        """How the terms of a machine become a score, by its own level where it is known.

        A level that was learnt from less running than those of the rule is less certain by the
        root of that, and so are its limits.
        """
        document = self.document
        if own is None or document.commissioned is None:
            return document.score
        if document.spread is not None:  # the limits hold for a level however sure it is
            return document.commissioned
        rule = document.commissioned.around(own.level)
        wider = max(document.commission_s / own.seconds, 1.0) ** 0.5
        return replace(rule, threshold=rule.threshold * wider)

    def accepts(self, own: Own | None) -> str | None:
        """Why a machine is not judged by its own level; None where it is, or never could be."""
        if self.document.commissioned is None:
            return None
        if own is None:
            return NOT_COMMISSIONED
        if self.document.spread is not None and len(own.uncertain) != len(self.features):
            return f"not commissioned: its commissioning is of an earlier {self.name}"
        return own.misfit(self.name, self.document.training.data_hash, self.document.basis)

    def centre(self, own: Own | None) -> tuple[float, ...]:
        """Of scaled units, per feature in its own unit."""
        scaling = self.document.scaling
        if own is None or self.document.commissioned is None:
            return scaling.centre
        return tuple(
            centre + offset * scale
            for centre, offset, scale in zip(scaling.centre, own.offset, scaling.scale, strict=True)
        )

    def followed(self, features: tuple[str, ...], own: Own | None) -> Followed:
        """What conditions do to a machine that sends these features."""
        document, level = self.document, None
        if own is not None and document.machines is not None:
            level = MachineLevel(np.array(own.offset), np.array(own.uncertain), np.array(own.at))
        return Followed(document.conditions, features, document.machines, level)

    def card(self) -> ModelCard:
        """What a page needs to know of it."""
        if self._card is None or self._card[0] != self.is_provisional:
            self._card = self.is_provisional, self.card_by(self.document.score)
        return self._card[1]

    def card_by(self, rule: ScoreRule) -> ModelCard:
        """The same where another rule judges, such as that of one machine."""
        document = self.document
        residuals = slice(None)  # the columns that the window MSE is made of
        if isinstance(self.detector, WithSignal):
            residuals = slice(len(self.features))
        gains = tuple(
            rule.threshold * scale / weight if weight >= JUDGED_WEIGHT else 0.0
            for scale, weight in zip(
                rule.spread_high[residuals], rule.weights[residuals], strict=True
            )
        )
        found = document.calibration
        return ModelCard(
            name=self.name,
            network=document.network,
            **self._stored(),
            provisional=self.is_provisional,
            trained_h=document.training.hours,
            mse_log_centre=rule.spread_centre[residuals],
            mse_log_gain=gains,
            provenance=(
                f"threshold {found.method} of {found.windows} held-out windows "
                f"({span(3600 * found.hours)} in {found.blocks} blocks); "
                f"at most {plain(found.false_alarms_per_day_bound)} false alarms per day "
                "with 95 % confidence"
            ),
        )

    def _stored(self) -> dict[str, Any]:
        """How windows lie over what is stored, as a card has it."""
        document, front = self.document, self.front
        units = {feature.name: feature.unit for feature in document.features}
        stored: dict[str, Any] = {
            "window": document.window,
            "sampling_period_s": document.sampling_period_s,
            "features": self.features,
            "units": tuple(units.values()),
        }
        plan = document.front_end
        if front is None or plan is None or front.keeps == "columns":
            return stored
        return stored | {
            "window": front.block + (document.window - 1) * front.hop,
            "sampling_period_s": front.sampling_period_s,
            "features": front.inputs,
            "units": plan.units,
            "hop": front.hop,
        }


def detector_of(document: Document, model: Reconstructor | Reference) -> Detector:
    """What scores the windows of a document's model."""
    plan = document.window_features
    columns = None if plan is None else ColumnScaling(plan.centre, plan.scale)
    width = document.input_shape[1]
    beside = document.signal
    signal = None if beside is None else ColumnScaling(beside.centre, beside.scale)
    return detector_for(model, width, document.represented(), columns, signal=signal)


def save_bundle(bundle: Bundle, folder: Path) -> None:
    """Write a bundle; a file is replaced only once its new content is complete.

    The same bundle gives the same bytes.

    Raises:
        BundleError: If the folder cannot be written.
    """
    try:
        _write(bundle, folder)
    except OSError as error:
        raise BundleError(f"{folder}: cannot be written ({error.strerror})") from None


def _write(bundle: Bundle, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(bundle.model, Reference):
        save_reference(bundle.model, folder)
    else:
        from detector.networks.contract import Network  # noqa: PLC0415 -- torch takes seconds
        from detector.scoring.runtimes.torch_network import weights_of  # noqa: PLC0415

        assert isinstance(bundle.model, Network), bundle.model
        replace_file(folder / WEIGHTS, weights_of(bundle.model))
    encoded = msgspec.json.format(msgspec.json.encode(bundle.document, order="sorted"), indent=1)
    replace_file(folder / DOCUMENT, encoded + b"\n")


def load_bundle(folder: Path, runtime: Runtime = "auto", device: str = "cpu") -> Bundle:
    """Read and check a bundle.

    Args:
        folder: Where it lies.
        runtime: What a network runs on; a reference runs without either.
        device: Where torch runs it: ``cpu``, ``cuda``, or ``auto``, a GPU where there is one.

    Raises:
        SettingsError: If torch does not see the device.
        BundleError: If a file is missing or broken, the parts do not fit each other, or what it is
            to run on is not installed.
    """
    document = read_document(folder)
    bundle = Bundle(folder.name, document, _load_model(folder, document, runtime, device))
    bundle.folder = folder
    columns, features = len(bundle.detector.groups), len(document.features)
    for rule in (document.score, document.commissioned):
        if rule is not None:
            check_columns(folder / DOCUMENT, rule, columns, features)
    return bundle


def _load_model(
    folder: Path, document: Document, runtime: Runtime, device: str
) -> Reconstructor | Reference:
    if document.network in REFERENCES:
        reference = load_reference(folder)
        if reference.shape != document.input_shape:
            raise BundleError(
                f"{folder}: the reference takes windows of {reference.shape} (samples, columns), "
                f"allowed: {document.input_shape}"
            )
        return reference
    return load_reconstructor(stored_in(folder, document), runtime, device)


def stored_in(folder: Path, document: Document) -> Stored:
    """What a document says of the network in its folder."""
    return Stored(folder, document.network, document.config, document.input_shape)


def read_document(folder: Path) -> Document:
    """Read and check what describes a bundle.

    Raises:
        BundleError: If it is missing or broken.
    """
    path = folder / DOCUMENT
    try:
        document = msgspec.json.decode(path.read_bytes(), type=Document)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}), allowed: a bundle") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: {error}") from None
    check(path, document)
    return document


def data_hash(parts: list[bytes]) -> str:
    """SHA-256 over the training samples, to tell which data a bundle was trained on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
