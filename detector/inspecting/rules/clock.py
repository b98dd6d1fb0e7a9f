"""What the times say of the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np

from detector.inspecting.measures.seen import Seen
from detector.inspecting.rules.contract import percent
from detector.text import counted

UNEVEN = 0.1  # deviation of the steps, as a share of the period
COARSE = 0.2  # tick of the times, as a share of the period
ROUGH = 0.05  # jitter that makes a coarse tick worth a word
DRIFT = 0.002  # change of the period from end to end
STEADILY = 0.8  # share of the change of periods that a line explains
OTHER_RATE = 0.1  # of the period; more is another rate, as in training
TOLD = 0.02  # of the rate
LOST = 0.001  # of the samples
AHEAD_S = 366 * 86_400.0  # a clock that is wrong by less was set, not misread


def repeated(seen: Seen) -> str | None:
    """Samples without a time of their own."""
    timing, n = seen.timing, seen.n
    if not timing.repeated or timing.period_s is None:
        return None
    share = percent(timing.repeated / n)
    told = f"{counted(timing.repeated, 'time')} ({share}) repeat the one before"
    if 2 * timing.repeated > n and timing.rate_hz:
        return (
            f"{told}: times are rounded to {timing.tick_s or 0:g} s at about {timing.rate_hz:.3g} "
            "Hz, and only one sample of each time is used; record fractions of a second"
        )
    return (
        f"{told}, and such samples are dropped; look for a sender that sends twice, or for rounded "
        "times"
    )


def backwards(seen: Seen) -> str | None:
    """Time that runs back."""
    if not seen.timing.back:
        return None
    return (
        f"time steps back {counted(seen.timing.back, 'time')}: such samples are "
        "dropped as late or end a session; was the clock set, or summer time used? record UTC"
    )


def ahead(seen: Seen) -> str | None:
    """Times that have not come yet."""
    last = float(seen.recording.samples.ts[-1]) if seen.n else 0.0
    if not seen.recording.found.has_date or last <= time.time() + AHEAD_S:
        return None
    return (
        f"the last sample is of {datetime.fromtimestamp(last, UTC):%Y-%m-%d}, which is to come: "
        "was the clock set, or are times counted from another year than 1970?"
    )


def lost(seen: Seen) -> str | None:
    """Steps of two or three periods, too short to end a session."""
    share = seen.timing.lost / max(seen.n, 1)
    if share <= LOST or _is_rounded(seen) or rates(seen) is not None:
        return None
    timing, told = seen.timing, ""
    if timing.tick_s and timing.period_s and timing.tick_s >= COARSE * timing.period_s:
        true_hz = (1 - share / (1 + share)) / timing.period_s
        told = f", or times are rounded to {timing.tick_s:g} s and the rate is {true_hz:.3g} Hz"
    return (
        f"{counted(timing.lost, 'sample')} ({percent(share)}) seem lost in steps of two or three "
        f"periods{told}; windows take all steps for one: look at the connection or the recorder"
    )


def rounded(seen: Seen) -> str | None:
    """Times in ticks that are coarse beside the period."""
    timing = seen.timing
    if not _is_rounded(seen) or timing.tick_s is None or timing.period_s is None:
        return None
    return (
        f"times are rounded to {timing.tick_s:g} s, {percent(timing.tick_s / timing.period_s)} of "
        f"a period of {timing.period_s:.4g} s: record more digits, the steps look uneven without "
        "being so"
    )


def jitter(seen: Seen) -> str | None:
    """Steps of different lengths."""
    timing = seen.timing
    if (timing.jitter_sd or 0.0) <= UNEVEN or _is_rounded(seen) or rates(seen):
        return None
    return (
        f"uneven clock: steps deviate by {percent(timing.jitter_sd or 0)} of the period (worst "
        f"{percent(timing.jitter_worst or 0)}); windows and spectra take them for even: time "
        "samples where they are taken, not where they arrive"
    )


def drift(seen: Seen) -> str | None:
    """A period that grows or shrinks steadily."""
    periods = seen.timing.periods_s
    if len(periods) < 5 or rates(seen) is not None:
        return None
    at = np.linspace(-0.5, 0.5, len(periods))
    slope = float((at * periods).sum() / np.square(at).sum())
    away = periods - periods.mean()
    explained = slope**2 * float(np.square(at).sum()) / max(float(np.square(away).sum()), 1e-300)
    change = slope / float(periods.mean())
    if abs(change) < DRIFT or explained < STEADILY:
        return None
    return (
        f"the clock drifts: its period {'grows' if change > 0 else 'shrinks'} by "
        f"{percent(abs(change))} from the first sample to the last; let the recorder follow NTP"
    )


def rates(seen: Seen) -> str | None:
    """Parts of the recording with another rate."""
    periods = seen.timing.periods_s
    fast, slow = float(periods.min()) if len(periods) else 0.0, float(periods.max(initial=0.0))
    if not fast or slow / fast - 1 <= OTHER_RATE:
        return None
    return (
        f"the rate changes within the recording, from {1 / slow:.4g} to {1 / fast:.4g} Hz: a model "
        "has one rate, so cut it into files of one rate each"
    )


def told_rate(seen: Seen) -> str | None:
    """The file says one rate, its times another."""
    told, period_s = seen.recording.found.rate_hz, seen.timing.period_s
    if told is None or period_s is None or abs(told * period_s - 1) <= TOLD:
        return None
    return (
        f"the file tells {told:.6g} Hz, its times {1 / period_s:.6g} Hz: one of them is wrong; "
        "windows go by the times"
    )


def _is_rounded(seen: Seen) -> bool:
    timing = seen.timing
    if timing.period_s is None or timing.tick_s is None or timing.jitter_sd is None:
        return False
    if rates(seen) is not None:
        return False
    uneven = timing.jitter_sd > ROUGH or 2 * timing.repeated > seen.n
    return bool(uneven and timing.tick_s >= COARSE * timing.period_s and not timing.back)
