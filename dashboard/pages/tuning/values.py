"""The threshold and the delays of a device: those in force, and those that a viewer tries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from dashboard import context
from dashboard.words.viewer import say
from detector.records import DeviceStatus, ModelCard
from detector.settings.alarms import AlarmSettings, Delays
from detector.store import commands
from detector.store.schema import Connection

LOWEST, HIGHEST, STEP = 0.2, 5.0, 0.05  # of a threshold
LONGEST_DELAY_S = 3600.0
MOST_WINDOWS = 1000
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Values:
    """What tunes a device.

    Attributes:
        threshold: Of the score.
        k: Windows above the threshold that raise an alarm ...
        n: ... among so many in a row.
        on_delay_s: From the first of them until it is raised, if k of n are above then, seconds.
        off_delay_s: Of windows below that clear it, seconds.
    """

    threshold: float
    k: int
    n: int
    on_delay_s: float
    off_delay_s: float

    @property
    def delays(self) -> dict[str, Any]:
        """As a command has them."""
        return {name: getattr(self, name) for name in Delays.model_fields}


def in_force(connection: Connection, status: DeviceStatus) -> Values:
    """What the detector goes by, as far as its store and the settings of this process tell."""
    given = commands.delays(connection).get(status.device)
    written = context.settings().alarms_for(status.device)
    delays = Delays(**given) if given else _as_delays(written, status.model)
    return Values(status.threshold, **dict(delays))


def _as_delays(written: AlarmSettings, card: ModelCard | None) -> Delays:
    """Those of the settings; windows that clear an alarm as seconds."""
    off_delay_s = written.off_delay_s
    if written.m is not None and card is not None:
        off_delay_s = written.m * card.sampling_period_s * card.hop
    return Delays(
        k=min(written.k, written.n), n=written.n, on_delay_s=written.on_delay_s,
        off_delay_s=round(off_delay_s, 3),
    )  # fmt: skip


def choose(device: str, now: Values) -> Values:
    """Let the viewer try others; they begin with those in force, whoever changed them.

    Args:
        device: Name of the machine; each has values of its own.
        now: In force.
    """
    keys = _follow(device, now)
    threshold = st.slider(
        say("tuning.threshold"), LOWEST, max(HIGHEST, -(-now.threshold // 1)), step=STEP,
        key=keys["threshold"], help=say("tuning.threshold_help"),
    )  # fmt: skip
    first, second = st.columns(2)
    with first:
        on_delay_s = _seconds("tuning.on_delay", "tuning.on_delay_help", keys["on_delay_s"])
        k = _windows("tuning.k", "tuning.k_help", keys["k"])
    with second:
        off_delay_s = _seconds("tuning.off_delay", "tuning.off_delay_help", keys["off_delay_s"])
        n = _windows("tuning.n", "tuning.n_help", keys["n"])
    chosen = Values(round(threshold, 2), k, n, on_delay_s, off_delay_s)
    if abs(chosen.threshold - round(now.threshold, 2)) < SAME:
        chosen = replace(chosen, threshold=now.threshold)  # which may have more digits
    return chosen


def _follow(device: str, now: Values) -> dict[str, str]:
    """Begin with what is in force, anew when that has changed; returns the widgets' keys."""
    keys = {name: f"tuning {name} {device}" for name in Values.__dataclass_fields__}
    seen = f"tuning seen {device}"
    if st.session_state.get(seen) != now or keys["k"] not in st.session_state:
        st.session_state[seen] = now
        for name, key in keys.items():
            st.session_state[key] = getattr(now, name)
        st.session_state[keys["threshold"]] = max(LOWEST, round(now.threshold, 2))
    return keys


def _seconds(label: str, about: str, key: str) -> float:
    return float(st.number_input(
        say(label), 0.0, LONGEST_DELAY_S, step=0.5, format="%.1f", key=key, help=say(about)
    ))  # fmt: skip


def _windows(label: str, about: str, key: str) -> int:
    return int(st.number_input(say(label), 1, MOST_WINDOWS, key=key, help=say(about)))
