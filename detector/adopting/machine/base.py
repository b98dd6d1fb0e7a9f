"""The shipped bundle that is nearest to a machine: the same features at the same rate."""

from __future__ import annotations

from pathlib import Path

from detector.adopting.machine.normal import Normal
from detector.errors import AdoptError, BundleError
from detector.networks.contract import Network
from detector.scoring.bundle import DOCUMENT, Bundle, load_bundle
from detector.scoring.rate import rate_misfit
from detector.settings.devices import RunningSignal


def nearest_base(folder: Path, normal: Normal, *, without: str) -> Bundle | None:
    """The bundle of a folder that fits best; None where none does.

    Among several that fit, that whose sampling rate is nearest, then by name.

    Args:
        folder: With a folder for each bundle, for example ``models``.
        normal: Of the machine.
        without: Name of the bundle that is to be replaced.
    """
    found = [
        bundle
        for bundle in _bundles(folder)
        if bundle.name != without and misfit(bundle, normal) is None
    ]
    period_s = normal.dataset.sampling_period_s
    return min(
        found,
        key=lambda b: (abs(b.document.sampling_period_s / period_s - 1), b.name),
        default=None,
    )


def named_base(path: Path, normal: Normal) -> Bundle:
    """The bundle somebody chose.

    Raises:
        AdoptError: If it does not fit the machine.
        BundleError: If it cannot be loaded.
    """
    bundle = load_bundle(path)
    if reason := misfit(bundle, normal):
        raise AdoptError(f"--from {path}: {reason}")
    return bundle


def misfit(bundle: Bundle, normal: Normal) -> str | None:
    """Why a bundle cannot be the base of a machine's model; None where it can.

    Units count only where both are known.
    """
    if not isinstance(bundle.model, Network):
        return f"{bundle.document.network} has no weights to begin from, allowed: a network"
    if bundle.front is not None:
        return "it has a front end, allowed: a base without one"
    features = normal.dataset.features
    if set(bundle.features) != set(features):
        return (
            f"trained on {', '.join(bundle.features)}; found {', '.join(features)}; allowed: "
            "the same features"
        )
    for feature in bundle.document.features:
        unit = normal.units.get(feature.name, feature.unit)
        if feature.unit and unit != feature.unit:
            return f"trained on {feature.name} in {feature.unit}; found {unit}"
    return rate_misfit(normal.rate_hz, bundle.document.sampling_period_s) or _other_speed(
        bundle, normal.dataset.signal
    )


def _other_speed(bundle: Bundle, found: RunningSignal | None) -> str | None:
    """Why a base learnt from a machine that runs elsewhere; None where it says nothing of that."""
    running = bundle.document.running
    if running is None or found is None or running.feature != found.feature:
        return None
    known = running.signal()
    if known.min <= found.max and found.min <= known.max:
        return None
    allowed = f"{known.min:g} to {known.max:g}"
    return f"trained where {known.feature} is {allowed}; found {found.min:g} to {found.max:g}"


def _bundles(folder: Path) -> list[Bundle]:
    """All that can be loaded; what is broken is no base, and says so where it is used."""
    found = []
    for path in sorted(folder.glob(f"*/{DOCUMENT}")):
        try:
            found.append(load_bundle(path.parent))
        except BundleError:
            continue
    return found
