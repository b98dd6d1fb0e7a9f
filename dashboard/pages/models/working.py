"""Jobs that the page of models begins: each a command of the detector, in the viewer's name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard import context
from dashboard.detector_command import command, span
from dashboard.jobs import jobs
from dashboard.jobs.job import Job
from dashboard.pages.answering import is_allowed, who

USE, CHECK, COMMISSION, UNDO, ADOPT = "use", "check", "commission", "undo", "adopt"
COMMISSIONING = (CHECK, COMMISSION, UNDO)


def newest(device: str, *kinds: str) -> Job | None:
    """The newest job of these kinds about a device, whoever began it."""
    found = jobs.listed(jobs.place(context.engine()), kinds)
    return next((job for job in found if job.about.get("device") == device), None)


def use(device: str, model: Path) -> None:
    """Let another model watch a device."""
    words = ["use", "--json", f"--who={who()}", "--", device, model.as_posix()]
    _begin(USE, words, {"device": device, "model": model.as_posix()})


def check(device: str, start: float, end: float) -> None:
    """Ask whether a stretch may be learnt as the machine's own normal."""
    _begin(CHECK, _commission(device, start, end, ["--check"]),
           {"device": device, "start": start, "end": end})  # fmt: skip


def commission(device: str, start: float, end: float, why: str = "") -> None:
    """Learn a stretch as the machine's own normal; with ``why`` whatever speaks against it."""
    more = ["--anyway", f"--why={why}"] if why else []
    _begin(COMMISSION, _commission(device, start, end, more),
           {"device": device, "start": start, "end": end})  # fmt: skip


def undo(device: str) -> None:
    """Go back to the commissioning before."""
    words = ["commission", "--undo", "--json", f"--who={who()}", "--", device]
    _begin(UNDO, words, {"device": device})


def adopt(device: str, minutes: float, out: Path) -> None:
    """Learn a model of its own for one machine; it is not switched on."""
    if not is_allowed(ADOPT):
        return
    folder = jobs.new_folder(jobs.place(context.engine()))
    words = ["adopt", f"--device={device}", f"--minutes={minutes:g}", f"--out={out.as_posix()}",
             "--own", "--no-settings", "--json",
             f"--progress={jobs.progress_file(folder)}"]  # fmt: skip
    about = {"device": device, "model": out.as_posix(), "minutes": minutes}
    jobs.begin(folder, ADOPT, [command(*words)], who(), about)


def _commission(device: str, start: float, end: float, more: list[str]) -> list[str]:
    stretch = span(start, end)
    return ["commission", "--json", f"--who={who()}", *stretch, *more, "--", device]


def _begin(kind: str, words: list[str], about: Mapping[str, Any]) -> None:
    if not is_allowed(kind):
        return
    folder = jobs.new_folder(jobs.place(context.engine()))
    jobs.begin(folder, kind, [command(*words)], who(), about)
