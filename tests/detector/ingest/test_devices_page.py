"""Every block of `docs/devices.md`: settings load, payloads decode as the page says, code packs."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from detector.cli.discover import decode as command
from detector.cli.main import main
from detector.ingest.sources import Sources
from detector.settings.load import load_settings

PAGE = Path(__file__).parents[3] / "docs" / "devices.md"
ARRIVAL = 1_772_366_400.0  # the page says so: 2026-03-01 12:00:00 UTC
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOPIC = re.compile(r"(?:^Topic |message on )`([^`]+)`")
PAYLOADS = ("json", "text", "hex")
CC = shutil.which("cc")
# Writes the burst, or given a word the JSON, which must be refused wherever it does not fit.
C_MAIN = """
int main(int argc, char **argv)
{
    const int16_t xyz[][3] = {%(rows)s};
    const uint64_t t0_ms = 1772366400250ULL;
    uint8_t bytes[256];
    char text[256];
    (void)argv;
    if (argc == 1) return fwrite(bytes, 1, pack_burst(bytes, xyz, %(n)d), stdout) ? 0 : 1;
    for (size_t small = 1; small <= %(size)d; small++)
        if (pack_json(text, small, t0_ms, 400, xyz, %(n)d)) return 2;
    size_t length = pack_json(text, %(size)d + 1, t0_ms, 400, xyz, %(n)d);
    return fwrite(text, 1, length, stdout) == %(size)d ? 0 : 1;
}
"""
FAMILIES = {
    "A source in a minute", "Tasmota", "Shelly, first generation",
    "Shelly, second generation and later", "Zigbee2MQTT", "The Things Stack", "ChirpStack",
    "rtl_433", "ESPHome", "Telegraf", "Kepware and OPC UA", "Sparkplug B", "Own firmware in C",
    "Own firmware in MicroPython",
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """One message of the page.

    Attributes:
        family: Heading it stands under.
        topic: Named in the line before its payload.
        settings: The TOML block above it.
        payload: Its bytes.
        shown: The console block below it: the command line and what it prints.
    """

    family: str
    topic: str
    settings: str
    payload: bytes
    shown: str


def blocks():
    """Heading, the line before, language and content of every fenced block, in order."""
    for section in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]:
        heading = section.split("\n", 1)[0]
        for found in FENCE.finditer(section):
            before = section[: found.start()].rstrip().rsplit("\n", 1)[-1]
            yield heading, before, found[1], found[2]


def examples():
    """A payload with its topic, the settings above it and the console block below it."""
    settings, waiting = {}, None
    for heading, before, language, content in blocks():
        if language == "toml":
            settings[heading] = content
        elif language in PAYLOADS:
            assert waiting is None, f"{heading}: a payload without a console block"
            topic = TOPIC.search(before)
            assert topic, f"{heading}: no topic before {content[:40]!r}"
            waiting = topic[1], bytes.fromhex(content) if language == "hex" else content.encode()
        elif language == "console":
            assert waiting, f"{heading}: a console block without a payload"
            yield Example(heading, waiting[0], settings[heading], waiting[1], content)
            waiting = None


def code(family, language):
    """The one block of that language in a recipe."""
    (found,) = [
        text for heading, _, kind, text in blocks() if (heading, kind) == (family, language)
    ]
    return found


EXAMPLES = list(examples())
IDS = [f"{one.family}: {one.topic}" for one in EXAMPLES]


@pytest.fixture
def decoded(monkeypatch, capsys, tmp_path):
    """Runs a command line with a payload at its standard input, and returns what it prints."""

    def run(settings, line, payload, *more):
        (tmp_path / "faultline.toml").write_text(settings)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(command.time, "time", lambda: ARRIVAL)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(payload)))
        program, *arguments = shlex.split(line.removeprefix("$ "))
        assert program == "faultline"
        status = main([*arguments, *more])
        said = capsys.readouterr()
        assert status == 0, said.err
        return said.out

    return run


def test_every_family_has_a_recipe():
    """Settings, a payload and what is read in it stand under each heading."""
    assert {one.family for one in EXAMPLES} == FAMILIES


@pytest.mark.parametrize("one", EXAMPLES, ids=IDS)
def test_a_payload_is_read_as_the_page_says(one, decoded):
    """The command line of the page prints what stands below it, under the settings above it."""
    line, wanted = one.shown.split("\n", 1)
    assert shlex.split(line)[-3:] == ["--topic", one.topic, "-"]
    assert decoded(one.settings, line, one.payload) == wanted


def test_all_sources_of_the_page_live_side_by_side(tmp_path):
    """In one file each payload is still read by the source of its own recipe."""
    path = tmp_path / "faultline.toml"
    path.write_text("\n".join(text for _, _, language, text in blocks() if language == "toml"))
    together = Sources(load_settings(path).all_sources)
    for one in EXAMPLES:
        path.write_text(one.settings)
        alone = Sources(load_settings(path).all_sources)
        told = [
            str(sources.decode(one.topic, one.payload, ARRIVAL)) for sources in (together, alone)
        ]
        assert told[0] == told[1], one.topic


def features(decoded, family, topic, payload):
    """Times and values of one message under the settings of its recipe."""
    (one,) = [one for one in EXAMPLES if (one.family, one.topic) == (family, topic)]
    line = one.shown.split("\n", 1)[0]
    (block,) = json.loads(decoded(one.settings, line, payload, "--json"))["samples"]
    return block["ts"], block["features"]


def payload_of(topic):
    """The payload that the page shows for a topic."""
    (one,) = [one for one in EXAMPLES if one.topic == topic]
    return one.payload


def rows_of(burst):
    """Counts of a burst of three axes, a row a sample."""
    counts = [
        int.from_bytes(burst[i : i + 2], "little", signed=True) for i in range(0, len(burst), 2)
    ]
    return [counts[i : i + 3] for i in range(0, len(counts), 3)]


@pytest.mark.skipif(CC is None, reason="no C compiler, `cc`, on the PATH")
def test_the_c_code_packs_what_the_page_shows(tmp_path, decoded):
    """Compiled without a warning, it writes the bytes and the JSON of the page from its counts."""
    family, bursts, columns = "Own firmware in C", "bursts/press-1/acc", "columns/press-1/acc"
    rows = rows_of(payload_of(bursts))
    table = ", ".join(f"{{{', '.join(map(str, row))}}}" for row in rows)
    size = len(payload_of(columns).strip())
    source = code(family, "c") + C_MAIN % {"rows": table, "n": len(rows), "size": size}
    (tmp_path / "pack.c").write_text(source)
    build = [CC, "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", tmp_path / "pack"]
    subprocess.run([*build, tmp_path / "pack.c"], check=True)

    burst, text = (
        subprocess.run([tmp_path / "pack", *more], check=True, capture_output=True).stdout
        for more in ((), ("json",))
    )

    assert burst == payload_of(bursts)
    assert text == payload_of(columns).strip()
    _, found = features(decoded, family, bursts, burst)
    assert found["z"] == pytest.approx([row[2] / 4096 for row in rows])


def test_the_micropython_code_packs_what_the_page_shows(decoded):
    """Its functions write the payloads of the page, and its clock counts from 1970."""
    family, burst, columns = "Own firmware in MicroPython", "mpy/fan-4/burst", "mpy/fan-4/columns"
    names = {}
    exec(code(family, "python"), names)  # noqa: S102 -- the page's own code is what is tested
    shown = json.loads(payload_of(columns))
    rows = list(zip(shown["x"], shown["y"], shown["z"], strict=True))

    text = names["pack_json"](shown["ts"], shown["fs"], rows)

    assert json.loads(text) == shown
    assert features(decoded, family, columns, text.encode())[0] == [1772366400.25, 1772366400.26]
    assert names["pack_burst"](rows_of(payload_of(burst))) == payload_of(burst)
    assert names["now_ms"]() > ARRIVAL * 1000 - 3e10  # within a year or so, and not thirty


def test_every_other_block_is_one_that_the_page_may_hold():
    """A block in a language that no test reads would be one that nobody checks."""
    read = {"toml", "console", "c", "python", *PAYLOADS}
    assert {language for _, _, language, _ in blocks()} - read == {"", "cpp", "yaml", "py"}


def test_links_of_the_page_lead_to_its_headings():
    """An anchor is a heading in small letters, blanks as hyphens."""
    text = PAGE.read_text()
    anchors = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
