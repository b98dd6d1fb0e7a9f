"""Colours of the page's theme for pictures that Plotly draws: those of the live chart."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

TICKS = [part * 10.0**power for power in range(-2, 5) for part in (1, 3)]  # of a log axis


@dataclass(frozen=True)
class Palette:
    """Colours of the page's theme, those of the live chart; red is for anomalies alone."""

    text: str
    faint: str
    grid: str
    line: str
    band: str
    anomaly: str
    anomalous: str
    not_judged: str


LIGHT = Palette(
    text="#1f2a33", faint="#66727d", grid="rgba(30, 45, 60, 0.08)", line="#1f7ec4",
    band="rgba(54, 66, 77, 0.30)", anomaly="#d92d20", anomalous="rgba(217, 45, 32, 0.08)",
    not_judged="rgba(90, 103, 115, 0.13)",
)  # fmt: skip
DARK = Palette(
    text="#dfe5ea", faint="#93a1ae", grid="rgba(255, 255, 255, 0.07)", line="#4aa8f0",
    band="rgba(227, 233, 239, 0.30)", anomaly="#ff5c5c", anomalous="rgba(255, 92, 92, 0.13)",
    not_judged="rgba(150, 165, 180, 0.16)",
)  # fmt: skip


def palette() -> Palette:
    """That of the viewer's theme."""
    return DARK if st.context.theme.type == "dark" else LIGHT
