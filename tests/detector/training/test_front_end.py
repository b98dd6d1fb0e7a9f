"""Training behind a front end: everything after it sees an ordinary stream of feature samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.cli.models.train import train as train_command
from detector.cli.parser import build_parser
from detector.errors import FaultlineError, TrainingError
from detector.networks.base import NETWORKS
from detector.references.base import REFERENCES
from detector.scoring.bundle import Bundle, load_bundle
from detector.scoring.files import score_recording
from detector.sessions.files import Recording
from detector.sessions.scaling import fit_known
from detector.training.data.front_ends import described
from detector.training.data.pool import WindowPool
from detector.training.data.prepare import Preparation, prepare
from detector.training.fitting.beside import beside
from detector.training.select import choose_network
from detector.training.train import train
from tests.support.motors import small_options
from tests.support.network_cases import CASES
from tests.support.training.inverter import BRIEF, CHOICE, HOP, sessions, turning
from tests.support.training.sessions import write

WINDOW = 4
SMALL = dict(CASES.values())


@pytest.fixture(scope="module")
def dataset():
    """Few short sessions."""
    return sessions(4, 700)


def options(name, **changes):
    """A training as brief as can be."""
    config = dict(SMALL.get(name, {}))
    for folded in ("samples_per_step", "variant"):  # more samples than this window has
        config.pop(folded, None)
    return small_options(
        network=name, config=config, window=WINDOW, plan=BRIEF, front_end=CHOICE, **changes
    )


@pytest.mark.parametrize("name", [*NETWORKS, *REFERENCES])
def test_every_network_and_reference_takes_the_front_ends_stream(dataset, name):
    """It is trained, calibrated, and scores a session where blocks end."""
    bundle = train(dataset, options(name), name, has_rows_beside=False)
    [frame] = score_recording(bundle, Recording("m", turning(400, 9), None))
    assert bundle.document.front_end is not None
    assert bundle.document.window == WINDOW
    assert np.isfinite(frame.score[frame.due][WINDOW:]).all()
    assert np.flatnonzero(np.diff(np.flatnonzero(frame.due)) - HOP).size == 0


def test_feature_samples_are_judged_as_the_stream_judges_them(dataset):
    """The threshold rests on the windows that will be judged."""
    bundle = train(dataset, options("zscore"), "z", has_rows_beside=False)
    samples = turning(700, 0)  # the first of the sessions
    [frame] = score_recording(bundle, Recording("m", samples, None))
    feature_samples, _ = described(dataset, CHOICE, {})
    ready = prepare(feature_samples, Preparation(window=WINDOW))
    np.testing.assert_array_equal(frame.judged[frame.due], ready.judged[0])
    np.testing.assert_array_equal(samples.ts[frame.due], feature_samples.sessions[0].ts)


def test_only_running_is_learnt_and_what_cannot_be_shown_is_normal(dataset):
    """A standstill would be the largest deviation of every level."""
    ready = prepare(described(dataset, CHOICE, {})[0], Preparation(window=WINDOW))
    still = ~ready.running[0]
    assert still.any()
    assert np.isnan(ready.sessions[0][still]).all()
    shown = np.concatenate([s[r] for s, r in zip(ready.sessions, ready.running, strict=True)])
    assert np.isnan(shown).any()  # orders above the Nyquist frequency
    np.testing.assert_allclose(np.nanmean(shown, axis=0), 0.0, atol=1e-3)
    pool = WindowPool(ready.sessions, WINDOW)
    assert np.isfinite(pool.data.numpy()).all()
    assert len(pool.data) == len(shown)


def test_scaling_keeps_to_what_a_column_tells_and_to_values_that_are_there():
    """A column that hardly changed is scaled by its resolution, one never seen is not."""
    values = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, np.nan], [np.nan, 5.0, np.nan]])
    centre, scale = fit_known([values], "standard", (0.1, 0.2, 0.3))
    assert (centre, scale) == ([2.0, 5.0, 0.0], [1.0, 0.2, 0.3])


def test_floor_rows_and_auto_see_the_front_end_too(dataset):
    """Each row scores a session; the lab puts no fault in the speed."""
    bundle = train(dataset, options("dense_ae"), "d")
    recording = Recording("m", turning(400, 9), None)
    rows = dict(beside(bundle, ablate=True))
    assert {"|z|", "untrained", "no held-out blocks"} <= set(rows)
    assert all(isinstance(row, Bundle) for row in rows.values())
    assert all(np.isfinite(score_recording(r, recording)[0].score).any() for r in rows.values())
    with_room = replace(dataset, sessions=dataset.sessions + sessions(1, 6000).sessions)
    chosen, told = choose_network(with_room, options("zscore"), ["zscore"], lambda *_: None)
    assert chosen.front_end == CHOICE
    assert "s50" in told


def command(*arguments):
    """Run ``train`` in this process."""
    return train_command(build_parser().parse_args(["train", *map(str, arguments)]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Session files with a speed."""
    path = tmp_path_factory.mktemp("inverter")
    for seed in range(3):
        write(path / f"{seed}.csv", turning(700, seed))
    return path


ASKED = ("--front-end", "window", "--bands", 3, "--running", "rpm:200:1000")


def test_the_command_trains_with_a_front_end_and_tunes_from_it(folder, tmp_path):
    """The speed is found by its name; a base brings its own front end, whatever is asked."""
    network = ("--network", "dense_ae", "--hidden", 8, "--epochs", 1, "--min-steps", 1)
    more = ("--conditions", "rpm", "--scales", "0.5,2")
    command("--sessions", folder, "--out", tmp_path / "base", *ASKED, *network, *more)
    base = load_bundle(tmp_path / "base").document
    assert (base.front_end.speed, base.front_end.inputs) == ("rpm", ("x", "y"))
    assert (base.front_end.block, base.front_end.hop, base.window) == (50, 5, 10)
    command("--sessions", folder, "--out", tmp_path / "tuned", "--from", tmp_path / "base",
            "--running", "rpm:200:1000", "--epochs", 1, "--min-steps", 1)  # fmt: skip
    assert base.front_end.conditions == base.condition_names == ("rpm",)
    assert [scale.width for scale in base.score.scales] == [5, 20]  # blocks, not samples
    assert load_bundle(tmp_path / "tuned").document.front_end == base.front_end
    told = command("--sessions", folder, "--out", tmp_path / "plain", *ASKED)
    assert load_bundle(tmp_path / "plain").document.network == "pca"
    assert "threshold max" in told


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        ((*ASKED, "--speed", "speed"), "--speed speed: no such column; found x, y"),
        ((*ASKED, "--conditions", "load"), "--conditions load: no such column; found x, y, rpm"),
        ((*ASKED, "--hop", 0.001), "--hop 0.001 s: samples come every 0.02 s, allowed: no less"),
        ((*ASKED, "--hop", 2), "--hop 2 s: blocks of 1 s would leave samples out"),
        ((*ASKED, "--block", 0.1), "front end window: features: windows of 5 samples"),
        ((*ASKED, "--block", 60), "the longest session has 700 samples, allowed: at least a block"),
        ((*ASKED, "--baseline", 30), "front end: with window features, a baseline or the level"),
        ((*ASKED, "--representation", "features"), "front end: with window features"),
        (("--front-end", "window", "--running", "level"), "front end: with window features"),
        (("--block", 1, "--hop", 1), "--block, --hop without --front-end"),
        (("--window", 1), "--window 1, allowed: 2 or more samples"),
    ],
)
def test_what_does_not_go_together_gets_one_line_and_writes_nothing(folder, tmp_path, extra, line):
    """Before anything is trained."""
    with pytest.raises(FaultlineError, match=line) as caught:
        command("--sessions", folder, "--out", tmp_path / "b", *extra)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "b").exists()


def test_an_input_that_is_constant_while_it_runs_is_refused(dataset):
    """It would be scaled by nothing."""
    flat = [replace(s, values=s.values * np.float32([0, 1, 1])) for s in dataset.sessions]
    with pytest.raises(TrainingError, match="x is constant while the machine runs"):
        described(replace(dataset, sessions=tuple(flat)), CHOICE, {})
