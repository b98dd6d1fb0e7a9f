"""What the commands about models take; kept apart from what they do, which imports torch."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from detector.cli.options import (
    above,
    add_engine,
    at_least,
    field,
    names,
    seconds,
    severities,
    some_of,
    unit,
)
from detector.cli.reading_options import add_reading
from detector.settings.detector import Runtime
from detector.thresholds.methods import METHODS

PARTS = (
    "two-sided",
    "shift",
    "peak",
    "flatness",
    "signal",
    "slow-weights",
    "base-scales",
    "commissioning",
)
CANDIDATES = ("zscore", "pca", "mahalanobis", "dense_ae", "vae", "transformer_ae", "lstm_ae")


def add_train(part: argparse.ArgumentParser) -> None:
    """Add the options of ``train``."""
    _add_data(part)
    add_reading(part)
    _add_model(part)
    _add_learning(part)
    _add_score(part)
    _add_threshold(part)
    add_engine(part, "train the candidates of auto")


def _add_data(part: argparse.ArgumentParser) -> None:
    add = part.add_argument_group("sessions").add_argument
    add("--sessions", nargs="+", required=True, metavar="PATH[:ROWS]",
        help="session files or folders, - for the standard input; :ROWS reads that many rows of "
        "each file")  # fmt: skip
    add("--out", type=Path, required=True, help="folder of the bundle, for example models/pump-1")
    add("--features", type=names, metavar="A,B,…",
        help="columns to model (default: all but a running signal)")  # fmt: skip
    add("--limit-rows", type=at_least(1), metavar="ROWS", help="rows to read of each file")
    add("--normal-only", action="store_true",
        help="leave labelled faults out (default: refuse sessions that have any)")  # fmt: skip
    add("--running", default="auto", metavar="NAME:MIN[:MAX]",
        help="judge only where this column is in range; auto: a column rpm or running; level: by "
        "the signal's own level, which costs detection; always (default: %(default)s)")  # fmt: skip
    add("--conditions", type=names, default=[], metavar="A,B,…",
        help="channels that say what is normal now, such as rpm,load,temp_c: the centres of "
        "features follow them where that helps held-out sessions (default: none)")  # fmt: skip
    add("--baseline", type=at_least(0), default=0, metavar="N",
        help="take the mean of a session's first N samples off, for machines that never start "
        "alike (default: none)")  # fmt: skip
    add("--trim", type=at_least(0), default=0, metavar="N",
        help="neither train on nor judge a session's first N samples (default: none)")  # fmt: skip
    add("--scaling", choices=("standard", "minmax", "robust"), default="standard",
        help="how features are scaled (default: %(default)s)")  # fmt: skip
    add("--unit", type=unit, action="append", metavar="NAME=UNIT",
        help="unit of a feature, may be repeated (default: what the files say)")  # fmt: skip


def _add_model(part: argparse.ArgumentParser) -> None:
    add = part.add_argument_group("model").add_argument
    add("--network", metavar="NAME",
        help="lstm_ae, lstm_ae_stream (the same with a state that goes on, far cheaper a sample), "
        "dense_ae, vae, transformer_ae, anomaly_transformer, tranad, timesnet; a reference without "
        "a network: zscore, mahalanobis, pca, pca_t2q, knn, lof, ocsvm, iforest; or "
        "auto: the candidate with the smallest detection limit (default: lstm_ae, with a front end "
        "pca)")  # fmt: skip
    add("--candidates", type=names, default=list(CANDIDATES), metavar="A,B,…",
        help="of auto; the first of several that are alike is taken (default: "
        f"{','.join(CANDIDATES)})")  # fmt: skip
    add("--set", type=field, action="append", metavar="FIELD=VALUE",
        help="a field of the network's config, as in variant=folded; may be repeated")  # fmt: skip
    add("--hidden", type=at_least(1), help="short for --set hidden=N")
    add("--window", type=at_least(1), metavar="L",
        help="samples per window; at least four revolutions (default: from the data, told with "
        "its reason); with a front end blocks per window (default: 10)")  # fmt: skip
    add("--representation", choices=("raw", "features"), default="raw",
        help="what the model sees of a window: its samples, or features of its segments (rms, "
        "crest, kurtosis, bands, orders) (default: %(default)s)")  # fmt: skip
    add("--front-end", choices=("none", "window", "waveform"), default="none",
        help="describe blocks of samples before anything else, by level, size, shape, bands and "
        "orders of the speed at that moment; window: for machines whose speed changes; waveform: "
        "for 1 to 25 kHz, with velocity and the envelope's lines of a bearing "
        "(default: %(default)s)")  # fmt: skip
    add(
        "--bearing",
        metavar="NAME",
        help="whose lines waveform looks for: 6204, 6205, or BALLS,BALL_MM,PITCH_MM[,DEG]",
    )
    add("--teeth", type=at_least(3), help="of the pinion on the shaft, for waveform")
    add("--machine-class", metavar="NAME",
        help="of ISO 20816-3, for its zones: small, medium-rigid, medium-flexible, large-rigid, "
        "large-flexible, or three limits in mm/s rms such as 0.71,1.8,4.5")  # fmt: skip
    add("--block", type=above(0), metavar="S",
        help="seconds described at once by the front end (default: 1, waveform 2)")  # fmt: skip
    add("--hop", type=above(0), metavar="S",
        help="from one block to the next (default: 0.1, waveform 1)")  # fmt: skip
    add("--speed", metavar="NAME",
        help="column with the speed in 1/min, for the front end (default: rpm, where there is "
        "one)")  # fmt: skip
    add("--segments", type=at_least(1), default=1, metavar="S",
        help="of a window described by features (default: %(default)s)")  # fmt: skip
    add("--bands", type=at_least(1),
        help="of frequency, per segment (default: 3) or block (default: 5)")  # fmt: skip
    add("--rpm", type=float, help="nominal speed, for the window length and order amplitudes")
    add("--from", dest="base", type=Path, metavar="BUNDLE",
        help="fine-tune this bundle: its network, window and weights "
        "(transfer with little data)")  # fmt: skip


def _add_learning(part: argparse.ArgumentParser) -> None:
    add = part.add_argument_group("learning").add_argument
    add("--epochs", type=at_least(1),
        help="most epochs; an epoch is at most 100 batches (default: 15)")  # fmt: skip
    add("--min-steps", type=at_least(1),
        help="batches before early stopping may end it (default: 800)")  # fmt: skip
    add("--learning-rate", type=float,
        help="of Adam at its highest (default: 0.008, with --from 0.002)")  # fmt: skip
    add("--hold-out", choices=("auto", "session", "block"), default="auto",
        help="what is held out in turn; auto takes whole sessions where there are enough "
        "(default: %(default)s)")  # fmt: skip
    _add_device(add)
    add("--resume", action="store_true",
        help="keep checkpoints in OUT/resume, and go on from those that are there")  # fmt: skip
    add("--seed", type=int, default=0, help="same seed, same bytes (default: %(default)s)")


def _add_score(part: argparse.ArgumentParser) -> None:
    add = part.add_argument_group("score").add_argument
    add("--score", choices=("terms", "mse"), default="terms",
        help="terms per feature, or the plain window MSE (default: %(default)s)")  # fmt: skip
    add("--without", type=some_of(PARTS), default=[], metavar="PART,…",
        help=f"leave parts of the score out: {', '.join(PARTS)}")  # fmt: skip
    add("--smoothing", type=at_least(1), default=1, metavar="N",
        help="windows whose error terms are averaged, at most 1 s (default: none)")  # fmt: skip
    add("--scales", type=seconds, default=(), metavar="S,…",
        help="longer times in seconds over which the same terms are averaged, such as 1,3,10 "
        "(default: none)")  # fmt: skip


def _add_threshold(part: argparse.ArgumentParser) -> None:
    add = part.add_argument_group("threshold").add_argument
    add("--threshold", choices=tuple(METHODS), default="max",
        help="how it is placed on held-out normal scores (default: %(default)s)")  # fmt: skip
    add("--margin", type=float, help="max: times the largest (default: 1.25)")
    add("--quantile", type=float, help="quantile: of the scores (default: 0.999)")
    add("--deviations", type=float, help="sigma: above their mean (default: 4)")
    add("--alarms-per-day", type=float, help="pot: accepted false alarms (default: 0.1)")
    add("--false-alarms-per-hour", type=float, help="f2: most that may be seen (default: 1)")
    add("--labelled", nargs="+", type=Path, default=[], metavar="PATH",
        help="f2: sessions with labelled faults, none of those it will be tested on")  # fmt: skip


def add_evaluate(part: argparse.ArgumentParser) -> None:
    """Add the options of ``evaluate``."""
    add = part.add_argument
    add("--model", nargs="+", type=Path, required=True, help="folders of bundles")
    add("--sessions", nargs="+", type=Path, required=True, metavar="PATH",
        help="session files or folders; labelled faults are taken as they are, by family where "
        "a truth file lies beside them")  # fmt: skip
    add_reading(part)
    add("--faults", default="all", metavar="NAME,…",
        help="sensor faults to inject into sessions that are normal throughout; all, none "
        "(default: %(default)s)")  # fmt: skip
    add("--severities", type=severities, metavar="S,…",
        help="of the injected faults (default: 0.25,0.5,0.75,1; with --limits "
        "0.05,0.1,0.15,0.2,0.25,0.35,0.5,0.75,1)")  # fmt: skip
    add("--seed", type=int, default=7, help="first seed (default: %(default)s)")
    add("--seeds", type=at_least(1), metavar="N",
        help="each goes through all families and severities (default: 1; with --limits "
        "3)")  # fmt: skip
    add("--limits", action="store_true",
        help="tell detection limits instead: the severity at which half (s50) and 90 %% (s90) of "
        "the faults of a family raise an alarm, with 95 %% intervals, beside the false alarms in "
        "the same sessions without faults")  # fmt: skip
    add("--false-alarms-per-day", type=above(0), metavar="N",
        help="with --limits: level that the 95 %% bound of a model's false alarms must keep to "
        "for its limits to be called comparable (default: 0.333, one in 72 h)")  # fmt: skip
    add("--commission", type=above(0), metavar="MINUTES",
        help="judge each session by its machine's own level, learnt from so many minutes of its "
        "first settled running without a fault, which are not judged")  # fmt: skip
    add("--ablate", action="store_true", help="add a row for each part of the score left out")
    add("--progress", type=Path, metavar="FILE", help="write how far it is into it, as JSON")
    add("--json", action="store_true", help="as a JSON list")
    add("--markdown", action="store_true", help="as a Markdown table")
    add("--png", type=Path, metavar="FILE",
        help="draw detection rate against severity, and normal and faulty scores; with --limits a "
        "panel for each family")  # fmt: skip
    add_engine(part, "judge sessions")


def add_export_onnx(part: argparse.ArgumentParser) -> None:
    """Add the options of ``export-onnx``."""
    part.description = (
        "Write weights.onnx beside the weights of each bundle, for computers with ONNX Runtime and "
        "without torch (detector.runtime = onnx). Needed again after each training. Bundles "
        "without a network, such as pca, need none."
    )
    part.add_argument("--model", nargs="+", type=Path, required=True, help="folders of bundles")


def add_score(part: argparse.ArgumentParser) -> None:
    """Add the options of ``score``."""
    add = part.add_argument
    add("files", nargs="+", type=Path, metavar="FILE",
        help="files or folders, as for inspect; - is the standard input")  # fmt: skip
    add_reading(part)
    add("--model", type=Path, required=True, help="folder of the bundle")
    add("--out", type=Path, required=True, help="FILE.csv or FILE.parquet to write")
    add("--commissioning", type=Path, metavar="NORMAL",
        help="a file of the same machine's normal running: judge it by its own level")  # fmt: skip
    add("--anyway", action="store_true",
        help="with --commissioning: even where something speaks against NORMAL")  # fmt: skip
    add("--why", metavar="TEXT", help="with --anyway: the reason, told with the result")
    add("--threshold", type=float, default=1.0, help="score of an anomaly (default: %(default)s)")
    add("--runtime", choices=get_args(Runtime), default="auto", help="what a network runs on: onnx "
        "takes what export-onnx wrote and imports no torch; auto is torch where it is installed "
        "(default: %(default)s)")  # fmt: skip
    _add_device(add)


def _add_device(add: Callable[..., object]) -> None:
    add("--device", choices=("auto", "cpu", "cuda"), default="auto",
        help="where a network on torch runs; auto is a GPU where torch sees one "
        "(default: %(default)s)")  # fmt: skip
