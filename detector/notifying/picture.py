"""The signal around an alarm as a PNG: raw, one strip a feature, anomalies as red marks."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from matplotlib import dates
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from detector.records import Alarm, Flags, Frame, Times, Values, is_backlog
from detector.store.archive.place import place_at
from detector.store.archive.reading import LostHour, between
from detector.store.schema import Engine
from detector.text import inert

logger = logging.getLogger(__name__)

BEFORE_S, AFTER_S = 50.0, 10.0  # of the alarm's start; what came later, where it is there
MOST_STRIPS, MOST_POINTS = 6, 1500  # features; pairs of extremes of one feature
SHARE = 0.5  # of the largest contribution, from which a feature counts as a cause
WIDTH, STRIP, REST = 8.0, 1.1, 0.9  # inches
SIGNAL, ANOMALY = "#1f5a8a", "#d62728"


def picture_of(store: Engine, place: str, alarm: Alarm) -> bytes | None:
    """Draw the minute around the start of an alarm; None: nothing of it is stored.

    Args:
        store: Open.
        place: Of the archive.
        alarm: With its causes.
    """
    first, last = alarm.start - BEFORE_S, alarm.start + AFTER_S
    with store.connect() as connection:
        found = list(between(connection, place_at(place), alarm.device, first, last, tell=_tell))
    live = [one for one in found if not is_backlog(one.session)]
    kept = [one for one in live if one.features == live[-1].features]
    return _drawn(alarm, kept) if kept else None


def _drawn(alarm: Alarm, found: Sequence[Frame]) -> bytes:
    features = _causes_first(found[-1].features, alarm)
    columns = [found[-1].features.index(name) for name in features]
    ts: Times = np.concatenate([frame.ts for frame in found])
    values: Values = np.concatenate([frame.values for frame in found])
    anomaly: Flags = np.concatenate([frame.anomaly for frame in found])
    figure = Figure(figsize=(WIDTH, REST + STRIP * len(features)), layout="constrained")
    FigureCanvasAgg(figure)
    title = f"{inert(alarm.device)}: alarm {alarm.id} from {_moment(alarm.start)} UTC"
    figure.suptitle(_plain(title), fontsize=9)
    panels = np.atleast_1d(figure.subplots(len(features), 1, sharex=True))
    causes = _causes(alarm) or set(features)
    for panel, name, column in zip(panels, features, columns, strict=True):
        for some in _sessions(found):
            at, drawn = _extremes(ts[some], values[some, column])
            panel.plot(_days(at), drawn, color=SIGNAL, linewidth=0.6)
        if name in causes:
            panel.plot(_days(ts[anomaly]), values[anomaly, column], ".", color=ANOMALY,
                       markersize=3)  # fmt: skip
        panel.set_ylabel(_plain(name[:24]), fontsize=8)
        panel.tick_params(labelsize=7)
    panels[-1].xaxis.set_major_locator(dates.AutoDateLocator(tz=UTC))  # type: ignore[no-untyped-call]
    panels[-1].xaxis.set_major_formatter(dates.DateFormatter("%H:%M:%S", tz=UTC))  # type: ignore[no-untyped-call]
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100, metadata={"Software": None})
    return content.getvalue()


def _sessions(found: Sequence[Frame]) -> list[np.ndarray]:
    """Numbers of the samples of each session, between which no line is drawn."""
    ends = np.cumsum([len(frame.ts) for frame in found])
    pairs = zip(ends, found, found[1:], strict=False)
    cuts = [end for end, one, following in pairs if following.session != one.session]
    return np.split(np.arange(ends[-1]), cuts)


def _causes(alarm: Alarm) -> set[str]:
    """Features that contributed at least half of what the largest did; a column is its feature."""
    least = SHARE * max(alarm.contributions.values(), default=0.0)
    return {name.partition(".")[0] for name, share in alarm.contributions.items() if share >= least}


def _causes_first(features: Sequence[str], alarm: Alarm) -> list[str]:
    causes = _causes(alarm)
    return sorted(features, key=lambda name: name not in causes)[:MOST_STRIPS]


def _extremes(ts: Times, values: Values) -> tuple[Times, Values]:
    """The smallest and largest of each stretch, so that no spike is lost."""
    stretches = np.array_split(np.arange(len(ts)), min(len(ts), MOST_POINTS))
    if len(stretches) == len(ts):
        return ts, values
    low = [int(one[np.argmin(np.nan_to_num(values[one], nan=np.inf))]) for one in stretches]
    high = [int(one[np.argmax(np.nan_to_num(values[one], nan=-np.inf))]) for one in stretches]
    kept = np.unique([*low, *high])
    return ts[kept], values[kept]


def _days(ts: Times) -> Times:
    """As matplotlib counts dates."""
    return ts / 86_400


def _moment(ts: float) -> str:
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _plain(text: str) -> str:
    """Shown as it is: matplotlib reads mathematics between dollars."""
    return inert(text).replace("$", r"\$")


def _tell(lost: LostHour) -> None:
    logger.warning("picture of %s: samples are missing, %s", lost.device, lost.reason)
