"""The measurement of what aligning costs."""

from __future__ import annotations

from benchmarks.speed import alignment


def test_a_small_run_makes_every_row(capsys):
    """Of two devices, apart and together; whether the target is met is the machine's matter."""
    alignment.main(["--devices", "2", "--channels", "3", "--seconds", "8"])
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if "| " in line]
    counts = {row[1].strip(): row[2].strip() for row in rows}
    assert counts["together"] == str(2 * 80)
    assert 2 * 60 < int(counts["apart"]) <= 2 * 80
