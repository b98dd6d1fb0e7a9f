"""The sub-commands about models: train, evaluate, score. Each returns what it prints.

Imported only when one of them runs: torch takes seconds to load.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from detector.cli.train_arguments import AUTO, RESUME, read_dataset, read_options, say
from detector.errors import SessionFileError, TrainingError
from detector.scoring.bundle import Bundle, load_bundle, save_bundle
from detector.scoring.files import frames_to_table, score_file
from detector.sessions.files import find_files
from detector.training import train as training
from detector.training.lab.evaluate import Injection, families_named, read_cases
from detector.training.lab.lab import measure
from detector.training.lab.labelled import place_f2
from detector.training.lab.report import as_json, as_markdown, as_text, draw, refuse_picture
from detector.training.select import choose_network


def train(args: argparse.Namespace) -> str:
    """Train a bundle and write it."""
    if args.out.exists() and not args.out.is_dir():
        raise TrainingError(f"--out {args.out}: a file, allowed: a folder")
    dataset = read_dataset(args)
    options = read_options(args, dataset)
    if args.network == AUTO:
        options, told = choose_network(dataset, options, args.candidates)
        say(told)
    bundle = training.train(dataset, options, args.out.name)
    if args.threshold == "f2":
        bundle = place_f2(bundle, args.labelled, options.conditioning.threshold_rule)
    save_bundle(bundle, args.out)
    _forget_checkpoints(args.out)
    return "\n".join([*_told(bundle), f"written: {args.out} ({_size_kb(args.out):.0f} kB)"])


def evaluate(args: argparse.Namespace) -> str:
    """Tell what models catch in sessions with known faults, beside the floor rows."""
    if args.png is not None:
        refuse_picture(args.png)
    families = families_named(args.faults)
    bundles = [load_bundle(path) for path in args.model]
    injection = _injection(args, families, bundles) if families else None
    cases = list(read_cases(args.sessions, injection))
    lab = measure(cases, bundles, ablate=args.ablate, seed=args.seed, progress=_progress)
    if args.png is not None:
        draw(lab, args.png)
    if args.json:
        return as_json(lab)
    return as_markdown(lab) if args.markdown else as_text(lab)


def _injection(
    args: argparse.Namespace, families: tuple[str, ...], bundles: Sequence[Bundle]
) -> Injection:
    """Faults in features that every model sees, while the machine runs as the first one has it."""
    running = bundles[0].document.running
    shared = [f for f in bundles[0].features if all(f in bundle.features for bundle in bundles)]
    return Injection(
        families,
        severities=tuple(args.severities),
        seeds=tuple(range(args.seed, args.seed + args.seeds)),
        features=tuple(shared),
        running=None if running is None else running.signal(),
    )


def score(args: argparse.Namespace) -> str:
    """Score session files into one CSV or Parquet file."""
    bundle = load_bundle(args.model)
    tables = []
    for path in tqdm(find_files(args.files), unit="file", disable=len(args.files) < 2):
        tables += [frames_to_table(found) for found in score_file(bundle, path, args.threshold)]
    table = pd.concat(tables, ignore_index=True)
    try:
        if args.out.suffix == ".parquet":
            table.to_parquet(args.out, index=False)
        else:
            table.to_csv(args.out, index=False)
    except OSError as error:
        raise SessionFileError(f"{args.out}: cannot be written ({error.strerror})") from None
    anomalies = int(table["anomaly"].sum())
    return f"written: {args.out}, {len(table)} samples, {anomalies} anomalies"


def _told(bundle: Bundle) -> list[str]:
    metrics = bundle.document.metrics
    lines = [bundle.card().provenance]
    if "held_out_mse" in metrics:
        beside = ""
        if "pca_held_out_mse_of_block_1" in metrics:
            beside = (
                f" (block 1: {metrics['held_out_mse_of_block_1']:.4f}; PCA with as many "
                f"components {metrics['pca_held_out_mse_of_block_1']:.4f})"
            )
        lines.insert(0, f"held-out MSE {metrics['held_out_mse']:.4f}{beside}")
    return lines


def _forget_checkpoints(out: Path) -> None:
    folder = out / RESUME
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _progress(total: int, what: str) -> tqdm[None]:
    return tqdm(total=total, unit="session", desc=what, leave=False, dynamic_ncols=True)


def _size_kb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) / 1000
