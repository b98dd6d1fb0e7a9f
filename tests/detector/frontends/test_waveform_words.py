"""Columns of a waveform in words, and the zone of a velocity."""

import msgspec
import numpy as np
import pytest

from detector.frontends.causes import causes_of
from detector.frontends.plans import WaveformPlan
from detector.frontends.table import front_end
from detector.frontends.waveform_words import saying
from detector.frontends.waveforms.bearings import BEARINGS, bearing_named
from detector.frontends.waveforms.severity import MACHINE_CLASSES, limits_of, zone_in_words

PLAN = WaveformPlan(
    inputs=("acc_x", "acc.y"), units=("g", "g"), block=2000, hop=1000, sampling_period_s=1e-3,
    scale=(1.0, 1.0), velocity_hz=(10.0, 1000.0), envelope_hz=((252.0, 400.0),), rpm=600.0,
    bearing="6205", teeth=23, machine_class="small",
)  # fmt: skip


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("all.outer_252_400", "envelope at 3.58x, outer race of a 6205 (252-400 Hz)"),
        ("all.cage_252_400", "envelope at 0.40x, cage of a 6205 (252-400 Hz)"),
        ("all.impulses_252_400", "impulses in the envelope of 252-400 Hz"),
        ("acc_x.velocity_rms", "acc_x: velocity 10-500 Hz"),
        ("acc_x.band_62_125", "acc_x: vibration in 62-125 Hz"),
        ("acc.y.order0.5", "acc.y: vibration at half the speed"),
        ("acc.y.gear_mesh", "acc.y: gear mesh at 23x"),
        ("acc_x.kurtosis", "acc_x: impulses (kurtosis)"),
        ("another.thing", "another.thing"),
    ],
)
def test_a_column_is_said_in_words(column, words):
    """What it is, and where; one that is not known is called by its name."""
    assert saying(column, PLAN) == words


def test_a_sentence_says_how_far():
    """The line of an alarm."""
    front = front_end(msgspec.structs.replace(PLAN, bearing="8,7.94,33.5"))
    shares = (np.array(front.columns) == "all.outer_252_400").astype(np.float32)
    (cause,) = causes_of(front, shares, 12.3 * shares[None, :], np.ones(len(shares)))
    assert cause.words == (
        "envelope at 3.05x, outer race of the bearing (252-400 Hz), 12 dB over its normal"
    )


@pytest.mark.parametrize(
    ("velocity", "zone"), [(0.3, "A"), (0.71, "B"), (1.79, "B"), (1.8, "C"), (4.5, "D")]
)
def test_zones_of_a_small_machine(velocity, zone):
    """As commonly published; a limit belongs to the worse zone."""
    assert f"zone {zone}:" in zone_in_words(velocity, "small")


def test_limits_may_be_ones_own():
    """Three limits, instead of a class."""
    assert limits_of("1,2,3").zone(2.5) == "C"
    assert all(limits.a_b < limits.b_c < limits.c_d for limits in MACHINE_CLASSES.values())


def test_orders_of_a_6205():
    """As published: FTF 0.398, BPFO 3.585, BPFI 5.415, and a ball strikes at 2 BSF = 4.713."""
    orders = {part: BEARINGS["6205"].order(part) for part in ("cage", "outer", "inner", "ball")}
    assert orders == pytest.approx(
        {"cage": 0.398, "outer": 3.585, "inner": 5.415, "ball": 4.713}, abs=1e-3
    )
    assert bearing_named("9,7.94,39.04") == BEARINGS["6205"]
