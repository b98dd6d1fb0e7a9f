"""The clock of the detector's machine is set back by a day: nothing goes early, all is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.service.keeping import rules_of
from detector.settings.store import StoreSettings
from detector.store import frames as stored
from detector.store.archive import reading
from detector.store.archive.place import place_at
from detector.store.history.history import history
from detector.store.keeping import room
from detector.store.keeping.deciding import DAY_S, HOT, Drop
from detector.store.keeping.upkeep import Upkeep
from detector.store.measuring.usage import measure
from detector.store.schema import open_store
from tests.support.stores.machine import START, frames

BACK = 600 - DAY_S  # from the beginning; ten minutes later the clock is a day behind


class Plant:
    """A store whose upkeep lives by a clock that the test sets."""

    def __init__(self, folder):
        self.store = open_store(f"sqlite:///{folder}/store.db")
        self.archive, self.sent = f"{folder}/archive", []
        self.settings = StoreSettings(retention_days=2, rollup_1s_days=2)
        self.now, self.passed_s = START, 0.0
        self.start()

    def start(self):
        """Another detector takes over."""
        self.upkeep = Upkeep(
            self.store, self.archive, lambda: rules_of(self.settings), lambda: self.passed_s
        )

    def wait(self, until):
        """Let time pass, and what is due be done; where the clock goes back, none has passed."""
        self.passed_s += max(until - self.now, 0.0)
        self.now = until
        self.upkeep.look(until)
        self.upkeep.make_room(until)

    def hear(self, start, seconds=600):
        """A device with the same clock sends, and what is due is done."""
        made = frames(seconds, start=START + start, n=50)
        made = [replace(one, arrival=float(one.ts[-1])) for one in made]
        with self.store.begin() as connection:
            stored.write(connection, made)
        self.sent += made
        self.now = START + start
        self.wait(START + start + seconds)

    def found(self):
        """Times and values, wherever they are."""
        lost = []
        with self.store.connect() as connection:
            parts = list(reading.between(connection, place_at(self.archive), "press-1", -np.inf,
                                         np.inf, lost.append))  # fmt: skip
        assert not lost
        return ordered(parts)


def ordered(found):
    """Rows of time and values in order of time."""
    rows = np.concatenate([np.column_stack([one.ts, one.values]) for one in found])
    return rows[np.argsort(rows[:, 0], kind="stable")]


@pytest.fixture
def plant(tmp_path):
    """Ten minutes, then ten more a day before."""
    made = Plant(tmp_path)
    made.hear(0)
    yield made
    made.store.dispose()


@pytest.mark.parametrize("is_restarted", [False, True])
def test_nothing_goes_early_and_nothing_is_lost_or_twice(plant, is_restarted):
    """While it runs, or between two runs; once the clock is there again all is closed."""
    if is_restarted:
        plant.start()
    plant.hear(BACK)
    np.testing.assert_array_equal(plant.found(), ordered(plant.sent))

    for hours_later in (2, 6, 24, 30):
        plant.wait(START + BACK + 3600 * hours_later)
        np.testing.assert_array_equal(plant.found(), ordered(plant.sent))
    with plant.store.connect() as connection:
        assert stored.extent(connection, "press-1") is None

    plant.wait(START + 1200 + BACK + 2 * DAY_S)
    assert len(plant.found()) == 6000  # the others came a day later by that clock
    plant.wait(START + 601 + 2 * DAY_S)
    with pytest.raises(ValueError, match="concatenate"):
        plant.found()


def test_history_shows_both_stretches_and_the_gap(plant):
    """Each where its device said it was."""
    plant.hear(BACK)
    with plant.store.connect() as connection:
        shown = history(connection, place_at(plant.archive), "press-1", START + BACK, START + 660,
                        500)  # fmt: skip
    assert shown.samples.sum() == 12_000
    assert {int((one - START) // 3600) for one in shown.ts} == {-24, 0}
    assert any(gap.end - gap.start > 0.9 * DAY_S for gap in shown.gaps)


def test_for_want_of_room_what_came_first_goes_first(plant):
    """Not what is stamped earliest since."""
    plant.hear(BACK)
    room.carry_out(plant.store, place_at(plant.archive), Drop(HOT, None, 1, "size"), lambda: True)
    left = plant.found()
    assert left[0, 0] == START + BACK
    assert len(left) < 12_000


def test_growth_is_not_told_by_a_moment_of_the_future(plant):
    """All that is there came later than now."""
    rules = rules_of(plant.settings)
    usage = measure(plant.store, place_at(plant.archive), rules, START + BACK)
    assert usage.growth.observed_s > 500
    assert usage.growth.bytes_per_day < usage.bytes * DAY_S / 500
