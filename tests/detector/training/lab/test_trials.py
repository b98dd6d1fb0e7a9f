"""What counts as found and what as a false alarm when limits are measured, and how it is told."""

from __future__ import annotations

import json
from contextlib import nullcontext
from math import inf

import numpy as np
import pytest

from detector.alarms.lifecycle import AlarmRule
from detector.errors import TrainingError
from detector.records import Samples
from detector.sessions.files import Recording
from detector.training.lab.cases import Case, FaultEvent, labelled_case
from detector.training.lab.evaluate import Injection
from detector.training.lab.judging import Scores, judge
from detector.training.lab.limit_picture import draw
from detector.training.lab.limit_report import HEAD, as_json, as_markdown, as_text
from detector.training.lab.limits import Trial, curve_of
from detector.training.lab.trials import (
    Health,
    Judges,
    LimitLab,
    LimitRow,
    health_of,
    measure_limits,
    named_apart,
    trials_of,
)
from tests.support.motors import small_bundle
from tests.support.training.sessions import recording

FLOOR = ["untrained", "|z|", "random", "everything"]


class Counting:
    """A progress bar that only counts."""

    def __init__(self):
        self.done = 0

    def update(self, n):
        """As tqdm does."""
        self.done += n


def measured(bundles, recordings, injection, level=1 / 3):
    """Limits, and what the bars were promised and shown."""
    bars = []

    def progress(total, what):
        bars.append((total, what, Counting()))
        return nullcontext(bars[-1][2])

    lab = measure_limits(
        [labelled_case(one) for one in recordings],
        injection,
        [Judges(bundle, ablate=False, seed=1) for bundle in bundles],
        level_per_day=level,
        seed=1,
        progress=progress,
    )
    return lab, [(total, what, bar.done) for total, what, bar in bars]


@pytest.fixture(scope="module")
def told_lab(bundle):
    """Two families in two sessions, and a reference beside the network."""
    other = small_bundle("other", network="zscore", config={})
    chosen = Injection(("bias", "noise"), (0.1, 0.5, 1.0), seeds=(3, 4))
    return measured([bundle, other], [recording(), recording(seed=51)], chosen)


def judged_case(above, faults, n=400):
    """A session of 1 Hz, anomalous over ranges, with faults over others."""
    ts, score, label = np.arange(float(n)), np.zeros(n), np.zeros(n, np.bool_)
    for first, last in above:
        score[first:last] = 2.0
    for first, last in faults:
        label[first:last] = True
    events = tuple(FaultEvent("bias", 0.5, float(a), float(b - 1)) for a, b in faults)
    samples = Samples(("x",), ts, np.zeros((n, 1), np.float32))
    case = Case("a", Recording("a", samples, label), label, events)
    scores = Scores(ts, score, np.ones(n, np.bool_))
    return case, judge(case, scores, AlarmRule(k=1, n=1, m=1))


@pytest.mark.parametrize(
    ("above", "is_found"),
    [((100, 200), True), ((150, 151), True), ((90, 200), False), ((200, 250), False)],
    ids=["at once", "a sample of it", "up before", "too late"],
)
def test_a_fault_is_found_by_an_alarm_raised_in_it(above, is_found):
    """One that was up already was raised by something else."""
    case, judged = judged_case([above], [(100, 200)])
    assert [trial.found for trial in trials_of(case, judged)] == [is_found]


def test_false_alarms_and_hours_leave_the_minute_after_a_fault_out():
    """Of 400 s, 100 are faulty and 60 after that: 240 s with one alarm."""
    _, judged = judged_case([(50, 60), (220, 230), (120, 130)], [(100, 200)])
    found = health_of(judged)
    assert found.false_alarms == 1
    assert found.hours == pytest.approx(240 / 3600)
    _, judged = judged_case([(300, 310)], [(100, 200)])
    assert health_of(judged).false_alarms == 1


def test_the_rows_are_the_models_and_their_floor(told_lab):
    """Each per family, with as many faults as were put in."""
    lab, _ = told_lab
    found = [(row.model, row.row) for row in lab.rows if row.family == "bias"]
    of_small = [("small", row) for row in ("small", *FLOOR)]
    of_other = [("other", row) for row in ("other", *FLOOR[1:])]
    assert sorted(found) == sorted([*of_small, *of_other])
    assert {row.family for row in lab.rows} == {"bias", "noise"}
    assert {row.curve.cases for row in lab.rows} == {6}
    assert {step.cases for row in lab.rows for step in row.curve.steps} == {2}


def test_a_model_finds_big_faults_and_what_looks_at_nothing_does_not(told_lab):
    """`everything` is up before any fault begins, so none of them raises it."""
    lab, _ = told_lab
    at = {(r.row, r.family): r.curve.s50.at for r in lab.rows if r.model == "small"}
    assert at["small", "bias"] <= 1.0
    assert at["everything", "bias"] == at["everything", "noise"] == inf


def test_false_alarms_are_counted_once_however_many_faults_are_put_in(bundle, told_lab):
    """The hours are those of the sessions, of which each fault uses the same again."""
    lab, _ = told_lab
    hours = {row.health.hours for row in lab.rows if row.row == "small"}
    more = Injection(("bias",), (0.5,), seeds=(1, 2, 3, 4))
    again, _ = measured([bundle], [recording(), recording(seed=51)], more)
    assert {row.health.hours for row in again.rows if row.row == "small"} == hours
    assert max(hours) <= 2 * 20_000 / 50 / 3600
    assert {r.health.false_alarms for r in lab.rows if r.row == "everything"} == {2}


def test_the_bars_end_where_they_said(told_lab):
    """Two sessions as they are, then twelve faults."""
    assert told_lab[1] == [(2, "session", 2), (12, "fault", 12)]


def test_the_same_seed_gives_the_same_bytes(bundle):
    """Table, JSON and all."""
    chosen = Injection(("bias",), (0.2, 1.0), seeds=(3,))
    first, second = (as_json(measured([bundle], [recording()], chosen)[0]) for _ in range(2))
    assert first == second


def test_models_of_one_name_are_kept_apart(bundle):
    """Two folders may end alike."""
    chosen = Injection(("bias",), (1.0,), seeds=(3,))
    lab, _ = measured([bundle, bundle], [recording()], chosen)
    own = [row for row in lab.rows if row.row == "small"]
    assert [row.curve.cases for row in own] == [1, 1]


def test_sessions_of_one_name_are_kept_apart():
    """Files of one name in two folders are two machines for the interval."""
    made = named_apart([labelled_case(recording()) for _ in range(3)])
    assert [case.recording.name for case in made] == ["s50", "s50 #2", "s50 #3"]


def test_sessions_without_a_fault_to_find_are_refused(bundle):
    """Nothing put in, or a label that tells no severity."""
    label = np.zeros(20_000, np.bool_)
    label[5000:6000] = True
    samples = recording().samples
    for one, chosen in ((recording(), None), (Recording("a", samples, label), Injection())):
        with pytest.raises(TrainingError, match="no fault of a known severity in the sessions"):
            measured([bundle], [one], chosen)


def row(found, health=None):
    """A line with so many of ten found at each of three severities."""
    made = [
        Trial("bias", severity, f"s{i}", i < n)
        for severity, n in zip((0.1, 0.5, 1.0), found, strict=True)
        for i in range(10)
    ]
    return LimitRow("m", "m", "bias", curve_of(made, 1), health or Health())


@pytest.mark.parametrize(
    ("health", "is_comparable"),
    [
        (Health(0, 215.0), False),
        (Health(0, 216.0), True),
        (Health(1, 216.0), False),
        (Health(), False),
    ],
)
def test_limits_are_comparable_only_where_the_hours_show_the_level(health, is_comparable):
    """One false alarm in 72 h: by the rule of three 216 h without one; no hour shows nothing."""
    lab = LimitLab((row([0, 5, 10], health),), 1, 1 / 3, 1)
    assert lab.is_comparable(lab.rows[0]) is is_comparable
    assert ("not comparable: 0.333 a day are shown by 216 h" in as_text(lab)) is not is_comparable
    assert json.loads(as_json(lab))[0]["comparable"] is is_comparable


def test_what_lies_beyond_the_severities_tried_is_told_as_such():
    """At most the smallest, or more than the largest; null in JSON."""
    never, always = row([0, 0, 0]), row([10, 10, 10])
    assert never.curve.told(never.curve.s50.at) == "> 1"
    assert always.curve.told(always.curve.s50.at) == "<= 0.1"
    first, second = json.loads(as_json(LimitLab((never, always), 1, 1.0, 1)))
    assert (first["s50"], first["s90_high"], second["s50"]) == (None, None, 0.1)
    assert first["false_alarms_per_day_bound"] is None
    assert [step["found"] for step in second["curve"]] == [10, 10, 10]


def test_the_tables_have_one_width(told_lab):
    """With a column more where physics is asked."""
    lab, _ = told_lab
    for sees, more in ((None, 0), (lambda row: f"from {len(row.family)}", 1)):
        text = as_markdown(lab, sees)
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert {line.replace(r"\|", "").count("|") for line in lines} == {len(HEAD) + 1 + more}
        assert len(lines) == 2 + len(lab.rows)
    assert "from 4" in as_text(lab, lambda row: f"from {len(row.family)}")


def test_the_picture_is_a_png_and_the_same_each_time(told_lab, tmp_path):
    """A panel for each family."""
    for name in ("a.png", "b.png"):
        draw(told_lab[0], tmp_path / name)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
