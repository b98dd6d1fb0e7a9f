"""A block that ends its worker is stored unscored, and costs nobody else anything; real workers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.workers import processes
from detector.workers.fatal import given_up
from tests.detector.workers.conftest import DEVICES, SIZE, part_of
from tests.support.processes import deadly

ILL = DEVICES[0]


@pytest.fixture
def mortal(monkeypatch, request):
    """Workers that die of certain values; made before the engine is."""
    monkeypatch.setattr(processes, "_work", deadly.life)
    return request.getfixturevalue("crewed")


def poisoned(number):
    """The block of a number of one device, with a value that ends whoever scores it."""
    part = part_of(ILL, number)
    values = part.values.copy()
    values[SIZE // 2, 0] = 10 * deadly.DEADLY
    return TakenBlock(ILL, type(part)(part.features, part.ts, values), 0.0, broken=False)


def give_poisoned(crewed, number):
    """It and the blocks of the others, to the engine; those of the others to the other one too."""
    others = [TakenBlock(name, part_of(name, number), 0.0, broken=False) for name in DEVICES[1:]]
    crewed.expected += crewed.alone.score(others)
    crewed.engine.begin([poisoned(number), *others])
    crewed.take(crewed.engine.give([poisoned(number), *others], 0))


def frames_of(crewed, device):
    """What came back of it."""
    return [frame for frame in crewed.frames if frame.device == device]


def joined(frames, field):
    """Of consecutive frames."""
    return np.concatenate([getattr(frame, field) for frame in frames])


def test_the_block_at_fault_is_stored_unscored_and_all_else_is_scored(mortal):
    """Six deaths; the next block begins a session, scored as by one process that begins there."""
    for number in (0, 1):
        mortal.give(number)
    mortal.come()
    mortal.commit()
    give_poisoned(mortal, 2)
    for number in (3, 4):
        mortal.give(number)
    mortal.come()
    crew = mortal.engine.crew()
    assert (crew.restarts, crew.given_up, mortal.faults) == (6, 1, 0)
    assert len(re.findall(rf"has ended at a block of {ILL}", mortal.caplog.text)) == 1
    for name in DEVICES[1:]:
        wanted = [frame for frame in mortal.expected if frame.device == name]
        for field in ("ts", "score"):
            np.testing.assert_allclose(
                joined(frames_of(mortal, name), field), joined(wanted, field), rtol=1e-6
            )
    found = frames_of(mortal, ILL)
    np.testing.assert_array_equal(
        joined(found, "ts"), np.concatenate([part_of(ILL, number).ts for number in range(5)])
    )
    lost = next(frame for frame in found if (frame.values > deadly.DEADLY).any())
    assert len(lost.ts) == SIZE
    assert np.isnan(lost.score).all()
    anew = Fleet(mortal.engine.rulings.settings, lambda *_: ([], []), {})
    wanted = anew.score([TakenBlock(ILL, part_of(ILL, n), 0.0, broken=False) for n in (3, 4)])
    after = [frame for frame in found if frame.ts[0] > lost.ts[0]]
    np.testing.assert_allclose(joined(after, "score"), joined(wanted, "score"), rtol=1e-6)
    assert {one.session for one in after} == {one.session for one in wanted}
    assert mortal.engine.picture(ILL).card.name == "small"


def test_a_device_whose_every_block_does_so_rests(mortal, monkeypatch):
    """After two in a row no worker dies of it for a while; then it is tried again, and scored."""
    monkeypatch.setattr(given_up, "REST_S", 1e6)
    for number in range(6):
        give_poisoned(mortal, number)
        mortal.come()
    deaths = mortal.engine.crew().restarts
    assert (deaths, mortal.engine.crew().given_up) == (7, 6)
    assert np.isnan(joined(frames_of(mortal, ILL), "score")).all()
    sessions = {frame.session for frame in frames_of(mortal, ILL)}
    assert len(sessions) == 2, "one of each block that was tried; those that rest go on"
    assert mortal.engine.picture(ILL).said == given_up.REASON
    mortal.engine.renew(ILL)  # its model has changed
    mortal.give(6)
    mortal.give(7)
    mortal.come()
    assert np.isfinite(joined(frames_of(mortal, ILL), "score")[-SIZE:]).all()
    assert mortal.engine.picture(ILL).card.name == "small"
    assert mortal.engine.crew().restarts == deaths


def test_one_that_is_not_mortal_scores_the_same(crewed):
    """The value alone is not at fault: without the trap it is an anomaly like any other."""
    crewed.engine.begin([poisoned(0)])
    crewed.engine.give([poisoned(0)], 0)
    crewed.come()
    assert crewed.engine.crew().given_up == 0
