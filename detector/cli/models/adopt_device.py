"""``adopt --device``: a model of its own for one machine, from live samples or a recording."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from detector.adopting.machine.base import (
    named_base,
    named_shipped,
    nearest_base,
    nearest_shipped,
)
from detector.adopting.machine.gather import gather
from detector.adopting.machine.learn import Learnt, Wanted, learn_model
from detector.adopting.machine.normal import Normal, look_at, recorded_stretch
from detector.adopting.machine.rule import as_the_detector_finds_it, put_rule, rule_lines
from detector.adopting.machine.take_up import take_up
from detector.adopting.machine.write import refuse_existing, write_whole
from detector.cli.models.adopt_report import Adopted, as_object, model_lines, stretch_lines
from detector.cli.models.progress import ProgressFile
from detector.cli.models.steps import progress_bar
from detector.cli.reading_options import hints_of
from detector.cli.tables import as_json, moment
from detector.errors import AdoptError, SettingsError
from detector.normal.level import Own
from detector.scoring.bundle import Bundle, load_bundle
from detector.sessions.files import read_recordings
from detector.settings.load import load_settings, settings_file
from detector.settings.tree import Settings
from detector.store import commands, commissionings
from detector.store.schema import open_store

MODELS = Path("models")
GATHERING = "running"  # what the progress file calls the wait for it, in minutes
FIRST = 1e-9  # above 0, so that waiting is told once
WAITING = "{n:.1f} of {total:g} min of running |{bar}| {desc}"


def adopt_device(args: argparse.Namespace, device: str) -> str:
    """Gather, learn, write the bundle or the commissioning and the rule, and tell the detector.

    Raises:
        AdoptError: If there is not enough, or nowhere to write it.
        SessionFileError: If a recording cannot be read.
        SettingsError: If the settings are refused or cannot be written.
        TrainingError: If nothing can be learnt from it.
    """
    if args.own and args.on_base:
        raise AdoptError("--own with --base, allowed: one of them")
    settings = load_settings(args.settings)
    out = args.out or _folder_of(device)
    refuse_existing(out, is_forced=args.force)
    normal = _normal(args, device, settings)
    if not args.json:
        _say(stretch_lines(normal))
    shipped = _shipped(args, out, normal)
    learnt = _learn(args, normal, shipped, out)
    if learnt.own is None:
        write_whole(learnt.bundle, out, is_forced=args.force)
        done = _let_it_watch(args, device, out, settings)
        adopted = Adopted(device, out, normal, learnt, None, *done)
    else:
        assert shipped is not None  # what it is commissioned on
        version = _commission(settings, device, learnt, learnt.own)
        done = _let_it_watch(args, device, shipped, settings)
        adopted = Adopted(device, shipped, normal, learnt, version, *done)
    return as_json(as_object(adopted)) if args.json else "\n".join(model_lines(adopted))


def _folder_of(device: str) -> Path:
    """``models/DEVICE``; what has no place in the name of a folder becomes a dash."""
    return MODELS / (re.sub(r"[^\w.\-]", "-", device).lstrip(".") or "device")


def _normal(args: argparse.Namespace, device: str, settings: Settings) -> Normal:
    if args.recording:
        read = read_recordings(args.recording, hints=hints_of(args))
        return look_at(recorded_stretch(list(read)), device)
    start = None if args.start is None else _moment(args.start)
    engine = open_store(settings.store.url)
    try:
        with _waiting(args.minutes, device, args.progress) as tell:
            return gather(engine, device, minutes=args.minutes, start=start, tell=tell)
    finally:
        engine.dispose()


@contextmanager
def _waiting(
    minutes: float, device: str, path: Path | None
) -> Iterator[Callable[[float, str], None]]:
    """A bar, and a word on how to go on after Ctrl-C."""
    file = ProgressFile(path)
    bar = tqdm(total=minutes, leave=False, disable=not sys.stderr.isatty(), bar_format=WAITING)

    def tell(running_s: float, reason: str) -> None:
        is_first, bar.n = not bar.n, min(max(running_s / 60, FIRST), minutes)
        bar.set_description_str(reason or device)
        file.tell(GATHERING, min(running_s / 60, minutes), minutes)
        if bar.disable and is_first and running_s < minutes * 60:
            print(f"waiting: {running_s / 60:.1f} of {minutes:g} min of running", file=sys.stderr)

    with bar:
        try:
            yield tell
        except KeyboardInterrupt:
            found = f"{bar.n:.1f} of {minutes:g} min of running are stored and stay there"
            print(f"{found}; the same command goes on from them", file=sys.stderr)
            raise


def _shipped(args: argparse.Namespace, out: Path, normal: Normal) -> Path | None:
    """Folder of the model that the machine may be commissioned on."""
    if args.base is not None:
        return args.base if args.on_base else None
    return None if args.own else nearest_shipped(out.parent, normal, without=out.name)


def _base(args: argparse.Namespace, out: Path, normal: Normal) -> Bundle | None:
    """What a model of its own may be begun from."""
    if args.on_base:
        return None
    if args.base is not None:
        return named_base(args.base, normal)
    found = nearest_base(out.parent, normal, without=out.name)
    return None if found is None else load_bundle(found)


def _learn(args: argparse.Namespace, normal: Normal, shipped: Path | None, out: Path) -> Learnt:
    wanted = Wanted(
        base=_base(args, out, normal),
        shipped=None if shipped is None else named_shipped(shipped, normal),
        kind="own" if args.own else "base" if args.on_base else "any",
        only_from_base=args.base is not None,
        seed=args.seed,
    )
    with progress_bar(args.progress) as tell:
        return learn_model(normal, out.name, wanted, tell)


def _commission(settings: Settings, device: str, learnt: Learnt, own: Own) -> int:
    """Keep the machine's own normal, and tell a running detector; returns its version."""
    store = open_store(settings.store.url)
    try:
        with store.begin() as connection:
            why = f"adopt: {learnt.chosen.name}"
            version = commissionings.write(connection, device, own, commands.user(), why)
            commands.issue(connection, device, commands.COMMISSION, {}, commands.user())
    finally:
        store.dispose()
    return version


def _let_it_watch(
    args: argparse.Namespace, device: str, folder: Path, settings: Settings
) -> tuple[str, str]:
    """Write the rule and tell the detector; returns what was done and what came of it."""
    model = as_the_detector_finds_it(folder)
    lines = rule_lines(device, model).rstrip()
    if args.no_settings:
        return f"for the settings, before other rules that match:\n{lines}", "not asked for"
    file = settings_file(args.settings)
    try:
        put_rule(file, device, model)
    except SettingsError as error:
        raise SettingsError(
            f"{error}; the model is in {folder}, its rule: {_one_line(lines)}"
        ) from None
    return f"written: {file}, the rule of {device} for {model.as_posix()}", take_up(
        settings, commands.user()
    )


def _one_line(lines: str) -> str:
    return lines.replace("\n", "; ")


def _moment(text: str) -> float:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise AdoptError(
            f"--start {text}: no time, allowed: ISO 8601, for example 2026-03-01T12:00 (UTC)"
        ) from None
    found = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    if found > time.time():
        raise AdoptError(f"--start {text}: allowed: before now, {moment(time.time())} UTC")
    return found


def _say(lines: list[str]) -> None:
    for line in lines:
        tqdm.write(line)
