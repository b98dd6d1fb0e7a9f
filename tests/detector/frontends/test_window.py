"""The front end ``window``: what its columns say of a block, and what they cannot."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import BundleError
from detector.frontends.plans import FrontEndPlan, WindowPlan
from detector.frontends.table import KINDS, front_end

BLOCK, RATE_HZ = 100, 100.0
PLAN = WindowPlan(
    inputs=("x", "y"), units=("g", ""), block=BLOCK, hop=10, sampling_period_s=1 / RATE_HZ,
    centre=(1.0, 0.0), scale=(0.5, 1.0), speed="rpm",
)  # fmt: skip


def described(values, rpm=600.0, plan=PLAN):
    """Columns by name of one block; ``values`` of shape (block, 2)."""
    front = front_end(plan)
    speed = np.broadcast_to(np.asarray(rpm, np.float32), (BLOCK,))[None, :, None]
    row = front.describe(np.asarray(values, np.float32)[None], speed)[0]
    return dict(zip(front.columns, row.tolist(), strict=True))


def tone(amplitude, rpm, order=1.0):
    """A tone at a multiple of a speed that may change, about 1, beside noise."""
    turns = np.cumsum(np.broadcast_to(rpm, (BLOCK,))) / 60 / RATE_HZ
    noise = np.random.default_rng(0).normal(0, 0.005, (BLOCK, 2))
    noise[:, 0] += 1 + amplitude * np.sin(2 * np.pi * order * turns)
    return noise


def test_levels_are_in_db_of_the_inputs_own_unit():
    """A tone of 0.4 g has an rms of 0.28 g, a crest of 3 dB and its amplitude at order 1."""
    row = described(tone(0.4, 600.0))
    assert row["x.mean"] == pytest.approx(1.0, abs=0.01)
    assert row["x.rms"] == pytest.approx(20 * np.log10(0.4 / np.sqrt(2)), abs=0.05)
    assert row["x.crest"] == pytest.approx(20 * np.log10(np.sqrt(2)), abs=0.5)
    assert row["x.kurtosis"] == pytest.approx(10 * np.log10(1.5), abs=0.1)
    assert row["x.order1"] == pytest.approx(20 * np.log10(0.4), abs=0.1)
    assert row["x.order2"] < -40


def test_orders_follow_the_speed_within_the_block():
    """A ramp from 500 to 900 rpm smears an order at the nominal or the mean speed, not here."""
    ramp = np.linspace(500.0, 900.0, BLOCK)
    assert described(tone(0.4, ramp, order=2.0), ramp)["x.order2"] == pytest.approx(
        20 * np.log10(0.4), abs=0.3
    )
    assert described(tone(0.4, ramp, order=2.0), ramp.mean())["x.order2"] < -12


def test_what_orders_leave_is_the_machines_noise_at_any_speed():
    """Bands and shape are no longer those of the tones, steady, on a ramp, or folded back."""
    plan = msgspec.structs.replace(PLAN, rest=True)
    for rpm in (600.0, 1274.0, np.linspace(500.0, 900.0, BLOCK)):
        values = tone(0.4, rpm) + tone(0.2, rpm, order=3.0) - tone(0.0, rpm)
        row, bare = described(values, rpm, plan), described(tone(0.0, rpm), rpm)
        for kind in ("band3", "band4", "band5", "kurtosis"):
            assert row[f"x.{kind}"] == pytest.approx(bare[f"x.{kind}"], abs=5.0)
        assert row["x.rms"] > bare["x.rms"] + 30


def test_an_order_too_near_to_the_filter_is_missing():
    """The plan says how near."""
    plan = msgspec.structs.replace(PLAN, highest=0.4)
    assert np.isnan(described(tone(0.4, 1300.0), 1300.0, plan)["x.order2"])
    assert np.isfinite(described(tone(0.4, 1300.0), 1300.0)["x.order2"])


@pytest.mark.parametrize(
    ("rpm", "hidden"),
    [
        (600.0, set()),
        (-600.0, set()),  # the other way round
        (0.0, {0.5, 1.0, 2.0, 3.0}),
        (90.0, {0.5}),  # three quarters of a turn at half the speed
        (1200.0, {3.0}),  # 60 Hz, above the Nyquist frequency
        (1e9, {0.5, 1.0, 2.0, 3.0}),
    ],
)
def test_an_order_that_a_block_cannot_show_is_missing(rpm, hidden):
    """Not a number that means nothing: too slow, standing still, or too fast for the samples."""
    row = described(tone(0.4, 600.0), rpm)
    missing = {name for name, value in row.items() if np.isnan(value)}
    assert missing == {f"{axis}.order{order:g}" for axis in "xy" for order in hidden}


def test_without_a_speed_there_are_no_orders_and_with_a_nominal_one_there_are():
    """The plan says which."""
    plan = msgspec.structs.replace(PLAN, speed=None)
    assert not [name for name in front_end(plan).columns if "order" in name]
    nominal = front_end(msgspec.structs.replace(plan, rpm=600.0))
    blocks = tone(0.4, 600.0).astype(np.float32)[None]
    row = nominal.describe(blocks, np.empty((1, BLOCK, 0), np.float32))[0]
    assert row[nominal.columns.index("x.order1")] == pytest.approx(20 * np.log10(0.4), abs=0.1)


def test_repeats_are_told():
    """A sensor that is stuck for a quarter of the block."""
    values = tone(0.4, 600.0)
    values[25:51] = values[25]
    assert described(values)["x.repeats"] == pytest.approx(25 / 99, abs=0.02)


@given(value=st.floats(-1e6, 1e6, width=32), rpm=st.floats(0, 6000, width=32))
@settings(deadline=None, max_examples=30)
def test_constant_input_is_finite_wherever_it_can_be_shown(value, rpm):
    """At any level; only orders may be missing."""
    row = described(np.full((BLOCK, 2), value), rpm)
    assert all(np.isfinite(found) or "order" in name for name, found in row.items())


def test_a_row_does_not_depend_on_its_batch():
    """Bit for bit: what is trained on is what is scored, however messages come."""
    rng = np.random.default_rng(1)
    blocks = rng.normal(0, 1, (600, BLOCK, 2)).astype(np.float32)
    speeds = rng.uniform(100, 1500, (600, BLOCK, 1)).astype(np.float32)
    front = front_end(PLAN)
    whole = front.describe(blocks, speeds)
    for rows in (slice(0, 1), slice(7, 20), slice(500, 600)):
        np.testing.assert_array_equal(front.describe(blocks[rows], speeds[rows]), whole[rows])


def test_every_kind_has_names_units_and_groups_for_its_columns():
    """Of a plan as it is read back from a file."""
    plan = msgspec.json.decode(msgspec.json.encode(PLAN), type=FrontEndPlan)
    assert plan == PLAN
    assert type(plan) in KINDS
    front = front_end(plan)
    assert len(front.columns) == len(set(front.columns)) == len(front.units)
    assert len(front.groups) == len(front.resolution) == len(front.columns)
    assert all(front.columns[k].startswith(front.inputs[g]) for k, g in enumerate(front.groups))
    assert front.units[0] == "g"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"block": 9}, "windows of 9 samples in 1 segments and 5 bands"),
        ({"hop": 0}, "hop is 0, allowed: above 0"),
        ({"scale": (1.0, 0.0)}, "scale is 0.0, allowed: above 0"),
        ({"units": ("g",)}, "units has 1 values for 2 inputs"),
        ({"rpm": -1.0, "speed": None}, "rpm is -1.0, allowed: above 0"),
    ],
)
def test_a_plan_that_does_not_go_together_is_refused(change, line):
    """One line says what."""
    with pytest.raises(BundleError, match=line):
        front_end(msgspec.structs.replace(PLAN, **change))
