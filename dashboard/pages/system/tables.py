"""The tables of the page of the system: sources, what they refuse, tiers, the log."""

from __future__ import annotations

from dashboard.live.detectors import CONNECTED, LOADING, Standing
from dashboard.pages.sheets.sheet import Cell, Value, code, figure, table, whole
from dashboard.pages.system.reading import System
from dashboard.pages.system.sections import NONE, megabytes
from dashboard.words.viewer import length, moment, number, say, translated
from detector.account_records import LogLine, SourceAccount
from detector.records import Outcome, Unused
from detector.store.measuring.tiers import TierUsage
from detector.store.measuring.usage import StoreUsage

LOG_SHOWN = 50
LEVELS = {"WARNING": "system.level_warning", "ERROR": "system.level_error",
          "CRITICAL": "system.level_error"}  # fmt: skip
OUTCOMES = {
    Outcome.LEFT_OUT: "system.outcome_left_out",
    Outcome.IGNORED: "system.outcome_ignored",
    Outcome.REFUSED: "system.outcome_refused",
    Outcome.NOT_HELD: "system.outcome_not_held",
}


def detectors(system: System) -> str:
    """Every detector on this store; nothing where there is one."""
    if len(system.standings) < 2:
        return ""
    head: list[Value] = [
        say("system.name"), say("system.state"), say("system.broker"), say("system.last_sign"),
        figure(say("system.devices")), say("system.keeps_store"),
    ]  # fmt: skip
    rows = [_detector(one) for one in system.standings]
    return table(say("system.detectors"), head, rows, "")


def _detector(one: Standing) -> list[Value]:
    state = Cell(say("system.runs")) if one.is_alive else Cell("", say("system.stopped"))
    is_well = one.connection in {CONNECTED, LOADING} or not one.is_alive
    shown = translated(one.connection) if one.is_alive and one.connection else NONE
    return [
        code(one.name), state, Cell(shown) if is_well else Cell("", shown),
        whole(NONE if one.age_s is None else length(one.age_s)), figure(number(one.devices)),
        say("system.yes") if one.keeps else NONE,
    ]  # fmt: skip


def sources(system: System) -> str:
    """What each source brings, and how much of it is refused."""
    head: list[Value] = [
        say("system.topic"), say("system.format"), figure(say("system.messages_per_s")),
        figure(say("system.samples_per_s")), figure(say("system.messages")),
        figure(say("system.refused")), say("system.reasons"),
    ]  # fmt: skip
    told = system.told if system.is_alive else ()
    rows = [_source(one) for account in told for one in account.sources]
    return table(say("system.sources"), head, rows, say("system.no_sources"))


def _source(one: SourceAccount) -> list[Value]:
    refused = sum(one.refused.values())
    reasons = ", ".join(f"{kind} {number(count)}" for kind, count in sorted(one.refused.items()))
    return [
        code(one.topic), one.format, figure(number(one.messages_per_s, 1)),
        figure(number(one.samples_per_s, 1)), figure(number(one.messages)),
        figure(number(refused), say("system.refused_word") if refused else None), reasons or NONE,
    ]  # fmt: skip


def not_used(system: System) -> str:
    """Messages and channels that were received and not used, each with the reason."""
    head: list[Value] = [
        say("system.topic"), say("system.what"), figure(say("system.count")),
        say("system.last"), say("system.reason"),
    ]  # fmt: skip
    rows = [_unused(one) for one in system.unused]
    return table(say("system.not_used"), head, rows, say("system.all_used"))


def _unused(one: Unused) -> list[Value]:
    outcome = say(OUTCOMES[one.outcome])
    wrong = outcome if one.outcome in {Outcome.REFUSED, Outcome.NOT_HELD} else None
    what = (
        Cell("", wrong) if wrong else Cell(f"{outcome}: {one.channel}" if one.channel else outcome)
    )
    return [
        code(one.topic),
        what,
        figure(number(one.count)),
        whole(moment(one.last_seen)),
        translated(one.reason),
    ]


def tiers(system: System) -> str:
    """What each tier of the store takes."""
    head: list[Value] = [
        say("system.tier"), figure(say("system.size")), figure(say("system.growth")),
        say("system.first"), say("system.newest"), figure(say("system.samples")),
    ]  # fmt: skip
    usage = system.usage
    rows = [] if usage is None else [_tier(one, usage) for one in usage.tiers]
    return table(say("system.tiers"), head, rows, say("system.no_tiers"))


def _tier(one: TierUsage, usage: StoreUsage) -> list[Value]:
    rate = usage.growth.by_tier.get(one.tier)
    return [
        say(f"system.tier_{one.tier}"), figure(megabytes(one.bytes)),
        figure(NONE if rate is None else say("system.a_day", size=megabytes(rate))),
        _moment(one.first), _moment(one.newest),
        figure(NONE if one.samples is None else number(one.samples)),
    ]  # fmt: skip


def log(system: System) -> str:
    """The last warnings of the detector, the newest first."""
    head: list[Value] = [say("system.time"), say("system.level"), say("system.text")]
    rows = [_line(one) for one in system.log[:LOG_SHOWN]]
    return table(say("system.log"), head, rows, say("system.no_log"))


def _line(one: LogLine) -> list[Value]:
    times = "" if one.count == 1 else f" ({number(one.count)}x)"
    level = say(LEVELS.get(one.level, "system.level_warning"))
    is_error = one.level != "WARNING"
    shown = Cell("", level) if is_error else Cell(level)
    return [whole(moment(one.at)), shown, code(f"{one.where}: {one.text}{times}")]


def _moment(ts: float | None) -> Cell:
    try:
        return whole(NONE if ts is None else moment(ts))
    except (OverflowError, ValueError):  # of a clock that is far off
        return Cell(NONE)
