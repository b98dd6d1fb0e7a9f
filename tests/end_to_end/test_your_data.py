"""Every command of ``docs/your-data.md``, in its order, with a real broker and detector.

What the page shows as an answer is looked for in what the command prints: line by line, where
``…`` in a line stands for anything, and a line of it alone for any lines.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass

import pytest

from detector.store import devices
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.processes.programs import Program, answer
from tests.support.serving import PROJECT, environment
from tests.support.sessions.logger import write_log

PAGE = (PROJECT / "docs" / "your-data.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BROKER = "mqtt://broker:1883"
LEARNING = "has none yet"  # of a provisional model: a person tries again


@dataclass(frozen=True)
class Step:
    """A command, and the lines that the page shows below it."""

    command: str
    shown: tuple[str, ...]


def steps_of(block):
    """The commands of a console block."""
    steps: list[Step] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:], ()))
        else:
            steps[-1] = Step(steps[-1].command, (*steps[-1].shown, line))
    return steps


def refuse_other_answer(step, printed):
    """Each shown line comes in what was printed, in this order."""
    lines = iter([line.rstrip() for line in printed.splitlines()])
    for shown in step.shown:
        if shown.strip() in {"", "…"}:
            continue
        wanted = re.compile(".*".join(map(re.escape, shown.rstrip().split("…"))))
        assert any(wanted.fullmatch(line) for line in lines), f"{shown!r} is not in\n{printed}"


class Terminal:
    """A person's folder, settings and detector."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        (folder / "bin").mkdir()
        program = folder / "bin" / "faultline"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m detector "$@"\n')
        program.chmod(0o755)
        path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        self.variables = environment(PATH=path, PYTHONPATH=str(PROJECT), OMP_NUM_THREADS="1")
        self.serving = None

    def write_settings(self, text):
        """What the page shows of ``faultline.toml``."""
        (self.folder / "faultline.toml").write_text(text.replace(BROKER, self.url))

    def run(self, step):
        """One command to its end; the detector goes on beside the rest."""
        if step.command == "faultline serve":
            self._serve()
            return
        done = self._answer(step.command)
        if done.returncode == 2 and LEARNING in done.stderr:
            done = wait_for(lambda: self._unless_learning(step.command), 30, "a model is learnt")
        assert done.returncode == 0, f"{step.command}\n{done.stdout}{done.stderr}"
        refuse_other_answer(step, done.stdout)

    def _answer(self, line):
        command = line.replace(BROKER, self.url)
        program, *words = shlex.split(command)
        if program == "faultline" and not {"|", "<"} & set(words):
            return answer("detector", *words, cwd=self.folder, env=self.variables, timeout=300)
        return subprocess.run(
            ["/bin/bash", "-c", command], cwd=self.folder, text=True,
            env=self.variables, capture_output=True, timeout=300, check=False,
        )  # fmt: skip

    def _unless_learning(self, command):
        done = self._answer(command)
        return None if LEARNING in done.stderr else done

    def _serve(self):
        log = self.folder / "detector.log"
        self.serving = Program("detector", "serve", cwd=self.folder, output=log, env=self.variables)
        engine = open_store(f"sqlite:///{self.folder}/faultline.db")
        try:
            wait_for(lambda: self._is_connected(engine), 40, "the detector is connected")
        finally:
            engine.dispose()

    def _is_connected(self, engine):
        assert self.serving.poll() is None, (self.folder / "detector.log").read_text()
        with engine.begin() as connection:
            found = devices.health(connection)
        return found is not None and found.connection == "connected"

    def close(self):
        """End the detector."""
        if self.serving is not None:
            self.serving.terminate()
            self.serving.wait(20)


@pytest.fixture
def terminal(own_broker, tmp_path):
    """A folder with the three files that the page speaks of."""
    (tmp_path / "logs").mkdir()
    write_log(tmp_path / "logs" / "monday.csv", 600, 1, 2)
    write_log(tmp_path / "logs" / "tuesday.csv", 600, 2, 3)
    write_log(tmp_path / "logs" / "friday.csv", 300, 3, 6, fault=(180, 240))
    made = Terminal(tmp_path, own_broker.url)
    yield made
    made.close()


def test_every_command_of_the_page_does_what_it_shows(terminal):
    """From a foreign file to an alarm, and back out; takes long, for it trains and replays."""
    ran = []
    for kind, block in BLOCK.findall(PAGE):
        if kind == "toml":
            terminal.write_settings(block)
        else:
            assert kind == "console", f"a block of {kind} is not run"
            for step in steps_of(block):
                terminal.run(step)
                ran.append(step.command.split("faultline ")[-1].split()[0])
    assert {"inspect", "train", "score", "evaluate", "adopt", "serve", "convert", "simulate",
            "alarms", "reload", "export"} <= set(ran)  # fmt: skip
    assert (terminal.folder / "monday.png").stat().st_size > 10_000


def test_an_answer_that_is_not_printed_is_found_out():
    """A page that shows another number, or another order, fails."""
    step = Step("faultline x", ("…", "a … 3", "b"))
    refuse_other_answer(step, "first\na = 3\nb\nrest")
    for printed in ("a = 4\nb", "b\na = 3"):
        with pytest.raises(AssertionError, match="is not in"):
            refuse_other_answer(step, printed)
