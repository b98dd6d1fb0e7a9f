"""What a reload took up, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from detector.reloading.changes import fixed, summary
from detector.reloading.preparation import Prepared, Running
from detector.reloading.words import folded
from detector.text import counted

MOST_NAMED = 5  # bundles by name


def answer(
    before: Running, prepared: Prepared, counts: Mapping[str, int], unjudged: Mapping[str, str]
) -> str:
    """Put it into words.

    Args:
        before: What the detector went by.
        prepared: What was taken up.
        counts: Devices that got a new stream, by folder of their bundle.
        unjudged: Of these, those that no model judges, with the reason.
    """
    parts = summary(before.read, prepared.read)
    known = before.read.models  # what a new rule names, and no device needs yet, is told by it
    new = [one for one in prepared.new if one in known or counts.get(str(one))]
    parts += _bundles(prepared.again, "loaded again", counts)
    parts += _bundles(new, "loaded", counts)
    notes = [", ".join(parts) or "nothing changed"]
    if keys := fixed(before.started, prepared.read):
        notes.append(f"not while running: {', '.join(keys)}")
    notes += folded([f"still unusable: {why}" for why in prepared.unusable])
    lost = [(device, why) for device, why in unjudged.items() if why not in prepared.unusable]
    notes += folded([f"{device} is stored unscored: {why}" for device, why in lost])
    return "; ".join(notes)


def _bundles(folders: Sequence[Path], verb: str, counts: Mapping[str, int]) -> list[str]:
    numbers = [counts.get(str(folder), 0) for folder in folders]
    devices = [counted(n, "device") if n else "no device yet" for n in numbers]
    if len(folders) > MOST_NAMED:
        of = counted(len(folders), "bundle")
        return [f"{of} {verb} for {counted(sum(numbers), 'device')}"]
    return [f"{folder} {verb} for {of}" for folder, of in zip(folders, devices, strict=True)]
