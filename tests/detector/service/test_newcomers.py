"""Devices without a rule, whatever happens meanwhile: store, process and models are real.

No broker: samples are scored, looked at and committed as the pipeline does.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import Samples
from detector.scoring.learnt import NO_RULE
from detector.service.newcomers import Newcomers
from detector.settings.adopt import AdoptSettings
from detector.settings.devices import DeviceRule
from detector.settings.store import StoreSettings
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.archive.past import Past
from detector.store.archive.place import place_at
from detector.store.schema import StoreFailure, open_store
from tests.conftest import wait_for

START = 1_700_000_000.0
RATE_HZ = 2
ENOUGH = 620  # samples: the five minutes asked for, and a little


def pump(level, n=ENOUGH, start=0, seed=0, names=("flow", "bar")):
    """Two channels about a level, from sample number ``start`` on; other names, other kind."""
    noise = np.random.default_rng(seed).normal(0, 0.1, (n, 2))
    values = (np.array([level, 2 * level]) + noise).astype(np.float32)
    return Samples(names, START + (start + np.arange(n)) / RATE_HZ, values)


class Plant:
    """Fleet and newcomers on one store."""

    def __init__(self, folder, rules=(), manual=(), **adopt):
        self.folder = folder
        self.settings = Settings(
            devices=rules,
            store=StoreSettings(url=f"sqlite:///{folder}/faultline.db"),
            adopt=AdoptSettings(learn_minutes=5, **adopt),
        )
        self.store = open_store(self.settings.store.url)
        past = Past(self.store, place_at("memory://"))
        self.fleet = Fleet(self.settings, past.newest_session, {})
        self.newcomers = self.fleet.learnt = Newcomers(self.settings, self.store, manual)

    def send(self, device, samples, batch=20, *, ticks=True):
        """What the pipeline does with messages, one tick each."""
        for first in range(0, len(samples), batch):
            rows = slice(first, first + batch)
            part = Samples(samples.features, samples.ts[rows], samples.values[rows])
            if ticks:
                self.newcomers.tick(self.fleet)
            scored = self.fleet.score([TakenBlock(device, part, 0.0, broken=False)])
            self.newcomers.look(self.fleet, scored)
            with self.store.begin() as connection:
                frames.write(connection, scored)

    def version(self, device):
        """How often it was learnt; the model that scores it now."""
        mark = self.newcomers._marks.get(device)
        return 0 if mark is None else mark.version

    def learns(self, device, version=1):
        """Wait until it is learnt."""

        def is_learnt():
            self.newcomers.tick(self.fleet)
            return self.version(device) == version

        wait_for(is_learnt, 20, f"{device} is learnt")

    def gives(self, is_given=True):
        """Have a lesson waiting, or given to the process and not yet answered."""
        assert not self.newcomers._apprentice.is_free
        if is_given:
            self.newcomers._apprentice.outcome()
            assert self.newcomers._apprentice._given

    def ends_learning(self):
        """Wait until nothing is learnt or waits."""

        def is_free():
            self.newcomers.tick(self.fleet)
            return self.newcomers._apprentice.is_free

        wait_for(is_free, 20, "all lessons are given")

    def reload(self, *rules):
        """Other rules, in the order of a reload."""
        self.settings = self.settings.model_copy(update={"devices": rules})
        self.newcomers.follow(self.settings, self.fleet.streams)
        self.fleet.models.take_up({}, self.settings.models)
        devices = list(self.fleet.streams)
        self.fleet.take_up(self.settings, devices)
        for device in devices:
            self.fleet.renew(device)

    def scored_with(self, device):
        """Name of the model, or why there is none."""
        found = self.fleet.outlook(device, ("flow", "bar"))
        return found if isinstance(found, str) else found.name

    def crossed(self, device, start):
        """Share of what was stored from sample number ``start`` on that is abnormal."""
        with self.store.connect() as connection:
            found = frames.between(connection, device, START + start / RATE_HZ, np.inf)
        return np.concatenate([frame.anomaly for frame in found]).mean()

    @contextmanager
    def lacks(self, table):
        """The store has no such table meanwhile."""
        self._rename(table, "elsewhere")
        try:
            yield
        finally:
            self._rename("elsewhere", table)

    def _rename(self, table, other):
        with self.store.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {other}")

    def close(self):
        """End the process that learns."""
        self.newcomers.close()
        self.store.dispose()


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """One process that learns for all tests; each has devices of its own."""
    made = Plant(tmp_path_factory.mktemp("newcomers"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def kept(plant):
    """A model that a rule can name."""
    plant.send("teacher", pump(5.0))
    plant.learns("teacher")
    folder = plant.folder / "kept"
    shutil.copytree(next((plant.folder / "provisional").glob("teacher*/teacher-learnt-1")), folder)
    return folder


def rule(match, model=None):
    """Of the settings."""
    return DeviceRule(match=match, model=model)


def test_a_stretch_that_was_not_normal_is_made_good(plant):
    """It ran idle while it was learnt: once it works, both are normal, and it is said meanwhile."""
    kind = partial(pump, names=("power", "hum"))
    plant.send("idle", kind(1.0))
    plant.learns("idle")
    plant.send("idle", kind(5.0, 2 * ENOUGH, ENOUGH, seed=1), ticks=False)
    assert "learning again: 100% of its windows crossed" in plant.fleet.streams["idle"].bundle.note
    plant.learns("idle", 2)
    plant.send("idle", kind(5.0, 200, 3 * ENOUGH, seed=2))
    assert plant.crossed("idle", 3 * ENOUGH) == 0
    plant.send("idle", kind(1.0, 200, 3 * ENOUGH + 200, seed=3))
    assert plant.crossed("idle", 3 * ENOUGH + 300) == 0


def test_a_stretch_that_peers_call_abnormal_is_not_learnt(plant):
    """Four of a kind are due at the same moment: the last asks those learnt just before it."""
    kind = partial(pump, names=("oil", "air"))
    names = ["p-1", "p-2", "p-3", "p-far"]
    levels = [5.0, 5.1, 5.2, 12.0]
    for at in range(0, ENOUGH, 20):
        for seed, (name, level) in enumerate(zip(names, levels, strict=True)):
            plant.send(name, kind(level, 20, at, seed=1000 * at + seed))
    plant.ends_learning()
    assert [plant.version(name) for name in names] == [1, 1, 1, 0]
    plant.send("p-far", kind(12.0, 20, ENOUGH))
    reason = plant.fleet.streams["p-far"].reason
    assert reason == "learning: 0 of 5 minutes (3 of 3 devices of its kind call it abnormal)"


def test_a_restart_in_the_middle_goes_on(tmp_path):
    """What is stored of the stretch counts; nothing is listened to twice."""
    first = Plant(tmp_path)
    first.send("p", pump(5.0, 360))
    assert first.scored_with("p") == "learning: 3 of 5 minutes"
    first.close()
    second = Plant(tmp_path)
    try:
        second.send("p", pump(5.0, 120, 360, seed=1))
        assert second.scored_with("p") == "learning: 4 of 5 minutes"
        second.send("p", pump(5.0, 140, 480, seed=2))
        second.learns("p")
        [span] = second.newcomers._marks["p"].spans
        assert span[0] == START
    finally:
        second.close()


@pytest.mark.parametrize("options", [{"automatic": False}, {"manual": {"p"}}])
def test_nothing_is_learnt_where_nobody_wants_it(tmp_path, options):
    """Neither with ``[adopt] automatic = false`` nor of a source that says so."""
    made = Plant(tmp_path, **options)
    try:
        made.send("p", pump(5.0, 2 * ENOUGH))
        assert made.scored_with("p") == NO_RULE
        assert made.newcomers._apprentice.pid is None
        assert not (tmp_path / "provisional").exists()
    finally:
        made.close()


def test_a_confirmed_model_stays_where_nothing_is_learnt(plant, tmp_path):
    """Somebody has decided; another start without learning goes by it."""
    plant.send("sure", pump(5.0))
    plant.learns("sure")
    assert plant.newcomers.confirm("sure", "Kim") == "applied"
    again = Plant(plant.folder, automatic=False)
    assert again.scored_with("sure") == "sure-learnt-1"
    again.close()


@pytest.mark.parametrize("is_given", [False, True])
def test_what_is_learnt_when_somebody_confirms_is_dropped(plant, is_given):
    """The model that was looked at stays, though another learning was on its way."""
    kind = partial(pump, names=("gas", "heat"))
    device = f"fixed-{is_given}"
    plant.send(device, kind(1.0))
    plant.learns(device)
    plant.send(device, kind(5.0, ENOUGH, ENOUGH, seed=1))
    plant.gives(is_given)
    assert plant.newcomers.confirm(device, "Kim") == "applied"
    plant.ends_learning()
    assert plant.newcomers._marks[device].confirmed_by == "Kim"
    assert plant.version(device) == 1


def test_a_store_that_cannot_be_read_when_a_model_comes_is_asked_again(plant):
    """The device has its model with the next tick, and nothing is learnt twice."""
    plant.send("away", pump(1.0, names=("fuel", "lid")))
    plant.gives()
    assert plant.newcomers._apprentice._pipe.poll(60)
    plant.newcomers._due = 0.0
    with plant.lacks("frames"), pytest.raises(StoreFailure):
        plant.newcomers.tick(plant.fleet)
    assert plant.scored_with("away").startswith("learning")
    plant.newcomers.tick(plant.fleet)
    assert plant.scored_with("away") == "away-learnt-1"
    assert plant.newcomers._apprentice.is_free


def test_a_rule_that_comes_ends_the_learning(plant, kept):
    """While it listens, while its lesson is given, and after."""
    plant.send("r-new", pump(5.0, 100))
    plant.send("r-old", pump(5.0))
    plant.learns("r-old")
    plant.send("r-given", pump(5.0))
    plant.gives()
    plant.send("r-due", pump(5.0), ticks=False)
    assert not plant.newcomers._apprentice.is_free
    plant.reload(rule("r-*", kept))
    for name, seen in (("r-new", 100), ("r-old", ENOUGH), ("r-given", ENOUGH), ("r-due", ENOUGH)):
        plant.send(name, pump(5.0, 2 * ENOUGH, seen, seed=4))
        assert plant.scored_with(name) == "kept"
    plant.ends_learning()
    assert [plant.version(name) for name in ("r-new", "r-given", "r-due")] == [0, 0, 0]
    assert plant.newcomers.confirm("r-old", "Kim").startswith("refused: r-old has the model of a")


def test_a_rule_that_goes_leaves_what_is_learnt_or_learns(plant, kept):
    """A model from before counts again; else it is heard from now on, not what the rule judged."""
    plant.send("g-old", pump(5.0))
    plant.learns("g-old")
    plant.reload(rule("g-*", kept))
    plant.send("g-new", pump(12.0))
    plant.reload()
    assert plant.scored_with("g-old") == "g-old-learnt-1"
    assert plant.scored_with("g-new") == "learning: 0 of 5 minutes"
    plant.send("g-new", pump(5.0, ENOUGH, ENOUGH))
    plant.learns("g-new")
    assert plant.newcomers._marks["g-new"].spans[0][0] == START + ENOUGH / RATE_HZ


def test_another_rule_changes_nothing(plant):
    """Nor one without a model: learning goes on where it was."""
    plant.send("other", pump(5.0, 160))
    plant.reload(rule("else-*"), rule("other"))
    plant.send("other", pump(5.0, 200, 160, seed=1))
    assert plant.scored_with("other") == "learning: 3 of 5 minutes"
    plant.reload()
