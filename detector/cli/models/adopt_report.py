"""What ``adopt --device`` tells: which stretch it takes, what it learnt, what that will see."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf
from pathlib import Path
from typing import Any

from detector.adopting.machine.activity import State
from detector.adopting.machine.learn import Learnt
from detector.adopting.machine.normal import Normal
from detector.adopting.machine.sight import limits, sees
from detector.cli.tables import moment
from detector.text import counted, inert, span
from detector.training.trial import Trial, best_of, table, why_before


@dataclass(frozen=True, slots=True)
class Adopted:
    """One machine adopted.

    Attributes:
        device: Its name.
        folder: Of the bundle that is to watch it.
        normal: What was learnt from.
        learnt: What came of it.
        version: Of the commissioning on a shipped bundle; None: the bundle is its own.
        settings: What was done to the settings.
        running: What the running detector made of it.
    """

    device: str
    folder: Path
    normal: Normal
    learnt: Learnt
    version: int | None
    settings: str
    running: str


def stretch_lines(normal: Normal) -> list[str]:
    """Which samples are taken and what the machine did in them."""
    shares = normal.activity.shares
    told = ", ".join(f"{state.name.lower()} {share:.0%} {state.value}"
                     for state, share in shares.items())  # fmt: skip
    lines = [
        f"stretch: {_when(normal)}, because {normal.stretch.begins}",
        f"states: {told}, by {normal.activity.by}",
        f"  |{normal.activity.timeline}|",
        f"running: {span(normal.activity.running_s)} at {normal.rate_hz:,.6g} Hz, "
        f"{counted(normal.gaps, 'gap')}",
        f"features: {', '.join(normal.dataset.features)}",
    ]
    lines += [f"  left out: {name}: {why}" for name, why in normal.channels.left_out.items()]
    return [inert(line) for line in [*lines, *(f"note: {note}" for note in normal.notes)]]


def _when(normal: Normal) -> str:
    first, last = normal.stretch.span
    if all(one.found.has_date for one in normal.stretch.recordings):
        return f"{moment(first)} to {moment(last)} UTC"
    return f"{span(last - first)}, no date"


def model_lines(adopted: Adopted) -> list[str]:
    """What was learnt, what it sees and what not, and where it is."""
    learnt, normal = adopted.learnt, adopted.normal
    lines = [f"window {learnt.window}"]
    lines += table(learnt.trials, learnt.bench) if learnt.bench.cases else []
    lines.append(f"model: {_choice(learnt)}")
    lines += [f"  not tried: {name}: {why}" for name, why in learnt.refused.items()]
    lines += ["what it will see:", *(f"  {line}" for line in sees(learnt.seen, normal))]
    lines += ["what it will not:", *(f"  {line}" for line in limits(normal, learnt.bundle))]
    written = f"written: {adopted.folder}"
    if adopted.version is not None:
        written = f"commissioned: version {adopted.version}, on top of {adopted.folder}"
    return [*map(inert, lines), written, adopted.settings, f"detector: {adopted.running}"]


def as_object(adopted: Adopted) -> dict[str, Any]:
    """The same for programs."""
    learnt, normal = adopted.learnt, adopted.normal
    first, last = normal.stretch.span
    return {
        "device": adopted.device,
        "model": str(adopted.folder),
        "commissioned": adopted.version,
        "start": first,
        "end": last,
        "begins": normal.stretch.begins,
        "rate_hz": normal.rate_hz,
        "running_s": normal.activity.running_s,
        "states": {state.name.lower(): share for state, share in normal.activity.shares.items()},
        "states_by": normal.activity.by,
        "timeline": normal.activity.timeline,
        "marks": {state.name.lower(): state.value for state in State},
        "gaps": normal.gaps,
        "features": list(normal.dataset.features),
        "left_out": normal.channels.left_out,
        "notes": list(normal.notes),
        "window": learnt.bundle.document.window,
        "network": learnt.bundle.document.network,
        "chosen": learnt.chosen.name,
        "why": _choice(learnt),
        "candidates": {trial.name: _figures(trial) for trial in learnt.trials},
        "refused": learnt.refused,
        "seen": {one.family: {str(s): list(pair) for s, pair in one.found.items()}
                 for one in learnt.seen},
        "sees": sees(learnt.seen, normal),
        "limits": limits(normal, learnt.bundle),
        "settings": adopted.settings,
        "detector": adopted.running,
    }  # fmt: skip


def _figures(trial: Trial) -> dict[str, float | int | None]:
    curve = trial.curve
    limits = {} if curve is None else {"s50": curve.s50.at, "s90": curve.s90.at}
    return {
        "above": trial.above,
        "found": trial.found,
        "faults": 0 if curve is None else curve.cases,
        **{name: None if isinf(at) else at for name, at in limits.items()},
    }


def _choice(learnt: Learnt) -> str:
    """Which one, and why in a line."""
    best, others = learnt.chosen, [one for one in learnt.trials if one is not learnt.chosen]
    if not learnt.bench.cases:
        return f"{best.name}, untried: the machine never ran long enough without a stop"
    if not others:
        return f"{best.name}, the only one tried"
    second = best_of(others)
    return f"{best.name}, {why_before(best, second)}"
