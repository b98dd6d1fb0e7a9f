"""What operators say on the command line, with a desk that answers as the detector does."""

from __future__ import annotations

import json
import threading
import time

import pytest

from detector.__main__ import main
from detector.alarms.answers import answer
from detector.store import commands
from detector.store.schema import open_store
from tests.support.alarms.plant import Plant, frame


class Answering:
    """Applies what is asked until the end of the block."""

    def __init__(self, plant):
        self.plant, self._end = plant, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._end.set()
        self._thread.join(10)

    def _run(self):
        while not self._end.wait(0.01):
            with self.plant.engine.begin() as connection:
                self.plant.desk.update(connection, [])
                for command in commands.pending(connection):
                    said = answer(connection, self.plant.desk, command, time.time())
                    commands.mark_applied(connection, command.id, said)
            self.plant.desk.keep()


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A store of its own."""
    return f"sqlite:///{tmp_path_factory.mktemp('operating')}/faultline.db"


@pytest.fixture
def plant(url, monkeypatch):
    """Two active alarms, and somebody who answers."""
    monkeypatch.setenv("FAULTLINE_STORE__URL", url)
    made = Plant(open_store(url))
    made.now = time.time()
    made.update(frame(0, [9]), frame(0, [9], device="other"))
    with Answering(made):
        yield made
    made.engine.dispose()


def say(capsys, *arguments):
    """Exit code and the line printed."""
    code = main([str(one) for one in arguments])
    printed = capsys.readouterr()
    line = (printed.out or printed.err).strip()
    assert "\n" not in line
    return code, line


def test_each_word_is_answered_and_kept(plant, capsys):
    """Applied by the detector, in order, with who and why in the audit log."""
    assert say(capsys, "ack", 1, 2, "--who", "Kim") == (0, "alarms 1, 2: acknowledged, by Kim")
    asked = ("shelve", 1, "--minutes", 30, "--who", "Kim", "--why", "belt")
    assert say(capsys, *asked) == (0, "alarm 1: shelved, by Kim")
    assert plant.lives == ["shelved", "acknowledged"]
    assert say(capsys, "unshelve", 1, "--who", "Ann") == (0, "alarm 1: unshelved, by Ann")
    asked = ("verdict", 1, 2, "known", "--cause", "we work on it", "--who", "Kim")
    assert say(capsys, *asked) == (0, "alarms 1, 2: verdict noted, by Kim")
    asked = ("comment", 2, "--text", "worn", "--who", "Kim")
    assert say(capsys, *asked) == (0, "alarm 2: comment noted, by Kim")
    asked = ("maintenance", "m", "--minutes", 5, "--who", "Kim")
    assert say(capsys, *asked) == (0, "m: in maintenance for 5 minutes, by Kim")
    asked = ("note", "m", "--start", "2026-03-01T12:00", "--why", "stuck", "--who", "Kim")
    assert say(capsys, *asked) == (0, "m: noted, by Kim")
    assert main(["alarms", "--json"]) == 0
    [[comment], []] = [one["comments"] for one in json.loads(capsys.readouterr().out)]
    assert (comment["who"], comment["text"]) == ("Kim", "worn")
    with plant.engine.begin() as connection:
        log = commands.said(connection, ["ack", "shelve", "comment", "verdict"])
        [note] = commands.notes(connection, "m")
    noon = 1_772_366_400.0
    assert note.value == {"start": noon, "end": noon, "why": "stuck"}
    assert [(one.kind, one.who, one.value["why"]) for one in log] == [
        ("ack", "Kim", None), ("shelve", "Kim", "belt"), ("verdict", "Kim", "we work on it"),
        ("comment", "Kim", "worn"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("ack", 9), "ack: refused: alarm 9: there is none, see `faultline alarms`"),
        (("shelve", 1, "--minutes", 1e9), "minutes: found 1e+09, allowed: above 0 up to 1440"),
        (("comment", 1, "--text", "x" * 10_000), "comment: found 10000 characters, allowed: up"),
        (("comment", 1, "--text", "\x1b[2J"), r"comment: found \x1b[2J, allowed: characters that"),
        (("maintenance", "m"), "maintenance: found no length, allowed: --minutes N, or --undo"),
        (("threshold", "m"), "threshold: found neither or both, allowed: one of VALUE and --reset"),
        (("threshold", "m", 2, "--reset"), "threshold: found neither or both"),
        (
            ("note", "m", "--start", "2026-03-01", "--end", "2026-02-01", "--why", "x"),
            "start: found 1772323200, allowed: up to the end, 1769904000",
        ),
        (("delays", "m"), "delays: found neither or both, allowed: --reset, or some of the others"),
        (("delays", "m", "--on-delay", "nan"), "on_delay_s: found nan, allowed: "),
        (("delays", "m", "--k", 6), "k: found 6, allowed: up to n, which is 5"),
        (("out-of-service", "nobody"), "out-of-service: refused: device nobody: was never seen"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_two(plant, capsys, arguments, line):
    """With the reason, and the alarms as they were."""
    code, said = say(capsys, *arguments, "--who", "Kim")
    assert code == 2
    assert said.startswith(f"error: {line}")
    assert plant.lives == ["unacknowledged"] * 2


def test_the_figures_are_printed_and_given_as_json(plant, capsys):
    """The same numbers."""
    say(capsys, "ack", 1, "--who", "Kim")
    assert main(["alarms", "--figures", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["alarms"], found["acknowledged"], found["open_unacknowledged"]) == (2, 1, 1)
    assert main(["alarms", "--figures", "--operators", "2"]) == 0
    printed = capsys.readouterr().out
    assert "2 operators" in printed
    assert "m score 1 (50%), other score 1 (50%)" in printed
    assert main(["alarms", "--open", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
