"""The fits of a training: each block held out in turn, then everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from detector.records import Values
from detector.scoring.detectors import Detector
from detector.scoring.scorer import score_session
from detector.sessions.representation import WindowFeatures
from detector.training.data.pool import WindowPool
from detector.training.data.prepare import Prepared
from detector.training.fitting.calibrate import HeldOut, Split, splits
from detector.training.fitting.fit import Epoch, pca_mse
from detector.training.fitting.network import FittedModel, Recipe, fit_model
from detector.training.fitting.plan import TrainOptions

CHUNK = 256


@dataclass(frozen=True, slots=True)
class HoldOut:
    """What the held-out blocks showed: their windows, scored by models that have not seen them."""

    blocks: list[Split]
    parts: list[HeldOut]
    fits: list[FittedModel]
    metrics: dict[str, float]


def fit_blocks(
    ready: Prepared, options: TrainOptions, represented: WindowFeatures | None
) -> HoldOut:
    """Fit to all but one block, for each of them, and score what was held out."""
    blocks = splits(ready.sessions, options.window, options.hold_out)
    parts: list[HeldOut] = []
    fits: list[FittedModel] = []
    metrics: dict[str, float] = {}
    for number, block in enumerate(blocks):
        pool = WindowPool(block.train, options.window)
        held_out = WindowPool(_held_out_parts(ready, block), options.window)
        title = f"block {number + 1} of {len(blocks)}"
        with _bar(options.recipe, title) as progress:
            found = fit_model(
                options.recipe,
                represented,
                pool,
                seed=options.seed + number,
                held_out=held_out,
                progress=progress,
                title=title.replace(" ", "-"),
            )
        if number == 0:
            metrics |= _beside_pca(found, pool, held_out)
        parts += score_parts(ready, block, found.detector, options.window)
        fits.append(found)
    watched = [found.held_out_mse for found in fits if found.held_out_mse is not None]
    if watched:
        metrics["held_out_mse"] = float(np.mean(watched))
    return HoldOut(blocks, parts, fits, metrics)


def _beside_pca(found: FittedModel, pool: WindowPool, held_out: WindowPool) -> dict[str, float]:
    """Held-out MSE of block 1, and of PCA with as many components, where that can be compared."""
    latent = getattr(found.model, "latent", None)
    if found.held_out_mse is None:
        return {}
    shown = {"held_out_mse_of_block_1": found.held_out_mse}
    if found.columns is None and latent is not None:
        shown["pca_held_out_mse_of_block_1"] = pca_mse(pool, held_out, latent)
    return shown


def fit_all(
    ready: Prepared,
    options: TrainOptions,
    represented: WindowFeatures | None,
    fits: Sequence[FittedModel],
) -> FittedModel:
    """Fit everything for as long as the held-out blocks said is best."""
    recipe = options.recipe
    pool = WindowPool(ready.sessions, options.window)
    if recipe.is_network:
        steps = float(np.mean([found.steps for found in fits]))
        an_epoch = min(recipe.plan.epoch_steps, -(-len(pool) // recipe.plan.batch))
        epochs = max(round(steps / an_epoch), 1)
        recipe = replace(recipe, plan=replace(recipe.plan, epochs=epochs))
    with _bar(recipe, "all sessions") as progress:
        return fit_model(
            recipe,
            represented,
            pool,
            seed=options.seed + len(fits),
            held_out=None,
            progress=progress,
            title="all",
        )


@contextmanager
def _bar(recipe: Recipe, title: str) -> Iterator[Callable[[Epoch], None]]:
    """A progress bar; a reference is fitted in one go and has none."""
    if not recipe.is_network:
        yield lambda _: None
        return
    with tqdm(
        total=recipe.plan.epochs,
        unit="epoch",
        desc=f"{title:12s}",
        dynamic_ncols=True,
        leave=None,  # below the bar of whoever trains several
        disable=None,  # only where somebody looks
    ) as bar:

        def show(epoch: Epoch) -> None:
            shown = {"loss": f"{epoch.loss:.4f}", "windows/s": f"{epoch.windows_per_s:.0f}"}
            if epoch.held_out_mse is not None:
                shown["held out"] = f"{epoch.held_out_mse:.4f}"
            bar.set_postfix(shown, refresh=False)
            bar.update(epoch.number - bar.n)

        yield show


def _held_out_parts(ready: Prepared, block: Split) -> list[Values]:
    return [ready.sessions[number][first:end] for number, first, end in block.held_out]


def score_parts(
    ready: Prepared,
    block: Split,
    detector: Detector,
    window: int,
    sessions: Sequence[Values | None] | None = None,
) -> list[HeldOut]:
    """Score the windows that a block holds out.

    Args:
        ready: All sessions.
        block: What is held out.
        detector: What scores it.
        window: L, samples.
        sessions: Taken for those of ``ready``; those that are None are left out.
    """
    parts = []
    for number, first, end in block.held_out:
        session = (sessions or ready.sessions)[number]
        if session is None:
            continue
        scored = score_session(detector, session[first:end], window, CHUNK)
        judged = ready.judged[number][end - len(scored.mse) : end]
        parts.append(HeldOut(scored.terms, judged, number))
    return parts
