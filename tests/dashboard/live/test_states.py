"""Every state that the detector knows is shown."""

from __future__ import annotations

import json

import pytest

from dashboard.live.states import STALE, WORST_FIRST, natural, shown_state
from detector.records import DeviceState, DeviceStatus

EVERY = {STALE, *(state.value for state in DeviceState)}


def test_each_state_has_its_place():
    """In the order of how much a device needs a look."""
    assert set(WORST_FIRST) == EVERY
    assert WORST_FIRST[:2] == (DeviceState.ALARM, DeviceState.SENSOR)


@pytest.mark.browser
def test_the_page_has_a_shape_a_word_and_a_place_for_each(run):
    """Never colour alone, and the same order as here."""
    code = """
      const {shape, stateWord} = await import("/assets/x/shapes.js");
      const {Fleet} = await import("/assets/x/overview/fleet.js");
      const states = EVERY, fleet = new Fleet();
      fleet.receive({full: true, names: states, sparks: {}, scores: states.map(() => 0),
        arrivals: states.map(() => 0),
        tiles: Object.fromEntries(states.map(s => [s, {shown_state: s}]))});
      const order = fleet.totals().map(total => total[0]);
      return JSON.stringify([states.map(shape), states.map(stateWord), order]);
    """
    said = run(code.replace("EVERY", json.dumps(sorted(EVERY))))
    shapes, words, order = json.loads(said)
    assert len(set(shapes)) == len(set(words)) == len(EVERY)
    assert None not in words
    assert tuple(order) == WORST_FIRST


@pytest.mark.parametrize("state", [DeviceState.ALARM, DeviceState.SENSOR, DeviceState.OK])
def test_what_is_wrong_stays_so_when_data_grow_old(state):
    """All else is stale."""
    status = DeviceStatus("m", state, None, None, None, 1.0, 0.0, 0.0, None, ("a",), None)
    assert shown_state(status, 1e6, 10.0) == (STALE if state is DeviceState.OK else state)


def test_names_are_ordered_as_people_count():
    """Numbers by their size, letters whatever their case."""
    names = ["pump-10", "Pump-2", "pump-2b", "pump", "10", "9"]
    assert sorted(names, key=natural) == ["9", "10", "pump", "Pump-2", "pump-2b", "pump-10"]
