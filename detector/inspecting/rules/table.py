"""All rules: a new one is one function and one line here; its name stands in ``--json``."""

from __future__ import annotations

from collections.abc import Iterator

from detector.inspecting.measures.seen import Seen
from detector.inspecting.rules import clock, machine, pairs, repeats, spectrum, training, values
from detector.inspecting.rules.contract import Advice, FeatureRule, RecordingRule

RECORDING_RULES: dict[str, RecordingRule] = {
    "labelled": training.labelled,
    "no-session": training.holes,
    "no-window": training.no_window,
    "repeated-times": clock.repeated,
    "backward-times": clock.backwards,
    "future-times": clock.ahead,
    "lost-samples": clock.lost,
    "rounded-times": clock.rounded,
    "jitter": clock.jitter,
    "drift": clock.drift,
    "changing-rate": clock.rates,
    "told-rate": clock.told_rate,
    "shaft-speed": machine.shaft,
    "bearing-tones": machine.bearing,
    "long-revolutions": machine.revolutions,
    "waveform": machine.short_windows,
    "little-running": machine.little_running,
    "two-levels": machine.two_levels,
    "copies": pairs.copies,
}
FEATURE_RULES: dict[str, FeatureRule] = {
    "empty": values.empty,
    "mostly-missing": values.mostly_missing,
    "constant": values.constant,
    "dead": pairs.dead,
    "clipped": values.clipped,
    "quantised": values.quantised,
    "offset": values.offset,
    "filler": values.filler,
    "stuck": repeats.stuck,
    "held": repeats.held,
    "aliased": spectrum.folded,
    "unfiltered": spectrum.unfiltered,
    "mains": spectrum.mains,
}


def advise(seen: Seen) -> Iterator[Advice]:
    """Ask every rule, of the recording first, then of each feature."""
    for name, judge in RECORDING_RULES.items():
        if text := judge(seen):
            yield Advice(name, None, text)
    for column in seen.columns:
        for name, judge_feature in FEATURE_RULES.items():
            if text := judge_feature(column, seen):
                yield Advice(name, column.name, text)
