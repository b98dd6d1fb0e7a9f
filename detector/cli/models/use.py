"""``use``: another model watches a device, without a restart."""

from __future__ import annotations

import argparse

from detector.adopting.machine.rule import as_the_detector_finds_it, put_rule
from detector.adopting.machine.take_up import take_up
from detector.cli.tables import as_json
from detector.scoring.bundle import load_bundle
from detector.settings.load import load_settings, settings_file
from detector.store import devices
from detector.store.schema import open_store
from detector.text import inert


def use(args: argparse.Namespace) -> str:
    """Check the bundle, write the device's rule into the settings, and tell the detector.

    Raises:
        BundleError: If the bundle cannot be loaded.
        SettingsError: If the settings are refused or cannot be written.
    """
    settings = load_settings(args.settings)
    bundle = load_bundle(args.model, settings.detector.runtime)
    folder = as_the_detector_finds_it(args.model)
    rule = settings.rule_for(args.device)
    before = None if rule is None or rule.model is None else rule.model.as_posix()
    notes = _doubts(settings.store.url, args.device, bundle.inputs)
    put_rule(settings_file(args.settings), args.device, folder)
    why = {"device": args.device, "model": folder.as_posix(), "before": before or ""}
    running = take_up(settings, args.who, why)
    done = why | {"who": args.who, "detector": running, "notes": notes}
    return as_json(done) if args.json else _told(done)


def _doubts(url: str, device: str, inputs: tuple[str, ...]) -> list[str]:
    """What the device has not been heard to send of what the model looks at."""
    store = open_store(url)
    try:
        with store.connect() as connection:
            known = devices.one(connection, device)
    finally:
        store.dispose()
    if known is None:
        return [f"{inert(device)} was never heard"]
    missing = [name for name in inputs if name not in known.features]
    return [f"not heard of it so far: {', '.join(missing)}"] if missing else []


def _told(done: dict[str, object]) -> str:
    notes = done["notes"]
    assert isinstance(notes, list)
    lines = [
        f"{inert(str(done['device']))}: {done['model']} by {done['who']}",
        f"{done['detector']}",
    ]
    return "\n".join([*lines, *(f"note: {note}" for note in notes)])
