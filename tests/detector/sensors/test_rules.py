"""Each kind of trouble is told by its rule, of the axis that has it, and health by none."""

from __future__ import annotations

import numpy as np
import pytest

from detector.sensors.rules.table import RULES
from tests.support.sensors.shaken import (
    AXES,
    NOISE_G,
    QUIET_S,
    RATE_HZ,
    SIZES,
    START,
    late,
    rules_of,
    shaken,
    troubles,
)

SEED = 3


def stick(part):
    """The last value, again and again."""
    part[:, 0] = part[0, 0]


def go_missing(part):
    """A value in five does not come."""
    part[::5, 2] = np.nan


def coarsen(part):
    """Steps of most of the vibration."""
    part[:, 1] = np.round(part[:, 1] / 0.004) * 0.004


def clip(part):
    """Cut at half of the crest."""
    part[:, 0] = np.clip(part[:, 0], -0.5 * SIZES[0], 0.5 * SIZES[0])


def cut_crests(part):
    """Only the highest of each second, by little."""
    highest = [second.max() for second in part[: len(part) // 100 * 100, 0].reshape(-1, 100)]
    part[:, 0] = np.minimum(part[:, 0], np.percentile(highest, 10))


def exchange(part):
    """Two axes in each other's place."""
    part[:, :2] = part[:, [1, 0]]


def turn_round(part):
    """An axis without gravity the other way round: only its phase tells."""
    part[:, 0] *= -1.0


def read_less(part):
    """A third of everything."""
    part[:, 2] *= 0.33


def shift(part):
    """A mean that moves by what no temperature does."""
    part[:, 0] += 0.012


def drift(part):
    """The same, slowly."""
    part[:, 0] += 0.02 * np.linspace(0, 1, len(part))


def spike(part):
    """A sample in two hundred jumps."""
    part[::200, 1] += 0.05


def spike_a_little(part):
    """By less than the vibration itself, which the samples around tell far better."""
    part[::200, 0] += 0.3 * SIZES[0]


def hiss(part):
    """Noise of one axis alone."""
    part[:, 0] += 10 * NOISE_G * np.random.default_rng(SEED).standard_normal(len(part))


BROKEN = [
    (stick, "stuck", "acc_x"),
    (go_missing, "missing", "acc_z"),
    (coarsen, "coarse", "acc_y"),
    (clip, "clipped", "acc_x"),
    (cut_crests, "crests", "acc_x"),
    (exchange, "axes", "acc_x"),
    (turn_round, "axes", "acc_x"),
    (read_less, "scale", "acc_z"),
    (shift, "level", "acc_x"),
    (drift, "level", "acc_x"),
    (spike, "spikes", "acc_y"),
    (spike_a_little, "spikes", "acc_x"),
    (hiss, "noise", "acc_x"),
]


@pytest.mark.parametrize(
    ("break_it", "rule", "feature"), BROKEN, ids=lambda one: getattr(one, "__name__", one)
)
def test_trouble_is_told_with_its_axis_and_since_when(break_it, rule, feature):
    """By the first rule of the table that holds; nothing before it began."""
    values = shaken()
    break_it(late(values))
    first = troubles(values)[0]
    assert (first.rule, first.features[0]) == (rule, feature)
    assert QUIET_S - 1 <= first.since - START < QUIET_S + 20
    assert first.sentence.startswith(", ".join(first.features) + ": ")


def unbalance(part):
    """The shaft's own line grows threefold, as much as each axis hears of it."""
    part += 2 * (part - part.mean(axis=0))


def loosen(part):
    """Harmonics and halves, mostly vertical."""
    t = np.arange(len(part)) / RATE_HZ
    rattle = sum(np.sin(2 * np.pi * f * t + f) / f for f in (5, 15, 20, 25, 30))
    part += 0.05 * np.outer(rattle, [0.4, 1.0, 0.2])


def roar(part):
    """Noise of the machine is in every axis."""
    part += (
        10 * NOISE_G * np.random.default_rng(SEED).standard_normal((len(part), 1)) * [1.0, 0.8, 0.5]
    )


def knock(part):
    """So are shocks."""
    part[::150] += [0.05, 0.04, 0.02]


def bend(part):
    """A line of one axis alone, with none of its noise."""
    t = np.arange(len(part)) / RATE_HZ
    part[:, 2] += 0.02 * np.sin(2 * np.pi * 10 * t)


def bend_slowly(part):
    """The same, growing for half a minute: no jumps, however large."""
    t = np.arange(len(part)) / RATE_HZ
    part[:, 2] += 0.02 * np.minimum(t / 30, 1) * np.sin(2 * np.pi * 20 * t)


def cancel(part):
    """A line that falls out of step with the shaft's takes from it; the noise stays."""
    t = np.arange(len(part)) / RATE_HZ
    part[:, 2] -= 0.6 * SIZES[2] * np.sin(2 * np.pi * 10 * t + 0.7)


def stop(part):
    """The machine stands still."""
    part[:] = shaken(len(part) / RATE_HZ, seed=8, size=0.0)


def burst(part):
    """Two seconds of twice the vibration."""
    part[500:700] += part[500:700] - part.mean(axis=0)


def hiss_briefly(part):
    """Two seconds of noise that doubles one axis, +6 dB."""
    part[500:700, 0] += (
        np.sqrt(3) * part[:, 0].std() * np.random.default_rng(SEED).standard_normal(200)
    )


@pytest.mark.parametrize(
    "change",
    [unbalance, loosen, roar, knock, bend, bend_slowly, cancel, stop, burst, hiss_briefly],
    ids=lambda one: one.__name__,
)
def test_a_machine_is_no_sensor(change):
    """What the machine does is the score's to tell, and health is nobody's."""
    values = shaken()
    change(late(values))
    assert troubles(values) == []


def test_it_ends_when_the_signal_is_as_before():
    """By each rule's own time, and what was usual is still known then."""
    values = shaken(90)
    late(values)[:1000, 2] *= 0.33
    whole = troubles(values)
    assert rules_of(whole) == {("scale", ("acc_z",))}
    late(values)[4000:, 0] = 0.5
    assert [one.rule for one in troubles(values)] == ["scale", "stuck"]


def test_coarse_and_slow_channels_rest_in_health():
    """An integer-stepped axis whose machine stops, a counter, and a temperature."""
    values = np.round(shaken(90) / 0.004) * 0.004
    values[6000:] = [0.0, 1.0, 0.0]
    assert troubles(values) == []
    slow = np.column_stack([np.repeat(np.arange(60.0), 100), np.full(6000, 600.0)])
    slow[3000:] = slow[3000]
    assert troubles(slow, ("count", "temp_c")) == []


def test_a_channel_that_is_no_vibration_is_judged_by_what_was_learnt():
    """A flow that never rested in training and now stands still."""
    from detector.sensors.learn import learn  # noqa: PLC0415
    from tests.support.sensors.shaken import samples  # noqa: PLC0415

    flow = 5 + 0.1 * np.random.default_rng(1).standard_normal((6000, 1))
    normal = learn([samples(flow, ("flow",))])
    flow[3000:] = 5.0
    assert troubles(flow, ("flow",)) == []
    assert rules_of(troubles(flow, ("flow",), normal)) == {("stuck", ("flow",))}


def test_a_channel_that_was_never_there_is_not_missing():
    """Nor is one whose values always come now and then."""
    values = shaken()
    values[:, 2] = np.nan
    assert troubles(values) == []
    values = shaken()
    values[::40, 2] = np.nan
    assert {one.since < START + 3 for one in troubles(values)} <= {True}


def test_every_rule_has_its_case():
    """A new rule comes with one."""
    assert {rule for _, rule, _ in BROKEN} == {rule.name for rule in RULES}


def test_pieces_make_no_difference():
    """The looks are the same however the samples come."""
    values = shaken()
    clip(late(values))
    assert troubles(values, step=37) == troubles(values, step=6000)
    assert troubles(values)[0].features == (AXES[0],)
