"""docs/benchmarks.md: sections that are printed one by one, and fail in their place."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import psutil
import pytest

from benchmarks.lib.aims import MET, MISSED, Aim, tell
from benchmarks.report import __main__ as report
from benchmarks.report import sizing
from benchmarks.report.document import body_of, failed_body, read, verdict_of, write
from benchmarks.report.running import run
from benchmarks.report.sections import BY_NAME, SECTIONS, Section

PRINTED = {
    "scoring": "| LSTM-AE, repeat-vector, hidden 64 | 2.0 | 80.0 | 40.0 | 51% |\n"
    "| LSTM-AE, folded, as shipped | 2.0 | 50.0 | 12.0 | 77% |",
    "store": "bytes of a sample of 3 features, all in: loose 77.4, merged 24.6 (0.32), "
    "archived 14.7 (0.19), plain pyarrow 23.6",
    "ingest": "| own JSON, columns of 10 | 439 | 10,000 /s | 8,644 /s | 0.80 |",
    "start": "to go on with a device: 50.0 ms of CPU",
    "capacity": "memory of a device: 300 kB",
}
FACTS = ("2026-01-02 03:04 UTC", "took 5 s")


def section(*command, name="scoring"):
    """A section of that name with another command."""
    return Section(name, BY_NAME[name].title, command, "An aim.", 0.1)


def test_a_section_is_replaced_and_the_others_stay(tmp_path):
    """To the last character, whatever stands in them."""
    page = tmp_path / "benchmarks.md"
    first = {
        name: body_of(BY_NAME[name], f"{name}\n| a | b |\n<!-- odd -->", FACTS)
        for name in ("peers", "scoring", "routing")
    }
    write(page, first)
    again = body_of(BY_NAME["peers"], "printed again", FACTS)

    write(page, read(page) | {"peers": again})

    assert read(page) == {**first, "peers": again}
    text = page.read_text()
    assert text.index("section scoring") < text.index("section peers") < text.index("routing -->")
    assert text.count("not printed yet") == len(SECTIONS) - 3


def test_the_table_says_which_aims_are_met(capsys):
    """By the lines that a benchmark prints, and a failed one is told as such."""
    assert tell([Aim("a: 3, aim: 4", True), Aim("b: 5, aim: 4", False)]) == 1
    printed = body_of(BY_NAME["scoring"], capsys.readouterr().out, FACTS)

    assert verdict_of(printed) == "1 of 2 aims met"
    assert verdict_of(body_of(BY_NAME["peers"], "no line of that kind", FACTS)) == "no aim"
    assert verdict_of(failed_body(BY_NAME["scoring"], "exit code 2", FACTS)) == "**failed**"


def test_a_missed_aim_is_told_with_what_stands_in_its_way():
    """And only that."""
    limited = replace(BY_NAME["peers"], limits="Too few hands.")
    missed, met = (body_of(limited, f"x: 3{word}", FACTS) for word in (MISSED, MET))
    assert missed.endswith("*What stands in the way.* Too few hands.\n")
    assert "hands" not in met
    assert "stands" not in body_of(BY_NAME["peers"], f"x: 3{MISSED}", FACTS)


def test_a_benchmark_that_misses_an_aim_has_run(tmp_path, monkeypatch, capsys):
    """One that crashes has not, though its exit code is the same; both are in the document."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "missing_it.py").write_text("print('x, aim: y: MISSED')\nraise SystemExit(1)\n")
    (tmp_path / "breaking.py").write_text("print('half')\nraise ValueError('no disk')\n")
    chosen = {"scoring": section("missing_it"), "peers": section("breaking", name="peers")}
    monkeypatch.setattr(report, "BY_NAME", chosen)
    page = tmp_path / "benchmarks.md"

    code = report.main(["scoring", "peers", "--out", str(page)])

    text = page.read_text()
    assert code == 1
    assert "failed: peers" in capsys.readouterr().out
    assert "x, aim: y: MISSED" in text
    assert "0 of 1 aims met" in text
    assert "**failed**: exit code 1, its last line: ValueError: no disk" in text


def test_a_benchmark_that_does_not_end_is_ended_with_all_it_has_started(tmp_path, monkeypatch):
    """And says so."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    told = tmp_path / "child"
    (tmp_path / "endless.py").write_text(
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(told)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )

    ran = run(("endless",), 1.5)

    assert ran.failure == "not done within 1.5 s"
    child = int(told.read_text())
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_unknown_section_is_refused_in_one_line(capsys):
    """With those that there are."""
    with pytest.raises(SystemExit):
        report.main(["speed"])
    assert "found speed, allowed: scoring, pipeline" in capsys.readouterr().err


def test_all_sections_together_take_less_than_an_hour():
    """By what each says of itself, and each is a module that is there."""
    assert sum(one.minutes for one in SECTIONS) < 60
    assert len(BY_NAME) == len(SECTIONS)
    assert all((report.PROJECT / f"{one.command[0].replace('.', '/')}.py").exists()
               for one in SECTIONS), sys.path  # fmt: skip


def test_sizing_multiplies_what_is_printed(tmp_path, capsys):
    """Twice the devices, twice the need; a faster device needs more of a core."""
    page = tmp_path / "benchmarks.md"
    write(page, {name: body_of(BY_NAME[name], text, FACTS) for name, text in PRINTED.items()})

    figures = sizing.figures_in(page)
    few, many = (sizing.need_of(figures, "shipped LSTM-AE", 10.0, n) for n in (10_000, 20_000))

    # Two blocks a second of (40 + 42) / 2 x 25 µs, ten samples of 12 µs: 2,170 µs a second.
    assert sizing.devices_per_core(figures, "shipped LSTM-AE", 10.0) == pytest.approx(307.2, 1e-3)
    assert few.workers == 33  # 32.6
    assert many.messages_s == 2 * few.messages_s == 40_000
    assert few.day_gb == pytest.approx(10_000 * 10 * 86_400 * 77.4 / 1e9)
    assert few.brokers == 2
    assert sizing.main(["--page", str(page)]) == 0
    assert "| 1,000,000 | 50 Hz |" in capsys.readouterr().out


def test_sizing_says_which_section_is_to_be_printed(tmp_path, capsys):
    """In one line, with its command."""
    page = tmp_path / "benchmarks.md"
    write(page, {"store": body_of(BY_NAME["store"], PRINTED["store"], FACTS)})

    assert sizing.main(["--page", str(page)]) == 2
    assert "python -m benchmarks.report scoring" in capsys.readouterr().err
