"""Refusals, reasons and findings of the detector are said in Korean, as its code makes them."""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import numpy as np
import pytest

from detector.adopting.machine.channels import IS_SIGNAL
from detector.alarms import requests
from detector.alarms.answers import _not_now
from detector.cli.models.commission import REASONS
from detector.errors import AlarmError
from detector.ingest.trust import WANTED
from detector.provisional import apprentice, channels
from detector.provisional.watch import Learning, Stretch
from detector.records import Alarm, Life
from detector.scoring.bundle import NOT_COMMISSIONED
from detector.scoring.learnt import NO_RULE
from detector.scoring.rate import rate_misfit
from detector.service.newcomers import NO_TORCH
from tests.support.sentences import PROJECT, arguments, korean, noted, raised, returned, written

REQUESTS, ANSWERS = "detector/alarms/requests.py", "detector/alarms/answers.py"
OPERATED = "detector/service/operator_commands.py"
REFUSALS = {
    *raised(REQUESTS, "AlarmError"), *raised(ANSWERS, "AlarmError"),
    *raised(OPERATED, "AlarmError"), *returned(OPERATED, "_other"),
    *returned("detector/service/newcomers.py", "confirm", "_why_not"),
    *(f"refused: {text}" for text in returned("detector/service/simulated/desk.py", "_request")),
}  # fmt: skip
NOTHING_OF_ITS_OWN = {"refused: 7", "7: found 7, allowed: 7"}


@pytest.mark.parametrize("text", sorted(REFUSALS - NOTHING_OF_ITS_OWN))
def test_why_a_command_was_refused(text):
    """Whatever the code of the commands says, by itself and as what came of a command."""
    korean(text)
    korean(f"refused: {text.removeprefix('refused: ')}")


def test_what_an_alarm_is_not_open_for():
    """Every life of an alarm with each answer that does not suit it."""
    allowed = {text for text in arguments(ANSWERS, "_not_now") if text}
    assert len(allowed) == 4
    for life, who, text in product(Life, (None, "Kim"), allowed):
        alarm = Alarm(5, "m", "score", "active", 0.0, None, 2.0, {}, "", 1.0,
                      life=life.value, acknowledged_by=who)  # fmt: skip
        korean(f"refused: {_not_now(alarm, text)}", "minutes")


@pytest.mark.parametrize("name", ["k", "n", "on_delay_s", "off_delay_s"])
@pytest.mark.parametrize("found", [0, -1, 1e9, "x", True, 2.5])
def test_which_delays_are_refused(name, found):
    """In the words of the library that checks them."""
    delays = {"k": 2, "n": 3, "on_delay_s": 0.0, "off_delay_s": 1.0, name: found}
    with suppress(AlarmError):
        requests.delays_of({"delays": delays})
        return
    with pytest.raises(AlarmError) as refused:
        requests.delays_of({"delays": delays})
    korean(str(refused.value))


STANDING = {
    NO_RULE, f"{NO_RULE}; {NO_TORCH}", NOT_COMMISSIONED, apprentice.GONE,
    *raised("detector/provisional/learn.py", "NotYetError"),
    *written("detector/provisional/learn.py", "refuse_too_little") - {"none"},
    *raised("detector/provisional/lessons.py", "NotYetError"),
    *raised("detector/provisional/lessons.py", "TrainingError"),
    *raised("detector/provisional/lessons.py", "StrangerError"),
    *written("detector/scoring/bundle.py", "accepts"),
    *returned("detector/normal/level.py", "misfit"),
    *returned("detector/provisional/files.py", "note_of"),
    *written("detector/engines/rulings.py", "outlook"),
    *returned("detector/engines/streams.py", "_misfit"),
    *returned("detector/normal/conditions.py", "told"),
}  # fmt: skip


def test_why_a_device_is_not_scored():
    """And what stands beside its state."""
    for text in STANDING - {"7: 7", "7"}:
        korean(text)
    (note,) = returned("detector/provisional/files.py", "note_of")
    (again,) = (
        one for one in written("detector/service/newcomers.py", "_prove") if "again:" in one
    )
    korean(f"{note}, {again}; outside what it has learnt: rpm 900 (learnt 100 to 800)", "rpm")
    korean(f"pump: {rate_misfit(25.0, 0.01)}", "pump")
    for heard_s, samples, is_queued in ((60.0, 6000, False), (900.0, 20, False), (1.0, 5, True)):
        learning = Learning(600.0, Stretch(0.0, 1.0, heard_s, samples), is_queued=is_queued)
        korean(learning.reason)
        learning.told = "its channels never came together"
        korean(learning.reason)


def test_why_a_channel_is_left_out_of_a_provisional_model():
    """Constant, missing, a rare event, and one that wanders."""
    values = np.zeros((400, 3), np.float32)
    values[::2, 1] = np.nan
    values[200:, 2] = 1.0
    found = channels.too_little(values, ("a", "b", "c"))
    slow = np.linspace(0.0, 1.0, 400, dtype=np.float32)[:, None]
    found |= channels.unsettled([slow], [np.ones(400, np.bool_)], ("d",))
    assert len(found) == 4
    said = ", ".join(f"{name} {why}" for name, why in found.items())
    korean(f"learning: 3 of 10 minutes (no channel to learn from: {said})")


FINDINGS = {
    *raised("detector/commissioning/learn.py", "CommissionError"),
    *returned("detector/commissioning/learn.py", "_doubts"),
    *raised("detector/commissioning/stored.py", "CommissionError"),
    *raised("detector/cli/models/commission.py", "CommissionError", {"_refuse_options"}),
    *raised("detector/adopting/machine/normal.py", "AdoptError", {"recorded_stretch"}),
    *raised("detector/adopting/machine/stretch.py", "AdoptError"),
    *raised("detector/adopting/machine/candidates.py", "AdoptError"),
    *raised("detector/adopting/machine/channels.py", "AdoptError"),
    *raised("detector/adopting/machine/gather.py", "AdoptError"),
    *raised("detector/adopting/machine/write.py", "AdoptError"),
    *returned("detector/adopting/machine/channels.py", "unusable", "drifting", "missing"),
    *written("detector/adopting/machine/normal.py", "_notes"),
    *written("detector/adopting/machine/sight.py", "limits", "_unseen_states"),
    *returned("detector/sessions/window_length.py", "waveform"),
    IS_SIGNAL,
}  # fmt: skip


@pytest.mark.parametrize("text", sorted(FINDINGS - {"7: 7"}))
def test_what_commissioning_and_adopting_say(text):
    """Why they refuse, what speaks against a stretch, and what a new model will not see."""
    korean(text, "train")


def test_what_speaks_against_a_stretch_stands_in_one_line():
    """With what to do about it, as the command refuses it."""
    doubts = "; ".join(sorted(returned("detector/commissioning/learn.py", "_doubts")))
    korean(f"pump: {doubts}; or: {REASONS}", "pump")


CONNECTION = {
    *(f"broker:1883: {text}" for text in (
        *returned("detector/ingest/connection.py", "why_refused"),
        *returned("detector/ingest/trust.py", "why_not_trusted"),
    )),
    *(f"broker:1883: not trusted (its certificate: 7), trying again, allowed: {one}"
      for one in WANTED.values()),
    *(text.replace("7", "broker:1883", 1)
      for text in written("detector/ingest/connection.py", "end")),
}  # fmt: skip


def test_how_the_connection_to_the_broker_stands():
    """The word that stands in the bar of every page."""
    for text in CONNECTION:
        korean(text, "broker")
    for what in ("cannot be reached (7)", "connection lost (7)"):
        line = f"{what}, trying again, allowed: an MQTT broker at mqtt.url"
        korean(f"broker:1883: {line}", "broker")


ROOMS = ("codecs", "envelopes", "messages")
INGEST = [
    *(f"detector/ingest/{path.parent.name}/{path.name}"
      for room in ROOMS for path in (PROJECT / "detector" / "ingest" / room).glob("*.py")),
    "detector/ingest/sources.py",
]  # fmt: skip


def test_why_a_message_is_not_used():
    """Whatever a codec refuses, ignores or leaves out, as the page of the system tells it."""
    said = {text for module in INGEST for text in noted(module, "ignored", "left_out")}
    assert len(said) > 12
    for text in said:
        korean(text)
    refused = {text for module in INGEST for text in (
        *raised(module, "RefusedPayloadError", at=-1), *noted(module, "line"),
    )}  # fmt: skip
    refused = {text for text in refused if ", allowed: " in text and ": found two with" not in text}
    assert len(refused) > 30
    for text in refused - {"payload: found 7, allowed: 7"}:
        korean(text, "rate_hz", "time", "device", "feature", "layout", "fs", "rate")
