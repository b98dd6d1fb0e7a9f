"""What a sensor is said to see, held against what it reports of the synthesis."""

from functools import cache

import numpy as np
import pytest

from simulator.errors import SimulatorError
from simulator.machines.designs import MOTORS
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.sensor import SENSORS, Probe
from simulator.machines.visibility import View, characteristic_order, folded_hz, look
from tests.support.vibration import shaken

SEVERITY = 0.5
VIEWS = [
    (600, "adxl356", 100.0, True),
    (600, "adxl355", 100.0, False),
    (600, "adxl345", 1600.0, True),
    (1200, "adxl345", 100.0, True),
    (1200, "adxl356", 100.0, False),
    (1200, "adxl355", 1600.0, True),
]
ON_VIEWS = pytest.mark.parametrize("view", VIEWS, ids=lambda v: "-".join(map(str, v)))
FILTERED, UNFILTERED = VIEWS[0], VIEWS[1]
IMPACTS = ["bearing_outer", "bearing_inner", "bearing_ball", "bearing_cage"]


def probe(view):
    """The sensor of a view."""
    _, sensor, rate_hz, filtered = view
    return Probe(SENSORS[sensor], rate_hz, filtered=filtered)


@cache
def promised(view, severity=SEVERITY):
    """What is said of each family."""
    sights = look(View(MOTORS[f"motor-{view[0]}"], probe(view)), severity)
    return {sight.family: sight for sight in sights}


def grown(view, family, severity=SEVERITY, seed=7):
    """Largest growth of a third-octave's rms on any axis, in samples of the sensor itself."""
    healthy, fault = (shaken(view[0], name, severity, probe(view), seed) for name in (None, family))
    orders, before = healthy.spectrum(2.0)
    after = fault.spectrum(2.0)[1]
    edges = 0.25 * 2 ** (np.arange(0, 3 * np.log2(orders[-1] / 0.25)) / 3)
    starts = np.unique(np.searchsorted(orders, edges).clip(1, len(orders) - 3))
    ratio = np.add.reduceat(after, starts, axis=0) / np.add.reduceat(before, starts, axis=0)
    return float(np.sqrt(ratio.max()))


@ON_VIEWS
def test_what_is_visible_shows(view):
    """Where a band is promised to show it, directly or folded, some band's rms grows by 30 %."""
    seen = {f for f, s in promised(view).items() if s.by == "band"}
    assert seen
    assert {family: grown(view, family) for family in seen if grown(view, family) < 1.3} == {}


@ON_VIEWS
def test_what_is_invisible_does_not_show(view):
    """Where it is said to be invisible, no band's rms grows by more than 20 %."""
    unseen = {f for f, s in promised(view).items() if s.verdict == "invisible"}
    assert {family: grown(view, family) for family in unseen if grown(view, family) > 1.2} == {}


@ON_VIEWS
def test_what_is_below_the_noise_does_not_double(view):
    """What drowns in noise does not double the power of any band; 10 % is chance."""
    drowned = {f for f, s in promised(view).items() if s.verdict == "below the noise"}
    assert {family: grown(view, family) for family in drowned if grown(view, family) > 1.55} == {}


@ON_VIEWS
@pytest.mark.parametrize("family", MACHINE_FAULTS)
def test_gain_is_what_happens(view, family):
    """The growth foretold is the growth found, within 30 %: two machines are not the same.

    Loose ones differ most, as the phases of what rattles do.
    """
    tolerance = 0.6 if family == "looseness" else 0.3
    assert promised(view)[family].gain == pytest.approx(grown(view, family), rel=tolerance)


@pytest.mark.parametrize("family", ["unbalance", "bent_shaft"])
def test_tones_add_in_amplitude(family):
    """A slight fault at the shaft's own order adds to what is there, and the promise knows."""
    sight = promised(UNFILTERED, 0.1)[family]
    assert sight.verdict == "visible"
    assert sight.gain == pytest.approx(grown(UNFILTERED, family, 0.1), rel=0.15)


@pytest.mark.parametrize("family", [*IMPACTS, "cavitation", "gear", "misalignment_broadband"])
def test_a_filter_at_100_hz_hides_high_faults(family):
    """Nothing of a bearing, cavitation, gear or broadband misalignment passes the filter."""
    assert promised(FILTERED)[family].verdict in {"invisible", "below the noise"}


@pytest.mark.parametrize("family", [*IMPACTS, "cavitation", "gear", "misalignment_broadband"])
def test_without_a_filter_high_faults_fold(family):
    """Without that filter they fold into the band."""
    assert promised(UNFILTERED)[family].verdict == "aliased"


@ON_VIEWS
@pytest.mark.parametrize("family", ["unbalance", "misalignment", "looseness", "rub"])
def test_low_orders_are_visible(view, family):
    """What shakes at the first orders of the shaft is seen by every sensor."""
    assert promised(view)[family].verdict == "visible"


def test_fast_sensors_see_bearings_directly():
    """At 1.6 kHz the lower mode that impacts ring lies in the band."""
    assert {promised(VIEWS[5])[family].verdict for family in IMPACTS} == {"visible"}


@ON_VIEWS
def test_only_what_folds_has_an_alias(view):
    """An alias is named for characteristic frequencies above Nyquist, and lies below it."""
    design = MOTORS[f"motor-{view[0]}"]
    for family, sight in promised(view).items():
        order = characteristic_order(design, family)
        above = order is not None and order * design.rated_hz > view[2] / 2
        assert (sight.alias_hz is not None) == (sight.verdict == "aliased" and above)
        if sight.alias_hz is not None:
            assert 0 <= sight.alias_hz <= view[2] / 2


@ON_VIEWS
def test_what_is_seen_is_seen_somewhere(view):
    """A verdict says by what, and no more than one of them is without."""
    for sight in promised(view).values():
        assert (sight.by == "nothing") == (sight.verdict in {"below the noise", "invisible"})


def test_inner_ring_folds_to_one_hertz():
    """At 1200 rpm and 100 Hz, BPFI is 98.96 Hz and comes to 1.04 Hz."""
    assert promised(VIEWS[4])["bearing_inner"].alias_hz == pytest.approx(1.04, abs=0.005)


def test_inner_ring_folds_as_a_comb():
    """Its ringing at some 450 Hz is the fourth and fifth of its comb, near 4.2 and 5.2 Hz.

    Jitter and the wander of the speed smear the lines; what is left is a hump there, over a level
    that rises throughout the band.
    """
    fault = shaken(1200, "bearing_inner", SEVERITY, probe(VIEWS[4]), 1)
    healthy = shaken(1200, None, SEVERITY, probe(VIEWS[4]), 1)
    density = [
        fault.band_g(low, high)[0] / np.sqrt(high - low) for low, high in [(3.5, 5.5), (8.0, 18.0)]
    ]
    assert density[0] > 1.2 * density[1]
    assert (fault.band_g(8.0, 18.0) > 2 * healthy.band_g(8.0, 18.0)).all()
    assert "no line" in promised(VIEWS[4])["bearing_inner"].reason


@pytest.mark.parametrize("view", [UNFILTERED, VIEWS[4]])
def test_alias_of_a_mesh_carries_a_line(view):
    """The gear's mesh folds to a line that stands 10 dB above its neighbourhood."""
    sight = promised(view)["gear"]
    fault = shaken(view[0], "gear", SEVERITY, probe(view), 1)
    orders, power = fault.spectrum(4.0)
    away = np.abs(orders * fault.shaft_hz - folded_hz(23 * fault.shaft_hz, view[2]))
    beside = np.median(power[(away > 1.5) & (away < 6.0)], axis=0)
    assert (power[away < 1.0].max(axis=0) > 10 * beside).all()
    assert f"a line at {sight.alias_hz:.2f} Hz" in sight.reason


def test_speed_beyond_nyquist_is_refused():
    """A view in which 1x cannot be seen is refused with the limit."""
    with pytest.raises(SimulatorError, match="below the Nyquist frequency 5 Hz"):
        look(View(MOTORS["motor-600"], Probe(SENSORS["adxl345"], 10.0)))
