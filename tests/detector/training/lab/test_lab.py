"""The fault lab: what is measured of each model, and how it is told."""

from __future__ import annotations

import json
from contextlib import nullcontext

import numpy as np
import pytest

from detector.errors import TrainingError
from detector.sessions.files import Recording
from detector.training.fitting.beside import NO_BLOCKS, NO_STATE, WITHOUT
from detector.training.lab.cases import labelled_case
from detector.training.lab.lab import ALL, measure
from detector.training.lab.report import HEAD, as_json, as_markdown, as_text, draw, refuse_picture
from tests.support.motors import live, small_bundle
from tests.support.training.sessions import SEVERITIES, recording

FLOOR = {"random", "everything", "untrained", "|z|"}


class Silent:
    """A progress bar that nobody watches."""

    def update(self, n):
        """Nothing is drawn."""


def measured(cases, bundles, ablate=False):
    """What the lab finds, without a bar."""
    bar = lambda *_: nullcontext(Silent())  # noqa: E731 -- a bar of one line
    return measure(cases, bundles, ablate=ablate, seed=1, progress=bar)


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
