"""What ``inspect`` found, for people and for programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from textwrap import indent
from typing import Any

from detector.cli.tables import moment, table
from detector.inspecting.describe import Description, Labels
from detector.inspecting.measures.numbers import Numbers
from detector.inspecting.measures.timing import Timing
from detector.inspecting.rules.contract import Advice, percent
from detector.text import counted, inert, listed, span

FEW = 2  # recordings of one shape that are told one by one
FEATURES = ("feature", "unit", "mean", "sd", "min", "max", "step", "missing")
FILES = ("recording", "samples", "Hz", "from", "lasts", "sessions", "labelled", "missing")
SOME = 4  # sessions, names
EVEN = 1e-3  # of a period; float64 seconds since 1970 hold no more at some kHz


def as_text(described: Sequence[Description]) -> str:
    """Recordings of one shape together; few of them one by one."""
    groups: dict[tuple[str, ...], list[Description]] = defaultdict(list)
    for one in described:
        groups[tuple(one.numbers)].append(one)
    parts: list[str] = []
    for group in groups.values():
        parts += [_many(group)] if len(group) > FEW else map(_one, group)
    return "\n\n".join(parts)


def as_objects(described: Iterable[Description]) -> list[dict[str, Any]]:
    """All of it, for JSON."""
    return [_object(one) for one in described]


def _one(one: Description) -> str:
    lines = [_head(one), f"  {_clock(one.timing)}", f"  {_sessions(one)}"]
    if one.running is not None:
        told = one.running
        lines.append(f"  {told.feature}: runs {percent(told.runs)}, stands {percent(told.stands)}, "
                     f"between {percent(told.between)} of the samples")  # fmt: skip
    if one.labels is not None:
        lines.append(f"  labelled as a fault: {_labels(one.labels)}")
    rows = [_row(name, [one]) for name in one.numbers]
    lines += ["", indent(table(FEATURES, rows, "no feature"), "  ")]
    lines += _listed("careful", [_told(advice) for advice in one.advice])
    lines += _listed("left out", [f"{inert(n)}: {inert(w)}" for n, w in one.found.left_out.items()])
    return "\n".join(lines + _listed("notes", [inert(note) for note in one.found.notes]))


def _many(group: Sequence[Description]) -> str:
    samples = sum(one.samples for one in group)
    head = (
        f"{counted(len(group), 'recording')} with the same features, {counted(samples, 'sample')}"
    )
    rows = [_row(name, group) for name in group[0].numbers]
    lines = [head, "", indent(table(FILES, [_line(one) for one in group], ""), "  "), "",
             indent(table(FEATURES, rows, "no feature"), "  ")]  # fmt: skip
    said = [(a.rule, a.feature, _told(a), one.name) for one in group for a in one.advice]
    lines += _listed("careful", _union(said, len(group)))
    out = [(name, why, f"{inert(name)}: {inert(why)}", one.name)
           for one in group for name, why in one.found.left_out.items()]  # fmt: skip
    lines += _listed("left out", _union(out, len(group)))
    notes = [(note, None, inert(note), one.name) for one in group for note in one.found.notes]
    return "\n".join(lines + _listed("notes", _union(notes, len(group))))


def _labels(labels: Labels) -> str:
    if not labels.samples:
        return "none"
    where = "1 stretch" if labels.stretches == 1 else f"{labels.stretches:,} stretches"
    return f"{counted(labels.samples, 'sample')} in {where}"


def _head(one: Description) -> str:
    when = f"from {moment(one.first)} UTC" if one.found.has_date else "no date"
    kind = f" ({inert(one.found.format)})" if one.found.format else ""
    rate = f"{one.timing.rate_hz:.6g} Hz" if one.timing.rate_hz else "no rate"
    return (
        f"{inert(one.name)}{kind}: {counted(one.samples, 'sample')} at {rate}, "
        f"{span(one.duration_s)}, {when}"
    )


def _clock(timing: Timing) -> str:
    if timing.jitter_sd is None or timing.jitter_worst is None:
        return "clock: fewer than 2 different times"
    told = f"clock: steps differ by {percent(timing.jitter_sd)}"
    told += f" (worst {percent(timing.jitter_worst)})"
    told = told if timing.jitter_worst > EVEN else "clock: even steps"
    if timing.longest_gap_s is None:
        return f"{told}, no gap"
    at = timing.longest_gap_at or 0.0
    return (f"{told}, {counted(len(timing.gaps), 'gap')}, the longest of "
            f"{span(timing.longest_gap_s)} from {_when(at)}")  # fmt: skip


def _when(ts: float) -> str:
    return moment(ts) if ts > 1e8 else f"{ts:.6g} s"


def _sessions(one: Description) -> str:
    lengths = one.timing.sessions
    shown = ", ".join(f"{length:,}" for length in lengths[:SOME])
    more = f" and {len(lengths) - SOME} more" if len(lengths) > SOME else ""
    told = f"{counted(len(lengths), 'session')} without gap or hole"
    told += f": {shown}{more} samples" if lengths else ""
    return f"{told}; window of {inert(one.window[1])}" if one.window else told


def _row(name: str, group: Sequence[Description]) -> tuple[str, ...]:
    """One feature, over all recordings."""
    found = [one.numbers[name] for one in group]
    unit = next((one.found.units[name] for one in group if name in one.found.units), "")
    missing = sum(one.missing for one in found)
    known = [one for one in found if one.known]
    rest = _pooled(known) if known else ("", "", "missing", "missing", "")
    return (name, unit, *rest, f"{missing:,}" if missing else "")


def _pooled(known: Sequence[Numbers]) -> tuple[str, ...]:
    n = sum(one.known for one in known)
    mean = sum(one.known * (one.mean or 0.0) for one in known) / n
    squares = sum(one.known * ((one.sd or 0.0) ** 2 + ((one.mean or 0.0) - mean) ** 2)
                  for one in known)  # fmt: skip
    steps = [one.resolution for one in known if one.resolution is not None]
    lows, highs = [one.low or 0.0 for one in known], [one.high or 0.0 for one in known]
    return (f"{mean:.6g}", f"{(squares / n) ** 0.5:.3g}", f"{min(lows):.6g}", f"{max(highs):.6g}",
            f"{min(steps):.2g}" if steps else "")  # fmt: skip


def _line(one: Description) -> tuple[str, ...]:
    missing = sum(numbers.missing for numbers in one.numbers.values())
    return (
        one.name,
        f"{one.samples:,}",
        f"{one.timing.rate_hz:.6g}" if one.timing.rate_hz else "",
        moment(one.first) if one.found.has_date else "no date",
        span(one.duration_s),
        str(len(one.timing.sessions)),
        f"{one.labels.samples:,}" if one.labels and one.labels.samples else "",
        f"{missing:,}" if missing else "",
    )


def _union(said: Iterable[tuple[str, str | None, str, str]], of: int) -> list[str]:
    """Each kind of sentence once, in the words of the first, with who else it is said of."""
    kinds: dict[tuple[str, str | None], list[tuple[str, str]]] = defaultdict(list)
    for rule, feature, text, name in said:
        kinds[rule, feature].append((text, name))
    lines = []
    for same in kinds.values():
        names = list(dict.fromkeys(name for _, name in same))
        who = f"all {of}" if len(names) == of else f"{len(names)} of {of}: {listed(names, SOME)}"
        differ = len({text for text, _ in same}) > 1
        lines.append(f"{same[0][0]}\n  in {who}" + f"; numbers of {inert(names[0])}" * differ)
    return lines


def _told(advice: Advice) -> str:
    feature = "" if advice.feature is None else f"{inert(advice.feature)}: "
    return f"{feature}{inert(advice.text)}"


def _listed(head: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    marked = ["  - " + line.replace("\n", "\n    ") for line in lines]
    return ["", f"  {head}:", *marked]


def _object(one: Description) -> dict[str, Any]:
    found, timing = one.found, one.timing
    return {
        "file": found.file,
        "name": one.name,
        "format": found.format,
        "samples": one.samples,
        "rate_hz": timing.rate_hz,
        "first": one.first,
        "has_date": found.has_date,
        "duration_s": one.duration_s,
        "jitter": {"sd": timing.jitter_sd, "worst": timing.jitter_worst},
        "gaps": {"count": len(timing.gaps), "longest_s": timing.longest_gap_s,
                 "at": timing.longest_gap_at},
        "sessions": list(timing.sessions),
        "window": None if one.window is None else one.window[0],
        "features": {name: _feature(numbers, found.units.get(name))
                     for name, numbers in one.numbers.items()},
        "labels": None if one.labels is None else one.labels.samples,
        "labelled_stretches": None if one.labels is None else one.labels.stretches,
        "running": None if one.running is None else {
            "feature": one.running.feature, "runs": one.running.runs,
            "stands": one.running.stands, "rpm": one.running.rpm},
        "left_out": found.left_out,
        "notes": list(found.notes),
        "warnings": [{"rule": advice.rule, "feature": advice.feature, "text": advice.text}
                     for advice in one.advice],
    }  # fmt: skip


def _feature(numbers: Numbers, unit: str | None) -> dict[str, Any]:
    return {
        "unit": unit,
        "mean": numbers.mean,
        "sd": numbers.sd,
        "min": numbers.low,
        "max": numbers.high,
        "missing": numbers.missing,
        "resolution": numbers.resolution,
    }
