"""Shipped bundles for a machine: to begin its model from, or to commission it on as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from detector.adopting.machine.normal import Normal
from detector.errors import AdoptError, BundleError, SessionFileError
from detector.networks.contract import Network
from detector.scoring.bundle import DOCUMENT, Bundle, load_bundle
from detector.scoring.files import refuse_unfit
from detector.scoring.rate import rate_misfit
from detector.settings.devices import RunningSignal


def nearest_base(folder: Path, normal: Normal, *, without: str) -> Path | None:
    """The bundle of a folder that a model can be begun from; None where there is none.

    Among several that fit, that whose sampling rate is nearest, then by name.

    Args:
        folder: With a folder for each bundle, for example ``models``.
        normal: Of the machine.
        without: Name of the bundle that is to be replaced.
    """
    return _nearest(folder, normal, without, misfit)


def nearest_shipped(folder: Path, normal: Normal, *, without: str) -> Path | None:
    """The bundle of a folder that the machine could be commissioned on; arguments as above."""
    return _nearest(folder, normal, without, unfit)


def named_base(path: Path, normal: Normal) -> Bundle:
    """The bundle somebody chose to begin from.

    Raises:
        AdoptError: If it does not fit the machine.
        BundleError: If it cannot be loaded.
    """
    return _named(path, normal, misfit)


def named_shipped(path: Path, normal: Normal) -> Bundle:
    """The bundle somebody chose to commission the machine on; errors as above."""
    return _named(path, normal, unfit)


def unfit(bundle: Bundle, normal: Normal) -> str | None:
    """Why a machine cannot be commissioned on a bundle as it is; None where it can."""
    if bundle.document.commissioned is None:
        return "it has no limits for single machines, allowed: one trained on several"
    try:
        refuse_unfit(bundle, normal.used[0])
    except SessionFileError as error:
        return str(error)
    return (
        _other_unit(bundle, normal)
        or rate_misfit(normal.rate_hz, bundle.document.input_period_s)
        or _other_speed(bundle, normal.dataset.signal)
    )


def misfit(bundle: Bundle, normal: Normal) -> str | None:
    """Why a bundle cannot be the base of a machine's model; None where it can."""
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
    return (
        _other_unit(bundle, normal)
        or rate_misfit(normal.rate_hz, bundle.document.sampling_period_s)
        or _other_speed(bundle, normal.dataset.signal)
    )


def _other_unit(bundle: Bundle, normal: Normal) -> str | None:
    """Units count only where both are known."""
    plan = bundle.document.front_end
    known = {f.name: f.unit for f in bundle.document.features}
    if plan is not None:
        known = dict(zip(plan.inputs, plan.units, strict=True))
    for name, wanted in known.items():
        unit = normal.units.get(name, wanted)
        if wanted and unit != wanted:
            return f"trained on {name} in {wanted}; found {unit}"
    return None


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


def _nearest(
    folder: Path, normal: Normal, without: str, misfit_of: Callable[[Bundle, Normal], str | None]
) -> Path | None:
    period_s = normal.dataset.sampling_period_s
    found = [
        (abs(bundle.document.input_period_s / period_s - 1), bundle.name)
        for bundle in _bundles(folder)
        if bundle.name != without and misfit_of(bundle, normal) is None
    ]
    return folder / min(found)[1] if found else None


def _named(path: Path, normal: Normal, misfit_of: Callable[[Bundle, Normal], str | None]) -> Bundle:
    bundle = load_bundle(path)
    if reason := misfit_of(bundle, normal):
        raise AdoptError(f"--from {path}: {reason}")
    return bundle


def _bundles(folder: Path) -> list[Bundle]:
    """All that can be loaded; what is broken is no base, and says so where it is used."""
    found = []
    for path in sorted(folder.glob(f"*/{DOCUMENT}")):
        try:
            found.append(load_bundle(path.parent))
        except BundleError:
            continue
    return found
