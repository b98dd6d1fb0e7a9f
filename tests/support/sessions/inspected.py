"""What ``inspect`` says of a file, asked in this process."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest

from detector.cli.main import main

NEAR = {"samples": 0, "rate_hz": 0.02, "first": 2e-6, "labels": 0}


def run(*arguments):
    """A command's exit code, what it printed, and what it said on the other stream."""
    out, said = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(said):
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as stop:  # the parser's
            code = stop.code
    return code, out.getvalue(), said.getvalue()


def inspected(path, *arguments):
    """The objects of ``inspect --json``."""
    code, out, said = run("inspect", path, *arguments, "--json")
    assert code == 0, said
    return json.loads(out)


def refused(*arguments):
    """The one line of a command that ends with 2 and prints nothing else."""
    code, out, said = run(*arguments)
    assert (code, out) == (2, "")
    assert said.startswith("error: ")
    [line] = said.splitlines()
    return line


def hold(found, want):
    """Hold an object of ``inspect --json`` against what stands in the file.

    Args:
        found: The object.
        want: ``samples``, ``rate_hz``, ``first``, ``labels`` and each feature's mean, as far as
            they are said, and words of ``notes`` that the object must have somewhere.
    """
    for key in NEAR.keys() & want.keys():
        near = None if want[key] is None else pytest.approx(want[key], abs=NEAR[key])
        assert found[key] == near, key
    named = {name: _of_name(name, found["features"]) for name in want["features"]}
    assert {name: one and one["mean"] for name, one in named.items()} == {
        name: pytest.approx(mean, abs=1e-4) for name, mean in want["features"].items()
    }
    assert len(found["features"]) == len(want["features"])
    told = str([found["notes"], found["left_out"], found["features"], found["format"]])
    for words in want.get("notes", ()):
        assert words.lower() in told.lower()


def _of_name(name, features):
    """The feature of a name, else the only one that ends with it behind a mark."""
    marked = tuple(mark + name for mark in "._/ ")
    ends = [name] if name in features else [one for one in features if one.endswith(marked)]
    return features[ends[0]] if len(ends) == 1 else None
