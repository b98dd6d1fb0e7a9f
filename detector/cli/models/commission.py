"""``commission``: one machine's own normal on top of its model, or the version before."""

from __future__ import annotations

import argparse
import math

from detector.cli.answers import outcome_of
from detector.cli.tables import as_json, moment
from detector.commissioning.learn import Learnt, learn_own
from detector.commissioning.stored import known, stored_stretch
from detector.errors import CommissionError
from detector.records import DeviceStatus
from detector.scoring.bundle import Bundle, load_bundle
from detector.settings.load import load_settings
from detector.settings.tree import Settings
from detector.store import commands, commissionings, devices
from detector.store.archive.place import Place, place_at
from detector.store.places import archive_place
from detector.store.schema import Connection, Engine, open_store

REASONS = "a stretch without that, or --anyway with --why"


def commission(args: argparse.Namespace) -> str:
    """Learn from a stored stretch, keep it and have the running detector apply it; or undo that.

    Raises:
        BundleError: If the device's model cannot be loaded.
        CommissionError: If the device, the stretch or the options cannot be used.
        SettingsError: If the settings are refused.
        StoreError: If the store cannot be opened.
    """
    _refuse_options(args)
    settings = load_settings(args.settings)
    store = open_store(settings.store.url)
    try:
        done = _undo(store, args) if args.undo else _learn(store, settings, args)
        done["applied"] = not args.check and _apply(store, args)
    finally:
        store.dispose()
    return as_json(done) if args.json else _told(done)


def _refuse_options(args: argparse.Namespace) -> None:
    has_stretch = args.minutes is not None or args.start is not None or args.end is not None
    if args.undo:
        if has_stretch or args.anyway or args.why or args.check:
            raise CommissionError("--undo with a stretch or a reason, allowed: --undo with --who")
        return
    is_span = args.start is not None and args.end is not None and args.minutes is None
    if not is_span and (args.minutes is None or args.start is not None or args.end is not None):
        raise CommissionError("no stretch, allowed: --minutes N, or --start ISO and --end ISO")
    if is_span and args.start >= args.end:
        raise CommissionError("--start is not before --end, allowed: a stretch of some minutes")
    if args.anyway != bool(args.why):
        raise CommissionError("--anyway and --why, allowed: both, or neither")


def _learn(store: Engine, settings: Settings, args: argparse.Namespace) -> dict[str, object]:
    with store.connect() as connection:
        status = known(connection, args.device)
        bundle = _model(settings, status)
    place = place_at(archive_place(store, settings.store.archive))
    with store.connect() as connection:
        learnt = _learnt(connection, place, settings, bundle, status, args)
    if learnt.doubts and not args.anyway:
        raise CommissionError(f"{args.device}: {'; '.join(learnt.doubts)}; or: {REASONS}")
    own, version = learnt.own, None
    if not args.check:
        with store.begin() as connection:
            version = commissionings.write(connection, args.device, own, args.who, args.why)
    return {
        "device": args.device, "version": version, "model": own.model, "who": args.who,
        "start": own.start, "end": own.end, "seconds": own.seconds, "peak_score": learnt.peak,
        "doubts": list(learnt.doubts), "why": args.why,
    }  # fmt: skip


def _model(settings: Settings, status: DeviceStatus) -> Bundle:
    """The bundle of a device's rule, where the detector judges it by that."""
    rule = settings.rule_for(status.device)
    if rule is None or rule.model is None:
        raise CommissionError(
            f"{status.device}: no model in the settings, allowed: a device whose rule names one"
        )
    if status.model is None:
        raise CommissionError(
            f"{status.device}: {status.reason or 'not scored'}, allowed: a device that is scored"
        )
    bundle = load_bundle(rule.model, settings.detector.runtime)
    if status.model.name != bundle.name or status.model.provisional:
        raise CommissionError(
            f"{status.device}: judged by {status.model.name}, its rule names {bundle.name}, "
            "allowed: the same; `faultline reload` has the rule taken up"
        )
    return bundle


def _learnt(
    connection: Connection,
    place: Place,
    settings: Settings,
    bundle: Bundle,
    status: DeviceStatus,
    args: argparse.Namespace,
) -> Learnt:
    start, end = args.start, args.end
    if args.minutes is not None:
        start, end = status.last_ts - 60 * args.minutes, math.inf
    stretch = stored_stretch(connection, place, status.device, start, end)
    rule = settings.rule_for(status.device)
    return learn_own(bundle, stretch, status.device, running=None if rule is None else rule.running)


def _undo(store: Engine, args: argparse.Namespace) -> dict[str, object]:
    with store.begin() as connection:
        version = commissionings.undo(connection, args.device, args.who)
        left = commissionings.in_force(connection, args.device)
    if version is None:
        raise CommissionError(f"{args.device}: is not commissioned, allowed: one that is")
    return {
        "device": args.device,
        "undone": version,
        "version": None if left is None else left.version,
        "who": args.who,
    }


def _apply(store: Engine, args: argparse.Namespace) -> bool:
    """Have the running detector apply it; False where none runs, which will at its start."""
    with store.begin() as connection:
        number = commands.issue(connection, args.device, commands.COMMISSION, {}, args.who)
        is_alive = devices.is_alive(connection)
    outcome = outcome_of(store, number) if is_alive else None
    if outcome not in {None, "applied"}:
        raise CommissionError(f"{args.device}: {outcome}")
    return outcome is not None


def _told(done: dict[str, object]) -> str:
    now = "in force" if done["applied"] else "counts once a detector runs"
    if "undone" in done:
        left = "none is left" if done["version"] is None else f"version {done['version']} is back"
        return f"{done['device']}: version {done['undone']} undone by {done['who']}, {left}; {now}"
    first = (
        f"{done['device']}: commissioned by {done['who']}, version {done['version']}, on top of "
        f"{done['model']}; {now}"
    )
    if done["version"] is None:
        first = (
            f"{done['device']}: may be commissioned on top of {done['model']}; nothing is changed"
        )
    lines = [
        first,
        f"learnt from {done['seconds']:.0f} s of settled running, {moment(done['start'])} to "  # type: ignore[arg-type]
        f"{moment(done['end'])} UTC; by the model's own limits it scored up to "  # type: ignore[arg-type]
        f"{done['peak_score']:.2f}",
    ]
    return "\n".join(lines)
