"""Which features of a device get a chart: of many those that matter, or those chosen."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.words.viewer import say
from detector.records import Alarm

MOST = 8  # as in dashboard/assets/figure.js


def choose_features(device: str, names: Sequence[str]) -> tuple[str, ...]:
    """Let the viewer choose of many; empty: nobody has chosen, or there are few.

    Args:
        device: Name of the machine; each has a choice of its own.
        names: All that can be drawn.
    """
    if len(names) <= MOST:
        return ()
    chosen = st.sidebar.multiselect(
        say("device.features", n=len(names)),
        names,
        key=f"features {device}",
        max_selections=MOST,
        placeholder=say("device.those_that_matter"),
        help=say("device.features_help", n=MOST),
    )
    return tuple(chosen)


def those_that_matter(names: Sequence[str], alarms: Sequence[Alarm]) -> tuple[str, ...]:
    """All of a few; of many those behind the newest alarms, then the first, in their order.

    Args:
        names: All that can be drawn.
        alarms: The newest first.
    """
    if len(names) <= MOST:
        return tuple(names)
    behind = [
        name
        for alarm in alarms
        for name, _ in sorted(alarm.contributions.items(), key=lambda item: -item[1])
        if name in names
    ]
    shown = set(list(dict.fromkeys([*behind, *names]))[:MOST])
    return tuple(name for name in names if name in shown)
