"""From the arguments of ``train`` to the sessions and options of a training."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from tqdm import tqdm

from detector.cli.models.front_end_arguments import (
    NONE,
    beside_of,
    default_network,
    front_end_of,
    window_of,
    window_period,
)
from detector.cli.reading_options import hints_of
from detector.errors import TrainingError
from detector.networks.contract import Network
from detector.scoring.bundle import Bundle, load_bundle
from detector.sessions.files import STDIN, find_files
from detector.sessions.running_states import in_words, nominal_rpm
from detector.sessions.window_length import default_window, waveform
from detector.settings.devices import RunningSignal
from detector.text import counted, span
from detector.thresholds.methods import ThresholdRule
from detector.training.data.dataset import Dataset, load_dataset
from detector.training.data.prepare import Preparation
from detector.training.fitting.calibrate import Conditioning
from detector.training.fitting.fit import FitPlan
from detector.training.fitting.network import Recipe
from detector.training.fitting.plan import TrainOptions

AUTO = "auto"
FINE_TUNE_RATE = 2e-3  # learning rate that keeps what a base has learnt
COMMISSION_S = 60.0  # of its own running that limits around a machine's own level stand for
RESUME = "resume"
SHORTEST = 2  # samples of a window without a front end
BANDS = 3  # per segment of a window described by features


def say(line: str) -> None:
    """Print a line at once, above a progress bar."""
    tqdm.write(line)


def source(text: str, limit_rows: int | None) -> tuple[Path, int | None]:
    """``PATH`` or ``PATH:ROWS`` to a path and a limit of rows per file.

    A path may have colons itself: what is there under the whole name is meant, and what is there
    under neither stays whole, for the refusal.

    Raises:
        TrainingError: If no row is asked for.
    """
    path, _, rows = text.rpartition(":")
    is_limited = rows.isdecimal() and (Path(path).exists() or Path(path) == STDIN)
    if Path(text).exists() or not path or not is_limited:
        return Path(text), limit_rows
    if int(rows) < 1:
        raise TrainingError(f"--sessions {text}: found {rows} rows, allowed: 1 or more")
    return Path(path), int(rows)


def running_signal(text: str) -> RunningSignal | None:
    """``NAME:MIN[:MAX]`` to a running signal; None for the words ``auto``, ``level``, ``always``.

    Raises:
        TrainingError: If it is none of these.
    """
    if text in {"auto", "level", "always"}:
        return None
    for count in (2, 1):  # the name may have colons itself
        name, *limits = text.rsplit(":", count)
        if name and len(limits) == count and all(map(_is_number, limits)):
            low, high = float(limits[0]), float(limits[1]) if count > 1 else math.inf
            return RunningSignal(feature=name, min=low, max=high)
    raise TrainingError(f"--running {text!r}, allowed: auto, level, always or NAME:MIN[:MAX]")


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False


def read_dataset(args: argparse.Namespace) -> Dataset:
    """Read the sessions asked for and say what they are.

    Raises:
        SessionFileError: If a file cannot be read.
        TrainingError: If the files do not belong together or hold labelled faults.
    """
    dataset = load_dataset(
        [source(text, args.limit_rows) for text in args.sessions],
        features=args.features,
        running=running_signal(args.running),
        find_running=args.running == "auto",
        normal_only=args.normal_only,
        beside=beside_of(args),
        hints=hints_of(args),
        conditions=args.conditions if args.front_end == NONE else (),  # it takes them itself
    )
    seconds = sum(len(s.ts) for s in dataset.sessions) * dataset.sampling_period_s
    say(
        f"{counted(len(dataset.sessions), 'session')}, {span(seconds)} at "
        f"{1 / dataset.sampling_period_s:,.6g} Hz, features {', '.join(dataset.features)}, "
        f"judged {_judged_where(dataset.signal, args.running)}"
    )
    return dataset


def read_options(args: argparse.Namespace, dataset: Dataset) -> TrainOptions:
    """What to train on ``dataset``.

    Raises:
        BundleError: If the base cannot be loaded.
        TrainingError: If options do not go together, or with the sessions.
    """
    base = _base(args, dataset)
    front = front_end_of(args, dataset, base)
    window = base.document.window if base is not None else args.window
    if window is None:
        window = _default_window(args, dataset) if front is None else window_of(front, dataset)
    if front is None and window < SHORTEST:
        raise TrainingError(f"--window {window}, allowed: {SHORTEST} or more samples")
    if front is None and (wave := waveform(window, dataset.sampling_period_s)) is not None:
        say(f"careful: {wave}")
    return TrainOptions(
        recipe=_recipe(args, base),
        preparation=Preparation(
            window=window,
            scaling=args.scaling,
            baseline=args.baseline,
            trim=args.trim,
            level_gate=args.running == "level",
        ),
        conditioning=_conditioning(args, window_period(front, dataset)),
        base=None if base is None or "base-scales" in args.without else base.document.score,
        front_end=front,
        hold_out=args.hold_out,
        units={**dataset.units, **dict(args.unit or [])},
        seed=args.seed,
    )


def _default_window(args: argparse.Namespace, dataset: Dataset) -> int:
    rpm = args.rpm or nominal_rpm(dataset.signal)
    running = [session.values[session.running] for session in dataset.sessions]
    window, why = default_window(running, dataset.sampling_period_s, rpm)
    say(f"window {why}")
    return window


def _base(args: argparse.Namespace, dataset: Dataset) -> Bundle | None:
    """The bundle to start from, if one is named.

    Raises:
        TrainingError: If it does not fit the sessions.
    """
    if args.base is None:
        return None
    if args.network == AUTO:
        raise TrainingError("--network auto with --from: a base has its network, allowed: one")
    base = load_bundle(args.base)
    if not isinstance(base.model, Network):
        raise TrainingError(f"--from {args.base}: {base.document.network}, allowed: a network")
    taken = base.features if base.front is None else base.channels
    if taken != dataset.features:
        raise TrainingError(
            f"--from {args.base}: trained on {', '.join(taken)}; found "
            f"{', '.join(dataset.features)}; allowed: the same features in the same order"
        )
    return base


def _recipe(args: argparse.Namespace, base: Bundle | None) -> Recipe:
    config = {**dict(args.set or []), **_given(hidden=args.hidden)}
    rate, weights, name = args.learning_rate, None, args.network
    if base is not None:
        name, config = base.document.network, base.document.config
        weights = base.model.state_dict()  # type: ignore[union-attr]  # ``_base`` has checked
        rate = rate or FINE_TUNE_RATE
    plan = FitPlan(**_given(epochs=args.epochs, min_steps=args.min_steps, learning_rate=rate))
    features = args.representation == "features"
    segments, bands, rpm = args.segments if features else 0, args.bands or BANDS, args.rpm
    if base is not None:  # its weights were learnt on what it sees
        seen = base.document.window_features
        segments, bands = (0, bands) if seen is None else (seen.segments, seen.bands)
        rpm = None if seen is None or seen.rpm is None else args.rpm or seen.rpm
    return Recipe(
        name=default_network(args) if name in {None, AUTO} else name,
        config=config,
        segments=segments,
        bands=bands,
        rpm=rpm if segments else None,
        plan=plan,
        device=args.device,
        start=weights,
        signal="signal" not in args.without,
        checkpoints=args.out / RESUME if args.resume else None,
    )


def _conditioning(args: argparse.Namespace, period_s: float) -> Conditioning:
    rule = ThresholdRule(
        **_given(
            margin=args.margin,
            quantile=args.quantile,
            deviations=args.deviations,
            alarms_per_day=args.alarms_per_day,
            false_alarms_per_hour=args.false_alarms_per_hour,
        )
    )
    if args.threshold == "f2" and not args.labelled:
        raise TrainingError("--threshold f2: no --labelled sessions, allowed: some with faults")
    if args.labelled:
        find_files(args.labelled)  # a wrong path is told before the training, not after it
    return Conditioning(
        judges=args.score,
        two_sided="two-sided" not in args.without,
        shifts="shift" not in args.without,
        peaks="peak" not in args.without,
        flats="flatness" not in args.without,
        weigh_slow="slow-weights" not in args.without,
        smoothing=args.smoothing,
        scales=tuple(max(round(one / period_s), 1) for one in args.scales),
        commission_s=0.0 if "commissioning" in args.without else COMMISSION_S,
        threshold=args.threshold,
        threshold_rule=rule,
    )


def _judged_where(signal: RunningSignal | None, asked: str) -> str:
    if signal is not None:
        ranges = signal.ranges or ((signal.min, signal.max),)
        return f"where {signal.feature} is {in_words(ranges)}"
    if asked == "level":
        return "by the signal's own level (a fault that lowers it is missed)"
    return "in every state"


def _given(**options: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever the options are
    return {name: value for name, value in options.items() if value is not None}
