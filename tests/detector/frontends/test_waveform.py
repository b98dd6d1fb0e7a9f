"""The front end ``waveform``: what its columns say of a block, and what they cannot."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from detector.errors import BundleError, TrainingError
from detector.frontends.plans import FrontEndPlan
from detector.frontends.table import front_end
from detector.frontends.waveform_plan import Machine, candidate_bands, plan_waveform, quiet_bands

RATE_HZ, SECONDS, RPM = 6400.0, 2.0, 600.0
BLOCK = round(RATE_HZ * SECONDS)
TIMES = np.arange(BLOCK) / RATE_HZ
NORMAL = np.random.default_rng(0).normal(0, 0.002, (BLOCK, 2)).astype(np.float32)
KNOWN = Machine(speed="rpm", rpm=RPM, bearing="6205", teeth=23)
CHANNELS = {"x": "g", "y": "g"}
PLAN = plan_waveform(CHANNELS, RATE_HZ, NORMAL, KNOWN)
FRONT = front_end(PLAN)
BPFO = 3.585


def described(x, rpm=RPM, front=FRONT):
    """Columns by name of one block whose second channel is noise."""
    block = np.stack([x, NORMAL[:, 1]], axis=-1).astype(np.float32)
    speed = np.broadcast_to(np.asarray(rpm, np.float32), (BLOCK,))[None, :, None]
    row = front.describe(block[None], speed[:, :, : len(front.conditions)])[0]
    return dict(zip(front.columns, row.tolist(), strict=True))


def ringing(per_second, peak=0.02, mode_hz=1700.0):
    """Impacts so many times a second that ring a mode, over noise."""
    moments = np.arange(0.003, SECONDS, 1 / per_second)
    since = TIMES[None] - moments[:, None]
    rings = np.exp(-500.0 * since.clip(0)) * np.sin(2 * np.pi * mode_hz * since)
    return NORMAL[:, 0] + peak * np.where(since >= 0, rings, 0.0).sum(axis=0)


def test_velocity_is_in_mm_s_and_levels_are_in_physical_units():
    """2.8 mm/s rms at 10 Hz are 25 mg peak; crest and kurtosis are those of a sine."""
    row = described(1.0 + 0.02537 * np.sin(2 * np.pi * 10.0 * TIMES))
    assert row["x.velocity_rms"] == pytest.approx(2.8, rel=0.01)
    assert row["x.mean"] == pytest.approx(1.0, abs=1e-4)
    assert row["x.rms"] == pytest.approx(0.02537 / np.sqrt(2), rel=1e-3)
    assert row["x.crest"] == pytest.approx(10 * np.log10(2), abs=0.01)
    assert row["x.kurtosis"] == pytest.approx(10 * np.log10(1.5), abs=0.01)
    assert row["x.order1"] == pytest.approx(20 * np.log10(0.02537 / np.sqrt(2)), abs=0.1)


@pytest.mark.parametrize("unit", ["g", "m/s²", "mm/s²"])
def test_velocity_does_not_depend_on_the_unit(unit):
    """The same vibration in another unit is the same velocity."""
    factor = {"g": 1.0, "m/s²": 9.80665, "mm/s²": 9806.65}[unit]
    x = factor * 0.02537 * np.sin(2 * np.pi * 10.0 * TIMES)
    front = front_end(msgspec.structs.replace(PLAN, units=(unit, "g")))
    assert described(x, front=front)["x.velocity_rms"] == pytest.approx(2.8, rel=0.01)


def test_of_an_unknown_unit_no_velocity_is_told():
    """Volts are no acceleration; the other columns stay."""
    front = front_end(msgspec.structs.replace(PLAN, units=("V", "g")))
    assert "x.velocity_rms" not in front.columns
    assert "y.velocity_rms" in front.columns
    assert len(front.units) == len(front.resolution) == len(front.groups) == len(front.columns)
    assert dict(zip(front.columns, front.units, strict=True))["x.rms"] == "V"


@pytest.mark.parametrize(("part", "order"), [("outer", BPFO), ("inner", 5.415), ("ball", 4.713)])
def test_impacts_of_a_bearing_stand_out_in_the_envelope(part, order):
    """By 12 dB and more in the band that rings, and by more than any other part's lines."""
    usual, row = described(NORMAL[:, 0]), described(ringing(order * RPM / 60))
    away = {name: row[name] - usual[name] for name in FRONT.columns if name.startswith("all.")}
    largest = max((name for name in away if "impulses" not in name), key=away.__getitem__)
    assert largest.startswith(f"all.{part}_")
    assert away[largest] > 12
    low, high = (float(edge) for edge in largest.split("_")[1:])
    assert low < 1700 < high


def test_the_ratio_of_a_line_does_not_depend_on_the_level():
    """Ten times the signal has the same envelope columns and other levels."""
    one, ten = (described(k * ringing(BPFO * RPM / 60)) for k in (1.0, 10.0))
    front = front_end(msgspec.structs.replace(PLAN, inputs=("x",), units=("g",), scale=(1.0,)))
    speed = np.full((1, BLOCK, 1), RPM, np.float32)
    waves = [k * ringing(BPFO * RPM / 60).astype(np.float32)[None, :, None] for k in (1.0, 10.0)]
    rows = [dict(zip(front.columns, front.describe(w, speed)[0], strict=True)) for w in waves]
    for name in (name for name in front.columns if name.startswith("all.")):
        assert rows[1][name] == pytest.approx(rows[0][name], abs=1e-3)
    assert ten["x.band_1600_3200"] - one["x.band_1600_3200"] == pytest.approx(20, abs=0.01)


def test_lines_follow_the_speed_within_the_block():
    """On a ramp from 500 to 700 rpm impacts come ever faster, and stand out all the same."""
    rpm = np.linspace(500.0, 700.0, BLOCK)
    passed = np.floor(np.cumsum(rpm) / 60 / RATE_HZ * BPFO)
    since = np.arange(BLOCK) - np.maximum.accumulate(
        np.where(np.diff(passed, prepend=0) > 0, np.arange(BLOCK), 0)
    )
    x = NORMAL[:, 0] + 0.02 * np.exp(-500 * since / RATE_HZ) * np.sin(
        2 * np.pi * 1700 * since / RATE_HZ
    )
    tracked, nominal = described(x, rpm), described(x, rpm.mean())
    name = "all.outer_1613_2560"
    assert tracked[name] > 12
    assert tracked[name] > nominal[name] + 6


def test_a_gear_is_told_by_its_mesh_and_sidebands():
    """The mesh at 23x, and what swings beside it."""
    angle = 2 * np.pi * RPM / 60 * TIMES
    mesh = described(NORMAL[:, 0] + 0.01 * (1 + 0.5 * np.cos(angle)) * np.cos(23 * angle))
    assert mesh["x.gear_mesh"] == pytest.approx(20 * np.log10(0.01 / np.sqrt(2)), abs=0.3)
    sidebands = 10 * np.log10(2 * (0.0025 / np.sqrt(2)) ** 2)
    assert mesh["x.gear_sidebands"] == pytest.approx(sidebands, abs=0.5)


@pytest.mark.parametrize("rpm", [0.0, np.nan, -600.0, 100.0])
def test_without_a_speed_no_order_is_told(rpm):
    """Standing, missing, or less than four turns in the block: NaN, and all others are numbers."""
    row = described(ringing(36.0), rpm)
    hidden = {name for name, value in row.items() if np.isnan(value)}
    told_by_turns = ("order", "gear", "outer", "inner", "ball", "cage")
    assert hidden == {n for n in row if n.partition(".")[2].startswith(told_by_turns)}


def test_a_speed_that_is_missing_for_a_moment_hides_the_orders():
    """One missing value makes the turns of the whole block unknown."""
    rpm = np.full(BLOCK, RPM)
    rpm[100] = np.nan
    assert np.isnan(described(NORMAL[:, 0], rpm)["x.order1"])


@pytest.mark.parametrize("value", [0.0, 1.0, -3e4])
def test_constant_input_is_finite(value):
    """A sensor that is stuck gives numbers, among them that all samples are alike."""
    row = described(np.full(BLOCK, value))
    assert np.isfinite(list(row.values())).all()
    assert row["x.clipped"] == 1.0


def test_a_clipped_waveform_is_flagged():
    """Samples at the end of the range are a share of their own."""
    x = 0.02 * np.sin(2 * np.pi * 10.0 * TIMES)
    assert described(x)["x.clipped"] < 0.01
    assert described(x.clip(-0.01, 0.01))["x.clipped"] > 0.5


def test_a_row_does_not_depend_on_its_batch():
    """More blocks than are described at once, of different speeds, are as each is alone."""
    rng = np.random.default_rng(1)
    blocks = rng.normal(0, 0.01, (18, BLOCK, 2)).astype(np.float32)
    speeds = np.repeat(rng.uniform(300, 1500, 18), BLOCK).reshape(18, BLOCK, 1).astype(np.float32)
    together = FRONT.describe(blocks, speeds)
    alone = FRONT.describe(blocks[17:], speeds[17:])
    np.testing.assert_allclose(together[17:], alone, atol=1e-6)
    assert FRONT.describe(blocks[:0], speeds[:0]).shape == (0, len(FRONT.columns))


def test_a_plan_comes_back_from_a_bundle():
    """As it was, and as the same kind."""
    assert msgspec.json.decode(msgspec.json.encode(PLAN), type=FrontEndPlan) == PLAN


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"bearing": "6299"}, "bearing '6299', allowed: 6204, 6205, or BALLS"),
        ({"bearing": "2,7.9,39"}, "2 balls of 7.9 mm on 39 mm, allowed: 3 or more"),
        ({"speed": None, "rpm": None}, "bearing 6205 without a speed"),
        ({"teeth": 2}, "teeth is 2, allowed: 3 or more"),
        ({"machine_class": "huge"}, "machine class 'huge', allowed: small"),
        ({"machine_class": "3,2,1"}, "limits 3, 2, 1 mm/s"),
        ({"units": ("g",)}, "units has 1 values for 2 inputs"),
        ({"hop": 0}, "hop is 0, allowed: above 0"),
        ({"rpm": float("nan")}, "rpm is nan, allowed: above 0"),
        ({"envelope_hz": ((2000.0, 4000.0),)}, "band 2000 to 4000 Hz, allowed: rising"),
    ],
)
def test_a_plan_that_does_not_go_together_is_refused(changes, line):
    """In one line that says what is allowed."""
    with pytest.raises(BundleError) as refusal:
        front_end(msgspec.structs.replace(PLAN, **changes))
    assert line in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_normal_data_shorter_than_a_block_are_refused():
    """A burst of a tenth of a second is no block of two."""
    with pytest.raises(TrainingError, match="at least one block of 2 s, 12800 samples"):
        plan_waveform(CHANNELS, RATE_HZ, NORMAL[:640], KNOWN)


def test_a_slow_sensor_has_no_envelope():
    """At 400 Hz nothing rings; levels and orders are told."""
    plan = plan_waveform(CHANNELS, 400.0, NORMAL[:800], KNOWN)
    front = front_end(plan)
    assert plan.envelope_hz == ()
    assert not any(name.startswith("all.") for name in front.columns)
    assert "x.order1" in front.columns
    row = front.describe(NORMAL[None, :800], np.full((1, 800, 1), RPM, np.float32))
    assert np.isnan(row).sum() == 0  # the mesh at 230 Hz has no column


def test_a_band_full_of_impulses_is_left_out():
    """What rings while all is normal would hide small impacts; where all bands do, all stay."""
    x = np.stack([ringing(20.0, peak=0.03), NORMAL[:, 1]], axis=-1).astype(np.float32)
    kept = quiet_bands(x, BLOCK // 4, RATE_HZ)
    assert kept
    assert not any(low < 1700 < high for low, high in kept)
    click = NORMAL.copy()
    click[:: BLOCK // 16] = 5.0
    assert quiet_bands(click, BLOCK // 4, RATE_HZ) == candidate_bands(RATE_HZ)
