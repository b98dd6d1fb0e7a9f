"""A preview over a real store: an hour with three bursts, of which two have a word."""

from __future__ import annotations

import numpy as np
import pytest

from detector.alarms.replaying.preview import Tuning, outcome
from detector.alarms.replaying.stored import preview
from detector.errors import AlarmError
from detector.records import Alarm, DeviceState, DeviceStatus, ModelCard
from detector.settings.alarms import AlarmSettings
from detector.store import alarms, devices
from tests.support.stores.machine import START, frames
from tests.support.stores.site import Site

CARD = ModelCard("m", "pca", 1, 0.1, ("a", "b"), ("g", "g"), (0.0, 0.0), (1.0, 1.0))
BURSTS = {100: (1.2, "false"), 300: (1.5, None), 500: (3.0, "real")}  # second: score, verdict
RULE = AlarmSettings(k=3, n=5, on_delay_s=0, off_delay_s=5)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Ten minutes at 10 Hz, half of it in the archive; each burst takes two seconds."""
    made = Site(tmp_path_factory.mktemp("preview"))
    blocks = frames(600)
    for second, (score, _) in BURSTS.items():
        for block in blocks[second : second + 2]:
            block.score[:] = score
    made.add(blocks[:300])
    made.close()
    made.add(blocks[300:])
    with made.store.begin() as connection:
        devices.update(connection, [DeviceStatus(
            "press-1", DeviceState.OK, None, 0.5, 0.5, 1.0, START + 600, START + 600, 10.0,
            ("a", "b"), CARD)])  # fmt: skip
        for second, (score, verdict) in BURSTS.items():
            alarms.raise_alarm(connection, Alarm(
                None, "press-1", "score", "cleared", START + second, START + second + 7, score,
                {}, "m", 1.0, verdict=verdict), START + second)  # fmt: skip
    yield made
    made.store.dispose()


def tried(site, threshold, start=START, end=START + 600, **rule):
    """What one tuning would have meant."""
    tuning = Tuning(threshold, RULE.model_copy(update=rule))
    found = preview(site.store, site.place, "press-1", start, end, [tuning])
    return found, found.outcomes[0]


def test_what_was_raised_is_raised_again_and_a_higher_threshold_misses(site):
    """With what people said of the alarms of that time, from every sample, in order of time."""
    found, today = tried(site, 1.0)
    assert (found.samples, len(found.recorded), today.basis) == (6000, 3, "samples")
    assert [round(one.start - START) for one in today.raised] == [100, 300, 500]
    assert [one.verdict for one in today.raised] == ["false", None, "real"]
    assert [one.peak for one in today.raised] == pytest.approx([1.2, 1.5, 3.0], rel=1e-4)
    assert today.by_verdict == {"false": 1, "none": 1, "real": 1}
    assert (today.missed, round(today.active_s)) == ((), 21)
    assert max(v for v in found.picture.score if v) == 3.0
    _, higher = tried(site, 1.3)
    assert (len(higher.raised), higher.by_verdict.get("false"), higher.missed) == (2, None, ())
    _, deaf = tried(site, 4.0)
    assert (deaf.raised, deaf.missed) == ((), (3,))
    _, patient = tried(site, 1.0, on_delay_s=2.5)
    assert (patient.raised, patient.missed) == ((), (3,))


def test_the_highest_score_of_each_second_raises_no_fewer(site):
    """Where the samples themselves are gone; and what is used is said."""
    found, _ = tried(site, 1.0)
    with site.store.connect() as connection:
        from detector.alarms.replaying.stored import _seconds  # noqa: PLC0415

        seconds = _seconds(connection, "press-1", START, START + 600)
    assert len(seconds.ts) == 600
    said = outcome(seconds, CARD, Tuning(1.0, RULE), found.recorded, "seconds")
    assert (said.basis, len(said.raised)) == ("seconds", 3)
    assert np.isclose(said.raised[2].peak, 3.0)


def test_a_time_without_samples_and_a_device_without_a_model_are_refused(site):
    """In one line."""
    nothing = "press-1: no sample of that time is stored"
    for start, end in [(599.99, 600), (-900, 0), (-7, -3), (600, 1e6), (700, 701)]:
        with pytest.raises(AlarmError, match=nothing):
            tried(site, 1.0, START + start, START + end)
    with pytest.raises(AlarmError, match="device nobody: was never seen"):
        preview(site.store, site.place, "nobody", START, START + 1, [])
