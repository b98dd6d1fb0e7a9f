"""A machine behind a front end: its own normal is that of its columns."""

from __future__ import annotations

import numpy as np
import pytest

from detector.commissioning.learn import learn_own
from detector.records import Samples
from detector.scoring.front_stream import stream_for
from detector.scoring.stream import score_samples
from detector.settings.sessions import SessionSettings
from tests.support.training.inverter import (
    inverter_bundle,
    inverter_own,
    keeping_columns,
    turning,
    with_gain,
)

N = 700


@pytest.fixture(scope="module")
def bundle():
    """With a rule for commissioned machines, two longer times, centres that follow the speed."""
    return inverter_bundle(commission_s=8.0, scales=(5, 10), conditions=("rpm",))


def stream_of(bundle, own):
    """A stream of the machine."""
    return stream_for("m", ("x", "y", "rpm"), bundle, SessionSettings(), own=own)


def framed(stream, samples):
    """The one frame of samples that come at once."""
    [frame] = score_samples(stream, samples, chunk=256, arrival=0.0)
    return frame


def test_a_machine_behind_a_front_end_is_judged_by_its_own_columns(bundle):
    """Half as loud again is normal for it, and it says which of the two it is judged by."""
    own = inverter_own(bundle, gain=1.5)
    samples = with_gain(turning(N, 5), 0, N, 1.5)
    by_fleet, by_itself = stream_of(bundle, None), stream_of(bundle, own)
    fleet, itself = framed(by_fleet, samples), framed(by_itself, samples)
    calm = fleet.judged & np.isfinite(fleet.score)
    assert np.median(fleet.score[calm]) > 2 * np.median(itself.score[calm])
    assert (by_fleet.note, by_itself.note) == ("not commissioned", None)
    assert by_fleet.own_card is None
    assert by_itself.own_card != bundle.card()
    assert len(own.offset) == len(bundle.features)


def test_a_speed_that_the_model_has_not_seen_is_told(bundle):
    """Its columns follow the speed only as far as that was learnt."""
    samples, stream = turning(N, 5), stream_of(bundle, inverter_own(bundle))
    assert bundle.channels == ("x", "y", "rpm")
    framed(stream, samples)
    assert stream.note is None
    values = samples.values.copy()
    values[:, 2] *= 0.5
    framed(stream, Samples(samples.features, samples.ts + 60, values))
    assert stream.note.startswith("outside what it has learnt: rpm ")


def test_where_columns_alone_are_stored_it_is_learnt_from_these(bundle):
    """The same as from the samples, which are gone."""
    kept, samples = keeping_columns(bundle), turning(1800, 77)
    frame = framed(stream_of(kept, None), samples)
    stored = Samples(frame.features, frame.ts, frame.values)
    assert len(stored) < len(samples) / 4
    found, wanted = (learn_own(kept, [one], "m").own for one in (stored, samples))
    assert found.seconds == pytest.approx(wanted.seconds, abs=3)  # settled once more
    for part in ("offset", "spread", "peak"):
        found_part, wanted_part = getattr(found, part), getattr(wanted, part)
        np.testing.assert_allclose(found_part, wanted_part, atol=0.1)
