"""``faultline notify``: a test message to each target, and how it stands with them."""

from __future__ import annotations

import json

import pytest

from detector.__main__ import main
from detector.store.schema import open_store
from tests.support.alarms.plant import frame
from tests.support.notifying.sinks import Told, hook


@pytest.fixture
def heard():
    """A webhook."""
    with hook() as made:
        yield made


@pytest.fixture
def say(tmp_path, capsys):
    """Run the command with some targets; gives exit code, lines and the error."""

    def run(option, targets, *more):
        path = tmp_path / "faultline.toml"
        path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/faultline.db"\n{targets}')
        code = main(["notify", option, "--settings", str(path), *more])
        printed = capsys.readouterr()
        assert "SECRET" not in printed.out + printed.err
        return code, printed.out.splitlines(), printed.err.strip()

    return run


def test_a_test_message_goes_to_each_target_and_each_has_one_line(say, heard, tmp_path):
    """Whatever came back: delivered, unreachable, unknown, a file that is not there."""
    good = f'[[notify]]\nname = "duty"\nurl = "{heard.url}"\n'
    assert say("--test", good)[::2] == (0, "")
    bad = (
        '[[notify]]\nname = "gone"\nurl = "json://SECRET@127.0.0.1:9/SECRET"\n'
        '[[notify]]\nname = "what"\nurl = "foo://SECRET"\n'
        f'[[notify]]\nname = "file"\nurl_file = "{tmp_path}/none"\n'
        '[[notify]]\nname = "variable"\nurl_variable = "NOT_SET_AT_ALL"\n'
        '[[notify]]\nname = "half"\nurl = "slack://SECRET"\nattach = true\n'
    )
    code, lines, error = say("--test", good + bad)
    assert (code, error) == (2, "error: notify: 5 of 6 targets did not get the test message")
    expected = [
        "notify duty: json://127.0.0.1: delivered (",
        "notify gone: json://127.0.0.1: not delivered: A Connection error occurred",
        "notify what: found foo://…, allowed: a scheme that Apprise knows",
        "notify file: url_file: ",
        "notify variable: url_variable: NOT_SET_AT_ALL is not set",
        "notify half: slack://…: cannot be used, allowed: all that Apprise needs for slack",
    ]
    assert [line.startswith(begins) for line, begins in zip(lines, expected, strict=True)] == (
        [True] * 6
    ), lines
    assert heard.titles == ["Faultline: test"] * 2


def test_the_status_says_what_waits_and_why(say, heard, tmp_path):
    """Also of a target that is no longer in the settings."""
    heard.answer = 401
    plant = Told(
        {"url": heard.url, "name": "duty"}, {"url": heard.url, "name": "former"},
        engine=open_store(f"sqlite:///{tmp_path}/faultline.db"),
    )  # fmt: skip
    plant.update(frame(0, [9, 0, 0]))
    plant.deliver()
    targets = f'[[notify]]\nname = "duty"\nurl = "{heard.url}"\n'
    code, lines, _ = say("--status", targets)
    assert code == 0
    assert [line.split()[:2] for line in lines[1:]] == [["duty", "2"], ["former", "2"]]
    assert "error=401" in lines[1]
    assert "no longer in the settings" in lines[2]
    heard.answer = 200
    plant.now += 60
    plant.deliver()
    plant.engine.dispose()
    _, lines, _ = say("--status", targets, "--json")
    [told] = json.loads("\n".join(lines))
    assert (told["target"], told["waiting"], told["sent"]) == ("duty", 0, 2)
    assert told["last_sent"] == plant.now


@pytest.mark.parametrize(
    ("option", "more", "said"),
    [("--test", (), "error: notify: found no [[notify]] in the settings, allowed: at least one"),
     ("--test", ("--json",), "error: notify: --json with --test, allowed: with --status")],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_line(say, option, more, said):
    """Nobody to tell, and a form that it has not."""
    assert say(option, "", *more) == (2, [], said)
