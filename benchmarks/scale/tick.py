"""Where the time of a live tick goes, from a message to the commit, with a real store.

100 devices at 50 Hz in messages of 25 samples. Once without a profiler, for the shares, and once
with one, for the items; a profiler makes small functions look larger than they are.
"""

from __future__ import annotations

import cProfile
import tempfile
import time
from pathlib import Path

from benchmarks.lib.aims import Aim
from benchmarks.scale.forms import FOLDED, REPEAT, save_made
from benchmarks.scale.items import largest
from benchmarks.scale.live_tick import Spent, Traffic, live_tick

MOST_BESIDE = 0.25
SECONDS = 8.0
MEASURED = (REPEAT, FOLDED)
ITEMS = 10
SEED = 1000


def tick(devices: int, _: int) -> list[Aim]:
    """Measure, print both tables; returns the aims."""
    traffic = Traffic(devices, 50.0, 25)
    signals, aims = traffic.signals(SEED), list[Aim]()
    print(f"{devices} devices x {traffic.rate_hz:g} Hz x 3 features, messages of {traffic.batch}; "
          f"CPU of a sample in µs, {SECONDS:g} s each\n")  # fmt: skip
    print(
        "| network | receive | tick | of it the network | not the network |\n|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="faultline-bench-") as name:
        for form in MEASURED:
            folder = Path(name) / str(len(aims))
            model = save_made(form, traffic.rate_hz, folder / "model")
            with live_tick(model, traffic, signals, folder) as live:
                spent = live.run(SECONDS)
            _row(form.title, spent)
            aims.append(
                Aim(f"{form.title}: {spent.beside:.0%} of the way from message to commit is not "
                    f"the network, aim: at most {MOST_BESIDE:.0%}", spent.beside <= MOST_BESIDE)
            )  # fmt: skip
        profile = cProfile.Profile(time.thread_time)
        with live_tick(model, traffic, signals, Path(name) / "profiled") as live:
            live.run(SECONDS, profile)
    print(f"\n| the {ITEMS} largest items, {FOLDED.title} | share |\n|---|---|")
    for item, share in largest(profile, ITEMS):
        print(f"| `{item}` | {share:.1%} |")
    return aims


def _row(title: str, spent: Spent) -> None:
    print(f"| {title} | {spent.us(spent.receive_s):.1f} | {spent.us(spent.tick_s):.1f} "
          f"| {spent.us(spent.network_s):.1f} | {spent.beside:.0%} |", flush=True)  # fmt: skip
