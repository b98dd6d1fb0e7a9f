"""Cases of the fault lab: what is injected, and what a session file brings along."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from detector.errors import TrainingError
from detector.settings.devices import RunningSignal
from detector.training.lab.cases import UNKNOWN
from detector.training.lab.evaluate import (
    FAMILIES,
    Injection,
    families_named,
    inject_faults,
    read_cases,
)
from simulator.recordings import truth
from simulator.recordings.truth import Episode, Truth
from tests.support.motors import START, live
from tests.support.training.sessions import SEVERITIES, recording


def test_every_family_and_severity_comes_once_per_seed():
    """Each seed goes through all of them."""
    chosen = Injection(FAMILIES, SEVERITIES, seeds=(1, 2))
    for seed in chosen.seeds:
        made = inject_faults(
            [recording(), recording(seed=51)], dataclasses.replace(chosen, seeds=(seed,))
        )
        found = sorted((e.family, e.severity) for case in made for e in case.events)
        assert found == sorted((f, s) for f in FAMILIES for s in SEVERITIES)
    both = list(inject_faults([recording()], chosen))
    assert sum(len(case.events) for case in both) == 2 * len(FAMILIES) * len(SEVERITIES)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    """Figures of a lab can be repeated."""

    def values(seed):
        made = inject_faults([recording()], Injection(seeds=(seed,)))
        return b"".join(case.recording.samples.values.tobytes() for case in made)

    assert values(4) == values(4)
    assert values(4) != values(5)


def test_labels_are_where_the_events_are_and_nothing_else_changes(cases):
    """A value outside of all faults is as it was recorded; in each fault some value changes."""
    originals = {"s50": recording(), "s51": recording(seed=51)}
    for case in cases:
        samples = case.recording.samples
        expected = np.zeros(len(samples), np.bool_)
        before = originals[case.recording.name].samples.values
        for event in case.events:
            first, last = np.searchsorted(samples.ts, [event.start - 1e-6, event.end + 1e-6])
            rows = slice(first, last)
            expected[rows] = True
            assert samples.ts[rows][0] == event.start
            assert samples.ts[rows][-1] == event.end
            assert (samples.values[rows] != before[rows]).any()
        np.testing.assert_array_equal(case.label, expected)
        np.testing.assert_array_equal(samples.values[~expected], before[~expected])


@pytest.mark.parametrize("name", ["rpm", "speed"])
def test_faults_come_only_while_the_machine_runs(name):
    """Not at standstill, not in the running signal, whatever its name."""
    made = recording(standstill=slice(5000, 12_000))
    samples = dataclasses.replace(made.samples, features=("x", "y", name))
    signal = None if name == "rpm" else RunningSignal(feature=name, min=500)
    found = list(
        inject_faults([dataclasses.replace(made, samples=samples)], Injection(running=signal))
    )
    assert any(case.label.any() for case in found)
    for case in found:
        assert not case.label[5000:12_000].any()
        np.testing.assert_array_equal(case.recording.samples.values[:, 2], samples.values[:, 2])


def test_faults_come_only_into_the_features_that_are_named():
    """What no model sees is left alone, but for an axis that swaps places with it."""
    before = recording()
    families = tuple(family for family in FAMILIES if family != "axis_swap")
    for case in inject_faults([before], Injection(families, features=("y",))):
        np.testing.assert_array_equal(
            case.recording.samples.values[:, 0], before.samples.values[:, 0]
        )
    with pytest.raises(TrainingError, match="no feature to put a fault in; found x, y, rpm"):
        list(inject_faults([before], Injection(features=("z",))))


def test_unknown_families_and_short_sessions_are_refused():
    """The line names what is allowed."""
    assert families_named("all") == FAMILIES
    assert families_named("none") == ()
    assert families_named("bias, noise") == ("bias", "noise")
    with pytest.raises(TrainingError, match="--faults rust; allowed: all, none, spike"):
        families_named("bias,rust")
    with pytest.raises(TrainingError, match="no session runs for 50 s"):
        list(inject_faults([recording(n=1000)], Injection()))


def write(path, n=3000, label=None):
    """A session file."""
    samples = live(n, 1)
    columns, names = [samples.ts, *samples.values.T], "ts,x,y,rpm"
    if label is not None:
        columns, names = [*columns, label], f"{names},label"
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=names, comments="", fmt="%.3f")


def write_truth(path):
    """Two faults: 10 to 20 s and 30 to 40 s."""
    faults = [("bias", 0.5, 10, 20), ("noise", 1.0, 30, 40)]
    episodes = tuple(
        Episode(family=f, axis="x", start=START + a, full=START + a, end=START + b, severity=s)
        for f, s, a, b in faults
    )
    truth.write(path, Truth(file=path.name, episodes=episodes))


@pytest.mark.parametrize("has_label", [True, False])
def test_a_truth_beside_a_session_tells_family_and_severity(tmp_path, has_label):
    """With or without a label column, and nothing is injected into it."""
    label = np.zeros(3000)
    label[500:1000] = label[1500:2000] = 1
    path = tmp_path / "a.csv"
    write(path, label=label if has_label else None)
    write_truth(path)
    [case] = read_cases([path], Injection())
    assert [(e.family, e.severity) for e in case.events] == [("bias", 0.5), ("noise", 1.0)]
    np.testing.assert_array_equal(case.label, label > 0)


def test_without_a_truth_a_labelled_fault_is_unknown(tmp_path):
    """Each labelled stretch is one fault; its row has no severity."""
    label = np.zeros(3000)
    label[500:1000] = label[1500:2000] = 1
    write(tmp_path / "a.csv", label=label)
    [case] = read_cases([tmp_path], Injection())
    assert [(e.family, e.severity) for e in case.events] == [(UNKNOWN, None)] * 2
    assert [e.start for e in case.events] == pytest.approx([START + 10, START + 30])


def test_a_broken_truth_gets_one_line(tmp_path):
    """It names the file."""
    write(tmp_path / "a.csv")
    (tmp_path / "a.truth.json").write_text("{")
    with pytest.raises(TrainingError, match=r"a\.truth\.json: no ground truth"):
        list(read_cases([tmp_path], Injection()))


def write_bursts(path, label):
    """Bursts of five seconds, twenty seconds apart, each a session of the file."""
    n = len(label)
    samples, number = live(n, 1), np.arange(n) // 250
    table = pd.DataFrame(samples.values, columns=samples.features)
    table.insert(0, "ts", samples.ts + 20.0 * number)
    table.assign(session=number, label=label).to_csv(path, index=False)


def test_a_fault_heard_in_several_bursts_is_one(tmp_path):
    """And the machine is one session, so that an alarm stands from one burst to the next."""
    label = np.zeros(3000)
    label[750:1500] = 1
    write_bursts(tmp_path / "a.csv", label)
    [case] = read_cases([tmp_path], None)
    assert case.name == "a.csv"
    [fault] = case.events
    assert (fault.start, fault.end) == pytest.approx((START + 75, START + 130 - 1 / 50))


def test_faults_find_room_in_bursts(tmp_path):
    """Heard for as many seconds as in a session without a pause."""
    write_bursts(tmp_path / "a.csv", np.zeros(12_000))
    cases = list(read_cases([tmp_path], Injection(("bias",), (0.5,))))
    [event] = [event for case in cases for event in case.events]
    assert 20 <= cases[0].label.sum() / 50 <= 40
    assert event.end - event.start > 60
