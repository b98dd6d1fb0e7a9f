"""The fault lab: what is injected, what is measured, and how it is told."""

from __future__ import annotations

import dataclasses
import json
from contextlib import nullcontext

import numpy as np
import pytest

from detector.alarms.lifecycle import AlarmRule
from detector.errors import TrainingError
from detector.records import Samples
from detector.sessions.files import Recording
from detector.settings.devices import RunningSignal
from detector.training.fitting.beside import NO_BLOCKS, NO_STATE, WITHOUT
from detector.training.lab.cases import UNKNOWN, Case, FaultEvent, labelled_case
from detector.training.lab.evaluate import (
    FAMILIES,
    Injection,
    families_named,
    inject_faults,
    read_cases,
)
from detector.training.lab.judging import Scores, judge, only
from detector.training.lab.lab import ALL, RECOVERY_S, measure
from detector.training.lab.metrics import Interval, evaluate
from detector.training.lab.report import HEAD, as_json, as_markdown, as_text, draw, refuse_picture
from simulator.recordings import truth
from simulator.recordings.truth import Episode, Truth
from tests.support.motors import START, live, small_bundle

FLOOR = {"random", "everything", "untrained", "|z|"}
SEVERITIES = (0.5, 1.0)


class Silent:
    """A progress bar that nobody watches."""

    def update(self, n):
        """Nothing is drawn."""


def measured(cases, bundles, ablate=False):
    """What the lab finds, without a bar."""
    bar = lambda *_: nullcontext(Silent())  # noqa: E731 -- a bar of one line
    return measure(cases, bundles, ablate=ablate, seed=1, progress=bar)


def recording(n=20_000, seed=50, standstill=slice(0, 0)):
    """A normal session; the machine stands still over some rows."""
    samples = live(n, seed)
    samples.values[standstill, 2] = 0.0
    return Recording(f"s{seed}", samples, None)


@pytest.fixture(scope="module")
def cases():
    """Three families at two severities, in two sessions."""
    chosen = Injection(("bias", "noise", "stuck"), SEVERITIES, seeds=(3,))
    return list(inject_faults([recording(), recording(seed=51)], chosen))


@pytest.fixture(scope="module")
def bundle():
    """A network in a size for tests."""
    return small_bundle(network="dense_ae", config={"hidden": 8, "latent": 6}, smoothing=2)


@pytest.fixture(scope="module")
def lab(cases, bundle):
    """Everything measured once."""
    return measured(cases, [bundle], ablate=True)


def told(lab, row, family=ALL, severity=None):
    """The figures of one row."""
    [found] = [
        r.found for r in lab.rows if (r.row, r.family, r.severity) == (row, family, severity)
    ]
    return found


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


def test_a_model_has_a_row_in_total_per_family_and_per_severity(lab, bundle):
    """And each row counts the faults it is about."""
    assert told(lab, bundle.name).faults == 6
    for family in ("bias", "noise", "stuck"):
        assert told(lab, bundle.name, family).faults == 2
        for severity in SEVERITIES:
            assert told(lab, bundle.name, family, severity).faults == 1
    for severity in SEVERITIES:
        assert told(lab, bundle.name, ALL, severity).faults == 3


def test_floor_rows_stand_beside_every_model(lab, bundle):
    """Total and per family; `everything` finds all, and its precision is the share of faults."""
    assert {row.row for row in lab.rows} >= FLOOR
    for row in FLOOR:
        assert told(lab, row).faults == 6
        assert told(lab, row, "bias").faults == 2
    assert told(lab, "everything").recall == 1.0
    assert told(lab, "everything").precision < 0.5
    assert told(lab, "random").average_precision < 0.4
    assert told(lab, bundle.name).average_precision > told(lab, "random").average_precision + 0.2


def test_ablation_rows_come_when_asked_for(lab, cases, bundle):
    """One for each part that is on; without the option none."""
    expected = {*WITHOUT, NO_BLOCKS, NO_STATE}
    assert {row.row for row in lab.rows} == {bundle.name, *FLOOR, *expected}
    plain = measured(cases[:1], [bundle])
    assert {row.row for row in plain.rows} == {bundle.name, *FLOOR}


def test_each_model_has_rows_of_its_own(cases, bundle):
    """Two models, two of everything, and a reference has no untrained row."""
    other = small_bundle("other", network="zscore", config={})
    found = measured(cases[:1], [bundle, other])
    assert {r.row for r in found.rows if r.model == "other"} == {"other", *FLOOR} - {"untrained"}
    assert [h.model for h in found.histograms] == [bundle.name, "other"]


def test_a_planted_big_fault_is_found(bundle):
    """Soon, in nearly all of its samples, and nothing before it is flagged."""
    samples = live(3000, 70)
    samples.values[1500:2500, 0] += 2.0
    label = np.zeros(3000, np.bool_)
    label[1500:2500] = True
    found = told(measured([labelled_case(Recording("a", samples, label))], [bundle]), bundle.name)
    assert found.event_recall == 1.0
    assert found.median_delay_s < 1.0
    assert found.recall > 0.95
    assert found.false_share_before < 0.02


def test_no_case_is_refused(bundle):
    """There is nothing to judge."""
    with pytest.raises(TrainingError, match="no session to judge"):
        measured([], [bundle])


def judged_case(score, faults):
    """A session of 1 Hz with faults over ranges of rows, judged at once."""
    n = len(score)
    ts = np.arange(float(n))
    label = np.zeros(n, np.bool_)
    for _, first, last in faults:
        label[first:last] = True
    events = tuple(FaultEvent(f, 1.0, float(a), float(b - 1)) for f, a, b in faults)
    samples = Samples(("x",), ts, np.zeros((n, 1), np.float32))
    case = Case("a", Recording("a", samples, label), label, events)
    scores = Scores(ts, np.asarray(score, np.float64), np.ones(n, np.bool_))
    return case, judge(case, scores, AlarmRule(k=1, n=1, m=1))


def test_nothing_is_point_adjusted():
    """One flagged sample of a hundred faulty ones is a found fault and a recall of 1 %."""
    score = np.zeros(300)
    score[150] = 2.0
    _, judged = judged_case(score, [("bias", 100, 200)])
    found = evaluate([judged], RECOVERY_S)
    assert found.recall == pytest.approx(0.01)
    assert found.event_recall == 1.0


def test_only_takes_out_the_samples_and_alarms_of_other_faults():
    """What is left has one fault, and no false alarm by the other."""
    score = np.zeros(400)
    score[120:150] = score[250:260] = score[350:355] = 2.0
    case, judged = judged_case(score, [("bias", 100, 200), ("noise", 240, 300)])
    left = only(judged, case.events, [True, False])
    assert [alarm.start for alarm in left.alarms] == [120.0, 350.0]
    assert left.faults == [Interval(100.0, 199.0)]
    assert left.label.sum() == 100
    assert not left.judged[240:300].any()
    assert left.judged.sum() == 340
    found = evaluate([left], RECOVERY_S)
    assert (found.faults, found.false_alarms) == (1, 1)


def test_json_has_null_for_what_does_not_exist(bundle):
    """A lab without a fault has no recall; the list is still JSON."""
    lab = measured([labelled_case(recording(n=2000))], [bundle])
    rows = json.loads(as_json(lab), parse_constant=pytest.fail)
    assert {row["row"] for row in rows} == {bundle.name, *FLOOR}
    assert all(row["recall"] is None and row["severity"] is None for row in rows)
    assert all(row["counts"]["fn"] == 0 for row in rows)
    assert " - " in as_markdown(lab)


def test_the_markdown_table_has_one_width(lab):
    """The head, a rule, and as many cells in each line; a bar inside a cell is escaped."""
    lines = [line for line in as_markdown(lab).splitlines() if line.startswith("|")]
    assert lines[0] == f"| {' | '.join(HEAD)} |"
    assert len(lines) == 2 + len(lab.rows)
    assert any(r"\|z\|" in line for line in lines)
    assert {line.replace(r"\|", "").count("|") for line in lines} == {len(HEAD) + 1}
    assert len(as_text(lab).splitlines()) == 3 + len(lab.rows)


def test_the_picture_is_a_png(lab, tmp_path):
    """Written where it was asked for."""
    draw(lab, tmp_path / "lab.png")
    assert (tmp_path / "lab.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("name", ["lab.svg", "lab", "none/lab.png", "folder.png"])
def test_a_picture_that_cannot_be_written_is_refused_at_once(tmp_path, name):
    """Not after an hour of measuring."""
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(TrainingError, match=r"--png .*allowed: ") as caught:
        refuse_picture(tmp_path / name)
    assert "\n" not in str(caught.value)
