"""``docs/benchmarks.md`` as sections that are replaced one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.lib.aims import MET, MISSED
from benchmarks.report.sections import SECTIONS, Section

PATTERN = re.compile(r"<!-- section (\S+) -->\n(.*?)<!-- end \1 -->\n", re.DOTALL)
FAILED = "**failed**"
NOT_RUN = "not printed yet"
HEAD = """# Benchmarks

Written by `make bench` (`python -m benchmarks.report`); `python -m benchmarks.report NAME` prints
one section again and leaves the others. Nothing here is typed by hand. Other work on the machine is
in every figure, and the load average at the start of a section says how much there was: above 1 or
2, compare ratios only. [scale.md](scale.md) says what follows for more devices.

"""


def read(path: Path) -> dict[str, str]:
    """The sections of a document by name; none where there is no document."""
    if not path.exists():
        return {}
    return dict(PATTERN.findall(path.read_text(encoding="utf-8")))


def write(path: Path, sections: Mapping[str, str]) -> None:
    """Write the document; a section that was never printed says so in the table."""
    known = [section for section in SECTIONS if section.name in sections]
    parts = [HEAD, _table(sections), "\n"]
    for section in known:
        body = sections[section.name]
        parts.append(f"<!-- section {section.name} -->\n{body}<!-- end {section.name} -->\n\n")
    unfinished = path.with_suffix(".part")
    unfinished.write_text("".join(parts).rstrip() + "\n", encoding="utf-8")
    unfinished.replace(path)


def body_of(section: Section, output: str, facts: Sequence[str]) -> str:
    """A section that was printed.

    Args:
        section: Which.
        output: What its command printed.
        facts: When, where and how long, one each.
    """
    limits = f"\n*What stands in the way.* {section.limits}\n"
    is_told = section.limits and _times(MISSED, output)
    return _framed(section, facts, f"```\n{output.strip()}\n```\n{limits if is_told else ''}")


def failed_body(section: Section, reason: str, facts: Sequence[str]) -> str:
    """A section whose command did not come to an end."""
    return _framed(section, facts, f"{FAILED}: {reason}\n")


def _framed(section: Section, facts: Sequence[str], content: str) -> str:
    return (
        f"## {section.title}\n\n`{section.shown}`; {'; '.join(facts)}.\n\n{section.aim}\n\n"
        f"{content}"
    )


def verdict_of(body: str) -> str:
    """Whether the aims of a section are met, by the lines that its command printed."""
    if FAILED in body:
        return FAILED
    met, missed = _times(MET, body), _times(MISSED, body)
    if not met + missed:
        return "no aim"
    return f"{met} of {met + missed} aims met"


def _times(word: str, text: str) -> int:
    """How many aims a text tells of with this word."""
    return len(re.findall(rf"{word}\b", text))


def _table(sections: Mapping[str, str]) -> str:
    rows = ["| section | printed by | aims |", "|---|---|---|"]
    for one in SECTIONS:
        body = sections.get(one.name)
        verdict = NOT_RUN if body is None else verdict_of(body)
        title = one.title if body is None else f"[{one.title}](#{_anchor(one.title)})"
        rows.append(f"| {title} | `python -m benchmarks.report {one.name}` | {verdict} |")
    return "\n".join(rows) + "\n"


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
