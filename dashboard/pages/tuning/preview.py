"""What a tuning would have meant, computed by a child process beside the page's."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from dashboard import context
from dashboard.detector_command import command, environment, refusal, span
from dashboard.pages.tuning.values import Values

LONGEST_S = 120.0
LOOK_S = 0.1
AT_ONCE = 2  # children of all viewers
KEPT = 100  # answers
_turns = threading.BoundedSemaphore(AT_ONCE)
_answers: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()


class PreviewError(Exception):
    """There is no preview; one line says why."""


def preview(
    device: str, start: float, end: float, now: Values, tried: Values, wait: Callable[[], object]
) -> dict[str, Any]:
    """Replay a stretch with what is in force and with what is tried.

    Args:
        device: Name of the machine.
        start: UTC seconds of its clock.
        end: After ``start``.
        now: In force; another one is another question.
        tried: By the viewer.
        wait: Called while it takes; raises where nobody waits any more, and the child is ended.

    Returns:
        What ``python -m detector preview --json`` prints.

    Raises:
        PreviewError: If it refuses or takes too long.
    """
    key = (device, start, end, now, tried)
    if key not in _answers:
        with _turn(wait):
            _answers[key] = _asked(_command(device, start, end, tried), wait)
        while len(_answers) > KEPT:
            _answers.popitem(last=False)
    return _answers[key]


@contextmanager
def _turn(wait: Callable[[], object]) -> Iterator[None]:
    while not _turns.acquire(timeout=LOOK_S):
        wait()
    try:
        yield
    finally:
        _turns.release()


def _asked(asked: list[str], wait: Callable[[], object]) -> dict[str, Any]:
    deadline = time.monotonic() + LONGEST_S
    # The store is that of this page, whatever else the settings say.
    surroundings = environment(FAULTLINE_STORE__URL=context.settings().store.url)
    child = subprocess.Popen(
        asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings
    )
    try:
        while True:
            try:
                told, refused = child.communicate(timeout=LOOK_S)
                break
            except subprocess.TimeoutExpired:
                wait()
            if time.monotonic() > deadline:
                raise PreviewError(f"no answer within {LONGEST_S:g} s")
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
    if child.returncode:
        raise PreviewError(refusal(refused.decode(errors="replace")) or "no answer")
    found: dict[str, Any] = msgspec.json.decode(told)
    return found


def _command(device: str, start: float, end: float, tried: Values) -> list[str]:
    asked = {
        "--threshold": tried.threshold, "--k": tried.k, "--n": tried.n,
        "--on-delay": tried.on_delay_s, "--off-delay": tried.off_delay_s,
    }  # fmt: skip
    options = [f"{name}={value}" for name, value in asked.items()]
    return command("preview", "--json", *span(start, end), *options, "--", device)
