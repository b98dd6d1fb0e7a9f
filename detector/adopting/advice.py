"""The settings to paste, and the proof that they read what was heard."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.adopting.findings import Counts, SourceFound, read_through
from detector.adopting.recording import Heard
from detector.adopting.templates import Proposal
from detector.errors import PayloadError
from detector.ingest.sources import Source, Sources
from detector.ingest.topics import Named
from detector.settings.load import load_settings
from detector.settings.sources import SourceSettings
from detector.settings.tree import Settings
from detector.text import inert, listed

SEPARATORS = "-_. "
ONE_DIGIT = "[0-9]"
MOST_RULES = 30  # of [[devices]]; beyond, one for all
_GLOB = re.compile(r"[*?\[]")
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Proof:
    """What the settings read.

    Attributes:
        found: By source.
        counts: Samples by topic, device and channel.
        differences: From what was proposed, a line each.
    """

    found: dict[str, SourceFound]
    counts: Counts
    differences: list[str]


def source_blocks(proposals: Iterable[Proposal], known: Collection[str]) -> str:
    """``[[sources]]`` of proposals; those whose filters are known already are comments."""
    blocks = []
    for one in proposals:
        settings = {"topic": one.topic, **one.settings}
        lines = ["[[sources]]", *(f"{key} = {_toml(value)}" for key, value in settings.items())]
        if one.filter in known:
            lines = [f"# {line}" for line in lines]
            lines[0] += "  # the settings have a source with these topics already"
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def device_blocks(devices: Mapping[str, frozenset[str]]) -> str:
    """``[[devices]]`` with what to do next.

    Args:
        devices: Channels by device; those whose names are alike and have the same come together.
    """
    rules = _rules(devices)
    return "\n\n".join("\n".join(_rule(match, names)) for match, names in rules) + _next(rules)


def proven(blocks: str, heard: Sequence[Heard], proposals: Sequence[Proposal]) -> Proof:
    """Load settings as the detector will, and read with them what was heard.

    Args:
        blocks: TOML.
        heard: In order of arrival.
        proposals: What they were made of, each read alone for the comparison.
    """
    found, counts = read_through(heard, _as_detector(Sources(_loaded(blocks).sources)))
    _, wanted = read_through(heard, _as_proposed(proposals))
    return Proof(found, counts, list(_differences(wanted, counts)))


def _loaded(blocks: str) -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "adopted.toml")
        path.write_text(blocks, encoding="utf-8")
        return load_settings(path)


def _as_detector(sources: Sources) -> Any:  # noqa: ANN401 -- a Route
    def route(topic: str) -> tuple[Source, Named] | None:
        try:
            return sources.find(topic)
        except PayloadError:
            return None

    return route


def _as_proposed(proposals: Sequence[Proposal]) -> Any:  # noqa: ANN401 -- a Route
    ways: dict[str, tuple[Source, Named]] = {}
    for one in proposals:
        source = Source(SourceSettings(topic=one.topic, **one.settings))
        ways.update({topic: (source, source.template.named(topic)) for topic in one.topics})
    return ways.get


def _differences(wanted: Counts, counts: Counts) -> Iterator[str]:
    for topic, expected in wanted.items():
        if (read := counts.get(topic, Counter())) != expected:
            yield f"{inert(topic)}: expected {_told(expected)}; read {_told(read)}"


def _told(counts: Counter[tuple[str, str]]) -> str:
    values = [f"{n} of {channel} of {device}" for (device, channel), n in counts.items()]
    return listed(values, 2) or "nothing"


def _rules(devices: Mapping[str, frozenset[str]]) -> list[tuple[str, list[str]]]:
    """Patterns with their devices: names first, the shortest pattern last, for the first counts."""
    alike: dict[tuple[str, frozenset[str]], list[str]] = defaultdict(list)
    for name, channels in devices.items():
        alike[name.rstrip("0123456789"), channels].append(name)
    stems = [stem for stem, _ in alike]
    rules = []
    for (stem, _), names in alike.items():
        is_own = len(names) > 1 and stem and stems.count(stem) == 1
        if is_own and not _GLOB.search(stem):
            rules.append((f"{stem}*" if stem[-1] in SEPARATORS else f"{stem}{ONE_DIGIT}*", names))
        else:
            rules += [(_GLOB.sub(r"[\g<0>]", name), [name]) for name in names]
    if len(rules) > MOST_RULES:
        return [("*", list(devices))]
    return sorted(rules, key=lambda rule: (len(rule[1]) > 1, _breadth(*rule), rule[0]))


def _breadth(match: str, names: Sequence[str]) -> int:
    """Sorts patterns, the narrowest first; names alike."""
    return -len(match.removesuffix("*").removesuffix(ONE_DIGIT)) if len(names) > 1 else 0


def _rule(match: str, names: Sequence[str]) -> Iterator[str]:
    yield "[[devices]]"
    yield f"match = {_toml(match)}" + (f"  # {listed(list(names))}" if len(names) > 1 else "")
    yield f'# model = "{_model(match)}"'


def _next(rules: Sequence[tuple[str, Sequence[str]]]) -> str:
    """What makes a model, with the first of the rules as the example."""
    if not rules:
        return ""
    match, names = rules[0]
    lines = (
        "",
        "# Without a model a device is stored and not scored. After some hours of normal running:",
        f"#   faultline export --device {shlex.quote(inert(names[0]))} --out normal.csv",
        f"#   faultline train --sessions normal.csv --out {_model(match)}",
        "# and take away the # before its model.",
    )
    return "\n".join(("", *lines))


def _model(match: str) -> str:
    name = match.removesuffix("*").removesuffix(ONE_DIGIT)
    return f"models/{_NO_NAME.sub('-', name).strip('-_.') or 'machine'}"


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + "".join(map(_toml_mark, value)) + '"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value)


def _toml_mark(mark: str) -> str:
    if mark in '"\\':
        return f"\\{mark}"
    if mark.isprintable():
        return mark
    return f"\\u{ord(mark):04x}" if ord(mark) < 0x10000 else f"\\U{ord(mark):08x}"
