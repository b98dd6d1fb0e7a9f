"""``alarms --figures``: the figures as a report, or as JSON."""

from __future__ import annotations

import argparse
import time

from detector.alarms.figures import DAY_S, HOUR_S, Figures, Point, figures
from detector.cli.tables import as_json, moment
from detector.store import alarms
from detector.store.schema import Engine
from detector.text import counted, inert, listed, span


def tell(store: Engine, args: argparse.Namespace) -> str:
    """Count, of the days asked for or of as many as the store has seen."""
    now = time.time()
    with store.connect() as connection:
        start = max(now - args.days * DAY_S, alarms.watched_since(connection) or now)
        told = alarms.since(connection, start)
        still = alarms.open_ones(connection)
    if args.device is not None:
        told = [alarm for alarm in told if alarm.device == args.device]
        still = [alarm for alarm in still if alarm.device == args.device]
    found = figures(told, still, start, now, args.operators)
    return as_json(found) if args.json else "\n".join(_lines(found))


def _lines(found: Figures) -> list[str]:
    rate = found.per_operator_hour
    wait = found.mean_time_to_acknowledge_s
    verdicts = ", ".join(f"{word} {count}" for word, count in found.verdicts.items())
    return [
        f"since {moment(found.start)} UTC, {span(found.hours * HOUR_S)}, "
        f"{counted(found.operators, 'operator')}",
        f"alarms             {found.alarms}"
        + ("" if rate is None else f", {rate:.2f} an hour and operator"),
        f"most from          {_named(found.top)}",
        f"chattering         {_named(found.chattering)}",
        f"stale (over 24 h)  {listed([str(number) for number in found.stale], 10) or 'none'}",
        f"in flood           {span(found.flood_hours * HOUR_S)}, {found.flood_share:.1%}",
        f"acknowledged       {found.acknowledged}"
        + ("" if wait is None else f", after {span(wait)} on average")
        + f"; {found.open_unacknowledged} wait for an answer",
        f"verdicts           {verdicts}",
    ]


def _named(points: tuple[Point, ...]) -> str:
    names = [
        f"{inert(one.device) or '(detector)'} {one.kind} {one.alarms} ({one.share:.0%})"
        for one in points
    ]
    return ", ".join(names) or "none"
