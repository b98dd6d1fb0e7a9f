"""The benchmark of what a message costs, and the fuzzing that `make soak` does."""

from __future__ import annotations

from benchmarks.lib.fuzzing import Tally, stream
from benchmarks.lib.messages import examples
from benchmarks.soak import fuzz
from benchmarks.speed import ingest
from detector.ingest.codecs.json import Json


def test_every_format_has_a_message_that_is_read(capsys):
    """Each has its row; a refused one would end the benchmark."""
    ingest.by_format(0, 1)
    table = capsys.readouterr().out
    assert [example.name for example in examples() if example.name not in table] == []


def test_a_backlog_is_read_to_its_end_by_both(capsys):
    """By the bare callback and by the subscriber, at a real mosquitto."""
    targets = ingest.through_a_broker(150, 1)
    assert capsys.readouterr().out.count("own JSON") == len(ingest.FORMS)
    assert len(targets) == 3


def test_a_codec_that_breaks_is_told(monkeypatch, capsys):
    """With its place, and the verdict is no."""

    def broken(*_):
        raise KeyError("ts")

    monkeypatch.setattr(Json, "read", broken)
    tally = Tally()
    run = fuzz.fuzz(tally, stream(3, 20), 300)
    is_met = fuzz.report(run, tally.outcomes(), tally.receipts)

    assert not is_met
    assert set(run.crashes) == {f"KeyError in broken, line {broken.__code__.co_firstlineno + 1}"}
    assert "MISSED" in capsys.readouterr().out
