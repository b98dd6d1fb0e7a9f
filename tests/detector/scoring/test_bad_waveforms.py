"""What goes wrong with a waveform is flagged or left unsaid, never a silent number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.cli.main import main
from detector.scoring.front_stream import FrontEndStream
from detector.scoring.stream import score_samples
from detector.settings.sessions import SessionSettings
from tests.support.training.inverter import BLOCK, inverter_bundle, keeping_columns, turning
from tests.support.training.sessions import write

N = 800


@pytest.fixture(params=["samples", "columns"])
def stream(request):
    """Of a machine behind a front end that keeps samples, or the columns alone."""
    bundle = inverter_bundle()
    bundle = bundle if request.param == "samples" else keeping_columns(bundle)
    return FrontEndStream("m", ("x", "y", "rpm"), bundle, SessionSettings())


def scored(stream, samples):
    """Time, score and judged of all that was scored."""
    frames = score_samples(stream, samples, chunk=256, arrival=0.0)
    parts = [(frame.ts, frame.score, frame.judged) for frame in frames]
    return tuple(np.concatenate(each) for each in zip(*parts, strict=True))


@pytest.mark.parametrize("speed", [0.0, np.nan, -5.0])
def test_a_speed_that_is_lost_while_it_moves_is_not_judged(stream, speed):
    """Nor is any block that holds a sample of it; what was said before stays."""
    samples = turning(N, 4)
    samples.values[400:500, 2] = speed
    ts, score, judged = scored(stream, samples)
    lost = (ts >= samples.ts[400]) & (ts <= samples.ts[500 + BLOCK - 2])
    assert lost.any()
    assert not (judged & np.isfinite(score))[lost].any()
    assert (np.isfinite(score) & judged)[ts < samples.ts[400]].any()


def test_a_machine_that_stands_by_a_dead_tacho_and_vibrates_is_told(stream):
    """Nothing is judged, and the device says why; not of one that does stand."""
    samples = turning(2000, 4)
    samples.values[1000:, 2] = 0.0
    scored(stream, samples)
    assert stream.note.startswith("not judged: it vibrates as when it runs")
    quiet = turning(2000, 4)
    quiet.values[1000:, 2] = 0.0
    quiet.values[1000:, :2] *= 0.1
    scored(stream, replace(quiet, ts=quiet.ts + 600))
    assert stream.note is None or "vibrates" not in stream.note


def test_bursts_shorter_than_a_block_have_no_score_and_the_device_says_why(stream):
    """Until one is long enough."""
    samples = turning(N, 4)
    short = replace(samples, ts=samples.ts[300 : 300 + BLOCK - 10],
                    values=samples.values[300 : 300 + BLOCK - 10])  # fmt: skip
    for burst in range(3):
        frames = score_samples(stream, replace(short, ts=short.ts + 60 * burst), chunk=256,
                               arrival=0.0)  # fmt: skip
        assert not any(np.isfinite(frame.score).any() for frame in frames)
    assert stream.note == (
        "no score: the newest 40 samples without a gap are fewer than the 50 of a block"
    )
    scored(stream, replace(samples, ts=samples.ts + 600))
    assert not (stream.note or "").startswith("no score")


def test_blocks_of_another_rate_are_not_judged(stream):
    """A device that turns to half its rate is another machine to any model, and none is judged."""
    samples = turning(N, 4)
    ts = samples.ts.copy()
    ts[400:] += 0.01 * np.arange(1, N - 399)
    when, _, judged = scored(stream, replace(samples, ts=ts))
    assert judged[(when > ts[350]) & (when < ts[400])].all()
    assert not judged[when > ts[400 + BLOCK]].any()


def test_a_clipped_waveform_is_an_anomaly_that_names_itself():
    """It repeats its largest value; the input and what is wrong with it are told."""
    samples = turning(N, 4)
    samples.values[400:700, 0] = samples.values[400:700, 0].clip(-0.3, 0.3)
    made = FrontEndStream("m", ("x", "y", "rpm"), inverter_bundle(), SessionSettings())
    [frame] = score_samples(made, samples, chunk=256, arrival=0.0)
    assert frame.anomaly[500:700].any()
    assert "x: repeated samples" in " ".join(cause.words for cause in frame.causes)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--bearing", "6299"], "bearing '6299', allowed: 6204, 6205, or BALLS"),
        (["--bearing", "9,7.94"], "bearing '9,7.94', allowed: 6204"),
        (["--bearing", "9,70,39"], "9 balls of 70 mm on 39 mm, allowed: 3 or more"),
    ],
)
def test_a_bearing_without_a_geometry_is_one_line(tmp_path, capsys, options, line):
    """No model comes of it."""
    write(tmp_path / "a.csv", turning(1500, 1))
    train = ["train", "--sessions", str(tmp_path / "a.csv"), "--out", str(tmp_path / "m")]
    assert main([*train, "--front-end", "waveform", "--block", "1", *options]) == 2
    found = capsys.readouterr().err
    assert line in found
    assert found.count("error:") == 1
    assert not (tmp_path / "m").exists()
