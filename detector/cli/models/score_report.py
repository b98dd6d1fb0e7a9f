"""What ``score`` says of its result: how much stands out, and where that cannot be a fault."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.scoring.bundle import Bundle
from detector.text import counted, listed

MOST = 0.5  # share of anomalies from which on the level is compared with what was learnt
FAR = 5.0  # spreads of what was learnt


def told(table: pd.DataFrame, bundle: Bundle) -> list[str]:
    """What came of it, and what whoever reads it should know, a line each.

    Args:
        table: As ``score`` writes it.
        bundle: The model that scored it.
    """
    anomalies, unscored = int(table["anomaly"].sum()), int(table["score"].isna().sum())
    scored = len(table) - unscored
    share = f" ({anomalies / scored:.0%} of those with a score)" if anomalies else ""
    lines = [f"{counted(len(table), 'sample')}, {_anomalies(anomalies)}{share}"]
    if unscored:
        lines.append(_why_unscored(unscored, scored, bundle))
    if anomalies > MOST * scored:
        lines.append(_why_most(_far(table, bundle)))
    return lines


def _why_most(far: list[str]) -> str:
    where = f"all the time {listed(far, 3)}" if far else "no level is far from what was learnt"
    return (
        f"careful: most samples stand out, and {where}: another machine or another operating "
        "state (speed, load) than was learnt, unless this one failed before the recording began; "
        "see evaluate for labelled files, or give it a model of its own (adopt, train)"
    )


def _anomalies(count: int) -> str:
    return f"{count:,} anomaly" if count == 1 else f"{count:,} anomalies"


def _why_unscored(unscored: int, scored: int, bundle: Bundle) -> str:
    card = bundle.card()
    window = card.window
    why = f"a window is {window} samples of one session, so its first {window - 1} have none"
    if card.hop > 1:
        why += f", and there is a score every {card.hop} samples, where a block ends"
    if scored:
        return f"{counted(unscored, 'sample')} without a score: {why}"
    return (
        f"careful: no sample has a score: {why}; allowed: longer sessions, or a model with a "
        "shorter --window"
    )


def _far(table: pd.DataFrame, bundle: Bundle) -> list[str]:
    """Features whose median is far from all that was learnt, the farthest first."""
    document = bundle.document
    # What was learnt is relative to how each session begins, or the columns are not in the table.
    if document.baseline or not set(bundle.features) <= set(table):
        return []
    middle = table[list(bundle.features)].median().to_numpy(np.float64)
    centre, spread = np.asarray(document.scaling.centre), np.asarray(document.scaling.scale)
    distance = np.abs(middle - centre) / spread
    return [
        f"{bundle.features[i]} lies at {middle[i]:.4g} (learnt: {centre[i]:.4g} ± {spread[i]:.2g})"
        for i in np.argsort(-distance)
        if distance[i] > FAR
    ]
