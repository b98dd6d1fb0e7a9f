"""What a worker is told, and that it goes by it; the worker is here, its words travel."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from detector.engines.rulings import SettingsRulings
from detector.ingest.buffer import TakenBlock
from detector.normal.level import Own
from detector.settings.tree import Settings
from detector.workers.briefing import Briefing, Told
from detector.workers.messages import Past, Request, frame_of, packed_block
from detector.workers.parcels import unpacked
from detector.workers.worker import Lines, Worker
from tests.support.motors import live


class Learnt:
    """Models of devices that no rule names one for."""

    def __init__(self):
        self.models = {}

    def model_of(self, device):
        """What the test put there."""
        return self.models.get(device)

    def reason(self, device):
        """Made up."""
        return f"learning {device}"


class Pair:
    """A briefing and a worker with a wire between them."""

    def __init__(self):
        self.rulings = SettingsRulings(Settings(devices=()), {})
        self.rulings.learnt = self.learnt = Learnt()
        self.briefing, self.told = Briefing(self.rulings, lambda parcel: parcel), Told()
        self.worker = Worker(unpacked, Lines())
        self.sent = 0

    def score(self, device, samples):
        """One request that brings all that is new, and the past where it is asked for."""
        request = Request()
        self.briefing.tell(self.told, request, device, None)
        self.sent = len(request.words), len(request.models)
        request.blocks = [packed_block(TakenBlock(device, samples, 0.0, broken=False))]
        answer = self.worker.answer(pickle.loads(pickle.dumps(request)))  # noqa: S301
        if answer.wants:
            pasts = {name: Past((), ()) for name in answer.wants}
            answer = self.worker.answer(Request(pasts=pasts, blocks=request.blocks))
        return answer


@pytest.fixture
def pair():
    """Made anew."""
    return Pair()


def test_a_device_is_told_of_once_and_again_when_something_changes(pair, bundle):
    """Its model travels once; a threshold, a note, a confirmation are words."""
    samples = live(40, 1)
    pair.learnt.models["m"] = bundle
    bundle.is_provisional, bundle.note = True, "learnt from 10 minutes"
    try:
        [picture] = pair.score("m", samples).pictures
        assert pair.sent == (1, 1)
        assert (picture.card.provisional, picture.said) == (True, "learnt from 10 minutes")
        pair.score("m", live(40, 2, start=samples.ts[-1] + 0.02))
        assert pair.sent == (0, 0)
        bundle.is_provisional, bundle.note = False, None
        pair.rulings.thresholds["m"] = 2.5
        answer = pair.score("m", live(40, 3, start=samples.ts[-1] + 0.82))
    finally:
        bundle.is_provisional, bundle.note = False, None
    assert pair.sent == (1, 0)
    assert (answer.pictures[0].card.provisional, answer.pictures[0].said) == (False, None)
    assert frame_of(answer.frames[0]).threshold == 2.5


def test_a_device_without_a_model_says_why_and_gets_one_later(pair, bundle):
    """Learnt meanwhile; other devices of the same model need no second copy."""
    samples = live(60, 1)
    assert pair.score("m", samples).pictures[0].said == "learning m"
    pair.learnt.models |= {"m": bundle, "n": bundle}
    answer = pair.score("n", samples)
    assert pair.sent == (1, 1)
    assert np.isfinite(frame_of(answer.frames[0]).score[24:]).all()
    pair.score("m", live(60, 1, start=samples.ts[-1] + 0.02))
    assert pair.sent == (1, 0)


def test_a_machines_own_normal_travels(pair, bundle):
    """With all that its rule needs."""
    own = Own(model="b", data_hash="h", start=0.0, end=60.0, seconds=60.0, offset=(1.0, 2.0),
              spread=(0.1,), peak=(0.2,), mean=(0.0,))  # fmt: skip
    pair.learnt.models["m"], pair.rulings.owns["m"] = bundle, own
    request = Request()
    pair.briefing.tell(pair.told, request, "m", None)
    told = pickle.loads(pickle.dumps(request.words["m"]))  # noqa: S301
    assert told.ruling.own == own
    del pair.rulings.owns["m"]
    pair.briefing.tell(pair.told, request, "m", None)
    assert request.words["m"].ruling.own is None


def test_a_model_that_cannot_be_unpacked_is_the_devices_reason(pair, bundle):
    """As where its folder is broken here."""
    pair.learnt.models["m"] = bundle
    request = Request()
    pair.briefing.tell(pair.told, request, "m", None)
    [parcel] = request.models.values()
    parcel.files["bundle.json"] = b"{"
    request.blocks = [packed_block(TakenBlock("m", live(5, 1), 0.0, broken=False))]
    [picture] = pair.worker.answer(request).pictures
    assert picture.card is None
    assert "bundle.json" in picture.said
