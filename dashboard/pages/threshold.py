"""The threshold slider: an operator's command that the detector applies and keeps."""

from __future__ import annotations

import math

import streamlit as st

from dashboard.live.reading import Facts
from dashboard.pages.answering import issue, why_not
from dashboard.words.viewer import number, say
from detector.records import ModelCard
from detector.thresholds.methods import mse_at

KIND = "threshold"
LOWEST, HIGHEST, STEP = 0.2, 5.0, 0.05


def threshold_control(device: str, facts: Facts) -> None:
    """Draw the slider.

    Args:
        device: Name of the machine.
        facts: Of the same device.
    """
    with st.sidebar:
        if facts.status is None or facts.status.model is None:
            st.caption(say("device.no_threshold"))
            return
        key, denied = _follow_the_truth(device, facts), why_not(KIND)
        value = st.slider(
            say("device.fact_threshold"),
            LOWEST,
            max(HIGHEST, math.ceil(in_force(facts))),
            step=STEP,
            key=key,
            help=say("device.threshold_help"),
            on_change=_issue,
            args=(device, key),
            disabled=denied is not None,
        )
        st.caption(_meaning(value, facts.status.model))
        if denied is not None:
            st.caption(f":material/lock: {denied}")


def in_force(facts: Facts) -> float:
    """The threshold last asked for, else the one the detector uses."""
    command = facts.command
    is_waiting = command is not None and command.applied_at is None
    if command is not None and is_waiting and command.value["threshold"] is not None:
        return float(command.value["threshold"])
    return 1.0 if facts.status is None else facts.status.threshold


def _follow_the_truth(device: str, facts: Facts) -> str:
    """Set the slider when the threshold was changed elsewhere; returns the slider's key."""
    key = f"threshold {device}"
    truth = in_force(facts)
    if key not in st.session_state or st.session_state.get(_seen(device)) != truth:
        st.session_state[key] = max(LOWEST, round(truth, 2))
        st.session_state[_seen(device)] = truth
    return key


def _issue(device: str, key: str) -> None:
    """Write the command; called before the page is drawn again."""
    value = round(float(st.session_state[key]), 2)
    if issue(device, KIND, {"threshold": value}) is None:
        return
    # Not to be set again from here: the slider may have moved on meanwhile and would jump back.
    st.session_state[_seen(device)] = value


def _seen(device: str) -> str:
    """Key of the threshold that the slider was last in step with."""
    return f"threshold seen {device}"


def _meaning(score: float, card: ModelCard) -> str:
    mse = mse_at(score, card.mse_log_centre, card.mse_log_gain)
    columns = len(card.mse_log_centre)
    fields = {"score": number(score, 2), "mse": f"{mse:.3g}", "n": columns}
    # Behind a front end the error is one of columns; of the raw signal there is none.
    of_signal = columns == len(card.features) and "dB" not in card.units
    return say("device.meaning" if of_signal else "device.meaning_of_columns", **fields)
