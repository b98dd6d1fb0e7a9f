"""What the API answers: the store's own records, and a device's past in rows."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import BaseModel, Field

from dashboard.live.states import shown_state
from detector.records import Alarm, Command, DeviceStatus
from detector.store.history.history import History

WHAT = ("min", "mean", "max")  # of each feature

SAME = ("device", "reason", "score", "mse", "threshold", "last_ts", "last_arrival", "rate_hz",
        "counters")  # fmt: skip
Row = dict[str, float | int | bool | None]


class DeviceAnswer(BaseModel):
    """The latest word on a machine; times are UTC seconds."""

    device: str
    state: str = Field(description="`ok`, `alarm` …; `stale` where its data are old.")
    reason: str | None = Field(description="Why it is unscored, or what is said beside its state.")
    score: float | None = Field(description="1 is the limit of what is normal; none in warm-up.")
    mse: float | None
    threshold: float = Field(description="In force, in units of score.")
    last_ts: float = Field(description="Newest sample, device clock.")
    last_arrival: float = Field(description="When it arrived, detector clock.")
    rate_hz: float | None
    features: list[str]
    model: str | None
    network: str | None
    provisional: bool = Field(description="Its model was learnt by itself; nobody confirmed it.")
    counters: dict[str, int] = Field(description="Received, dropped, interpolated …")


class Comment(BaseModel):
    """What somebody said of an alarm."""

    who: str
    at: float = Field(description="UTC seconds, detector clock.")
    text: str


class AlarmAnswer(BaseModel):
    """An alarm; times are UTC seconds."""

    id: int
    device: str = Field(description="Name of the machine; empty: the detector itself.")
    kind: str
    state: str = Field(description="`active` or `cleared`.")
    life: str = Field(description="Its state after ISA-18.2, for example `unacknowledged`.")
    priority: str = Field(description="`low`, `medium` or `high`.")
    sentence: str = Field(description="What is the matter.")
    start: float = Field(description="Sample time of the first anomaly that led to it.")
    end: float | None = Field(description="Sample time at which its cause went.")
    ended_by: str | None
    peak_score: float
    peak_ts: float | None
    threshold: float
    contributions: dict[str, float] = Field(description="Share per feature at the peak, 0 to 1.")
    model: str
    raised_at: float | None = Field(description="When it was told; none: nobody was told.")
    acknowledged_at: float | None
    acknowledged_by: str | None
    verdict: str | None = Field(description="`real`, `false` or `known`, an operator's.")
    cause: str | None
    comments: list[Comment]


class GapAnswer(BaseModel):
    """A time of which nothing is stored."""

    start: float
    end: float
    reason: str


class HistoryAnswer(BaseModel):
    """A device's past, one row a bucket."""

    device: str
    features: list[str]
    start: float = Field(description="Asked for, UTC seconds.")
    end: float = Field(description="Asked for, UTC seconds; not in it.")
    tier: str = Field(description="The finest that was read: `full`, `1s`, `1min` or `15min`.")
    rows: list[Row] = Field(
        description="`ts` (UTC seconds, where the bucket begins), `width_s` (0: a single sample), "
        "`samples`, `FEATURE_min`, `FEATURE_mean` and `FEATURE_max`, `score` (highest; 1 is the "
        "limit of what is normal), `threshold`, `anomalies`, `running_share`, `is_break` (nothing "
        "is stored between the row before and this one). Missing is null."
    )
    gaps: list[GapAnswer]
    lost: list[str] = Field(description="Parts of the archive that could not be read, and why.")


def device_answer(status: DeviceStatus, now: float, stale_s: float) -> DeviceAnswer:
    """The latest word on a machine at ``now``, UTC seconds."""
    card = status.model
    return DeviceAnswer(
        **{name: getattr(status, name) for name in SAME},
        state=shown_state(status, now, stale_s),
        features=list(status.features),
        model=card and card.name,
        network=card and card.network,
        provisional=card is not None and card.provisional,
    )


def alarm_answer(alarm: Alarm, comments: list[Command]) -> AlarmAnswer:
    """An alarm and what was said of it."""
    said = [Comment(who=one.who, at=one.issued_at, text=one.value["why"]) for one in comments]
    return AlarmAnswer(**dataclasses.asdict(alarm), comments=said)


def history_answer(past: History) -> HistoryAnswer:
    """A device's past in rows."""
    columns = _columns(past)
    return HistoryAnswer(
        device=past.device,
        features=list(past.features),
        start=past.start,
        end=past.end,
        tier=past.tier,
        rows=[dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        gaps=[GapAnswer(**dataclasses.asdict(gap)) for gap in past.gaps],
        lost=[hour.reason for hour in past.lost],
    )


def _columns(past: History) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {"ts": past.ts.tolist(), "width_s": past.width_s.tolist()}
    for what, values in zip(WHAT, (past.low, past.mean, past.high), strict=True):
        columns |= {f"{name}_{what}": values[:, i].tolist() for i, name in enumerate(past.features)}
    return columns | {
        "samples": past.samples.tolist(),
        "score": past.score.tolist(),
        "threshold": past.threshold.tolist(),
        "anomalies": past.anomalies.tolist(),
        "running_share": past.running_share.tolist(),
        "is_break": past.breaks.tolist(),
    }
