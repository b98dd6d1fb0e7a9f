"""The frozen values that travel between the rooms.

Shapes: n samples, F features. Times are UTC seconds (float64), sensor values are float32,
a missing value is NaN inside an array and ``None`` outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from detector.alarm_records import HELD, Alarm, Hold, Life, Priority
from detector.causes import Cause

# The rest of the project finds all values that travel here.
__all__ = [
    "BACKLOG", "HELD", "Alarm", "Command", "DetectorHealth", "DeviceState", "DeviceStatus",
    "Flags", "Frame",
    "Hold", "Life", "ModelCard", "Outcome", "Priority", "Samples", "Times", "Unused", "Values",
    "backlog_label", "is_backlog", "is_backlog_label", "label_of",
]  # fmt: skip

Times: TypeAlias = npt.NDArray[np.float64]
Values: TypeAlias = npt.NDArray[np.float32]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Samples:
    """Consecutive samples of one device, as they arrived.

    Attributes:
        features: Names of the F columns of ``values``.
        ts: Shape (n,), device clock.
        values: Shape (n, F), in each feature's own unit.
        session: The session named by the sender, None when it names none.
    """

    features: tuple[str, ...]
    ts: Times
    values: Values
    session: str | None = None

    def __len__(self) -> int:
        return len(self.ts)

    def with_features(self, features: tuple[str, ...]) -> Samples:
        """The same with the columns of ``features``; those it has not are missing."""
        if features == self.features:
            return self
        place = {name: column for column, name in enumerate(self.features)}
        values = np.full((len(self), len(features)), np.nan, np.float32)
        for column, name in enumerate(features):
            if name in place:
                values[:, column] = self.values[:, place[name]]
        return Samples(features, self.ts, values, self.session)


BACKLOG = "~backlog"  # ends the label of a session that was sent after its time


def backlog_label(label: str | None) -> str:
    """Label of a session of samples sent after their time."""
    return f"{label or ''}{BACKLOG}"


def is_backlog_label(label: str | None) -> bool:
    """Whether a label is of samples sent after their time, beside the live ones."""
    return label is not None and label.endswith(BACKLOG)


def label_of(session: str) -> str | None:
    """The name that a sender gave to a session; None when it gave none."""
    return session.rpartition("#")[0] or None


def is_backlog(session: str) -> bool:
    """Whether a session is of samples sent after their time."""
    return is_backlog_label(label_of(session))


@dataclass(frozen=True, slots=True)
class Frame:
    """A block of samples of one device and session with all that scoring said of them.

    Attributes:
        device: Name of the machine.
        session: Unique within the device.
        features: Names of the F columns, model features and running signal alike.
        ts: Shape (n,), device clock.
        values: Shape (n, F).
        reconstruction: Shape (n, F); NaN in warm-up, in windows left out, and outside the model.
        score: Shape (n,), unitless, 1.0 is the calibrated threshold; NaN in warm-up and in windows
            left out: a judged sample without a score.
        mse: Shape (n,), plain window MSE in scaled units; NaN in warm-up and in windows left out.
        judged: Shape (n,), False where the machine is not in the states asked for.
        threshold: Score above which a judged sample is an anomaly.
        contributions: Shape (F,), share of each feature in the frame's largest score.
        causes: Columns of a front end behind the frame's largest score, the most first.
        due: Shape (n,), where a score is due, so that one missing was left out; None: everywhere.
        arrival: When the newest sample arrived, detector clock.
        frame_id: Order of commit in the store; None before it is stored.
    """

    device: str
    session: str
    features: tuple[str, ...]
    ts: Times
    values: Values
    reconstruction: Values
    score: Values
    mse: Values
    judged: Flags
    threshold: float
    contributions: Values
    arrival: float
    frame_id: int | None = None
    causes: tuple[Cause, ...] = ()
    due: Flags | None = None

    @property
    def anomaly(self) -> Flags:
        """Shape (n,), True where a judged sample's score is above the threshold."""
        with np.errstate(invalid="ignore"):
            return self.judged & (self.score > self.threshold)


class DeviceState(StrEnum):
    """What the detector says of a device; the page adds ``stale`` from the data's age."""

    OK = "ok"
    ALARM = "alarm"
    SUSPECT = "suspect"  # the same by a provisional model: shown and recorded, nobody is notified
    SENSOR = "sensor"  # a sensor is in trouble, as far as is known the machine is not
    WARMING_UP = "warming-up"
    NOT_JUDGED = "not-judged"  # the machine is not in the states asked for, for example stopped
    UNSCORED = "unscored"  # no model fits; the reason says why


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a page needs to know of a device's model.

    Attributes:
        name: Folder name of the bundle.
        network: For example ``lstm_ae``.
        window: L, samples.
        sampling_period_s: Seconds between samples.
        features: The F model features.
        units: One per feature, empty when unknown.
        mse_log_centre: Shape (F,); log of a feature's normal window MSE.
        mse_log_gain: Shape (F,); growth of that log per 1.0 of score, 0 where it is not judged.
        provenance: One sentence on threshold method, hours of data and false-alarm bound.
        provisional: It was learnt by itself, and nobody has confirmed it.
        hop: Samples from one score to the next; 1: every sample has one.
        trained_h: Hours of data that it was trained on; None: not told.
    """

    name: str
    network: str
    window: int
    sampling_period_s: float
    features: tuple[str, ...]
    units: tuple[str, ...]
    mse_log_centre: tuple[float, ...]
    mse_log_gain: tuple[float, ...]
    provenance: str = ""
    provisional: bool = False
    hop: int = 1
    trained_h: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """The latest word on one device.

    Attributes:
        device: Name of the machine.
        state: See ``DeviceState``.
        reason: Why it is unscored, or what is said beside its state; None otherwise.
        score: Largest judged score of the newest frame that has one; None in warm-up.
        mse: The newest window MSE; None in warm-up.
        threshold: In force, in units of score.
        last_ts: Newest sample, device clock.
        last_arrival: When it arrived, detector clock.
        rate_hz: Samples per second of device clock.
        features: Names of the stored columns.
        model: None when no model is matched.
        counters: What was received, dropped and interpolated, by name.
        detector: Name of the one that hears it; empty: nobody has taken it over.
    """

    device: str
    state: DeviceState
    reason: str | None
    score: float | None
    mse: float | None
    threshold: float
    last_ts: float
    last_arrival: float
    rate_hz: float | None
    features: tuple[str, ...]
    model: ModelCard | None
    counters: dict[str, int] = field(default_factory=dict)
    detector: str = ""


class Outcome(StrEnum):
    """What became of something that was received and not used."""

    LEFT_OUT = "left-out"  # a channel that is no feature
    IGNORED = "ignored"  # a message without samples that is no mistake
    REFUSED = "refused"  # a message that was not taken
    NOT_HELD = "not-held"  # samples of a device beyond those that the buffer may hold


@dataclass(frozen=True, slots=True)
class Unused:
    """Something that was received and not used; counted since the detector started.

    Attributes:
        topic: It came on.
        channel: What was left out of its messages; None: whole messages.
        outcome: What became of it.
        kind: Class of the reason, of a refusal; empty otherwise.
        reason: The newest one, one line; its text may hold anything that was sent.
        count: Messages.
        last_seen: Arrival of the newest, detector clock.
    """

    topic: str
    channel: str | None
    outcome: Outcome
    kind: str
    reason: str
    count: int
    last_seen: float


@dataclass(frozen=True, slots=True)
class Command:
    """An operator's action; the applied ones are the audit log.

    Attributes:
        id: Given by the store.
        device: Name of the machine; empty where it is no single one.
        kind: ``threshold``, ``delays``, ``confirm`` of a provisional model, ``commission``,
            ``reload``, or what an operator says to alarms: ``ack``, ``shelve``, ``unshelve``,
            ``comment``, ``verdict``, ``maintenance``, ``out-of-service``; or a ``note`` on a
            stretch of a device's time.
        value: What the kind needs, for example ``{"threshold": 1.2}``.
        who: Operator's name.
        issued_at: When it was given, UTC seconds.
        applied_at: When the detector applied it; None while pending.
        outcome: ``applied``, of a reload with what it did, or ``refused`` with the reason; None
            while pending.
    """

    id: int
    device: str
    kind: str
    value: dict[str, Any]
    who: str
    issued_at: float
    applied_at: float | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class DetectorHealth:
    """The running detector's own word, renewed every second while it lives.

    Attributes:
        owner: Process that holds the lease.
        renewed_at: UTC seconds; older than a few seconds means stopped.
        connection: State of the MQTT connection, for example ``connected``.
        counters: Totals over all devices, by name.
        name: Of the detector; see ``Settings.detector_name``.
    """

    owner: str
    renewed_at: float
    connection: str
    counters: dict[str, int]
    name: str = ""
