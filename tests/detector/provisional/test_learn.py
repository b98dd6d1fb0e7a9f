"""What is learnt of a few minutes, what is left out, and what its kind says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.lib.kinds import machine
from detector.provisional.contract import MOST_PEERS
from detector.provisional.files import Mark, ModelFolder, place_of
from detector.provisional.learn import NotYetError, learn
from detector.provisional.peers import Peer, calls_abnormal, excerpt_of, is_majority
from detector.records import Samples
from detector.scoring.files import score_recording
from detector.sessions.files import Recording

LEARN_S = 600.0
N = 600


def of(columns, rate_hz=1.0):
    """Samples of named columns."""
    n = len(next(iter(columns.values())))
    values = np.column_stack(list(columns.values())).astype(np.float32)
    return Samples(tuple(columns), 1e9 + np.arange(n) / rate_hz, values)


def noise(seed=0, n=N, sd=1.0):
    """White noise."""
    return np.random.default_rng(seed).normal(0, sd, n)


def crossed(bundle, samples):
    """Share of the judged windows above the threshold."""
    frames = score_recording(bundle, Recording("x", samples, None))
    judged = np.concatenate([frame.judged for frame in frames])
    return np.concatenate([frame.anomaly for frame in frames])[judged].mean()


def test_channels_that_say_too_little_are_left_out_and_named():
    """Constant, mostly missing, rare, and what goes its way: none of them can be normal yet."""
    t = np.arange(N)
    gone = np.where(t % 2 > 0, np.nan, noise(1))
    switch = (t > 300).astype(float)
    counter, warming = t / 3600 + noise(2, sd=1e-4), 20 + 30 * (1 - np.exp(-t / 300)) + noise(3)
    found = learn(
        [of({"a": noise(), "flat": np.ones(N), "gone": gone, "switch": switch,
             "counter": counter, "warming": warming})], None, LEARN_S, "x",
    )  # fmt: skip
    assert found.bundle.features == ("a",)
    reasons = {name: why.split()[0] for name, why in found.left_out.items()}
    assert reasons == {"flat": "constant", "gone": "missing", "switch": "changes",
                       "counter": "wanders", "warming": "wanders"}  # fmt: skip


def test_too_little_running_asks_for_more():
    """A running signal says which samples count; the missing minutes are told."""
    runs = (np.arange(N) > 400).astype(float)
    with pytest.raises(NotYetError, match="of 10 minutes of running") as refused:
        learn([of({"a": noise(), "running": runs})], None, LEARN_S, "x")
    assert 300 < refused.value.more_s < 600


def test_idle_is_told_from_running_by_the_level():
    """Without a running signal; a standstill afterwards is no anomaly."""
    level = np.where(np.arange(2400) % 800 < 500, 1.0, 0.02)
    samples = of({"a": level * noise(4, 2400), "b": level * noise(5, 2400)})
    found = learn([samples], None, LEARN_S, "x")
    assert found.bundle.document.lowest_log_rms is not None
    still = of({"a": 0.02 * noise(6), "b": 0.02 * noise(7)})
    frames = score_recording(found.bundle, Recording("x", still, None))
    assert not any(frame.judged.any() for frame in frames)


@pytest.mark.parametrize("kind", ["motor", "pump", "compressor"])
def test_an_hour_of_health_does_not_cross_and_a_fault_does(kind):
    """Ten minutes are learnt; the margins hold for the rest."""
    whole = machine(kind, 11, 4800, 1e9, fault_at=4200)
    first, hour = whole.ts < 1e9 + 600, (whole.ts >= 1e9 + 600) & (whole.ts < 1e9 + 4200)

    def cut(rows):
        return Samples(whole.features, whole.ts[rows], whole.values[rows])

    bundle = learn([cut(first)], None, LEARN_S, "x").bundle
    assert crossed(bundle, cut(hour)) == 0
    assert crossed(bundle, cut(whole.ts >= 1e9 + 4300)) > 0.9


def peers_of(seeds, kind):
    """Machines of a kind with a model each."""
    found = []
    for seed in seeds:
        samples = machine(kind, seed, 600, 1e9)
        bundle = learn([samples], None, LEARN_S, f"peer-{seed}").bundle
        found.append(Peer(bundle, excerpt_of([samples])))
    return found


def like(flow):
    """A pump of a given flow, the rest as its kind."""
    columns = {"flow": flow + noise(8, sd=0.1), "bar": 5 + noise(9, sd=0.02)}
    return of(columns)


def test_the_kind_refuses_what_is_far_from_all_of_it():
    """Beside what they say of each other: machines differ, this one differs more."""
    peers = [
        Peer(learn([like(flow)], None, LEARN_S, "x").bundle, excerpt_of([like(flow)]))
        for flow in (30.0, 31.0, 32.0, 33.0)
    ]
    assert is_majority(*calls_abnormal(peers, like(60.0)))
    assert not is_majority(*calls_abnormal(peers, like(31.5)))
    assert not is_majority(*calls_abnormal(peers, like(34.0)))


@pytest.mark.parametrize(
    ("kind", "first", "count"), [("compressor", 1360, 4), ("motor", 1560, 4), ("motor", 700, 16)]
)
def test_a_kind_refuses_none_of_its_own(kind, first, count):
    """Not even where the first three happen to be much alike, and the fourth is not."""
    peers = []
    for seed in range(first, first + count):
        samples = machine(kind, seed, 600, 1e9)
        newest = peers[-MOST_PEERS:]
        assert not is_majority(*calls_abnormal(newest, excerpt_of([samples])))
        peers.append(Peer(learn([samples], None, LEARN_S, "x").bundle, excerpt_of([samples])))


def test_two_of_a_kind_have_no_say():
    """Nobody knows which of two is right."""
    two = peers_of((1, 2), "compressor")
    assert calls_abnormal(two, machine("compressor", 3, 600)) == (0, 0)
    assert not is_majority(2, 2)


def test_models_are_kept_and_the_newest_counts(tmp_path):
    """By the mark; a device may have any name, and nothing leaves the folder."""
    folder, found = (
        ModelFolder(tmp_path / "models"),
        learn([of({"a": noise()})], None, LEARN_S, "x"),
    )
    for device in ("../../etc", "a b/ü", "..", ""):
        for version in (1, 2):
            folder.save(device, version, found.bundle, of({"a": noise()}))
            folder.write(Mark(device=device, version=version, features=("a",), period_s=1.0,
                              spans=((0.0, 1.0),), running_s=600.0, left_out={}))  # fmt: skip
    marks, lines = folder.marks()
    assert (len(marks), lines) == (4, [])
    assert {mark.version for mark in marks.values()} == {2}
    assert [path.name for path in tmp_path.iterdir()] == ["models"]
    assert len(list((tmp_path / "models").glob("*/*-learnt-2"))) == 4
    assert folder.bundle(marks[".."]).is_provisional
    assert len(folder.excerpt(marks[".."])) == N
    (folder.of("..") / "learnt.json").write_text("{")
    assert len(folder.marks()[1]) == 1


def test_they_lie_beside_the_store():
    """Unless a folder is set; a server's store has no place beside it."""
    assert str(place_of(None, "sqlite:////var/lib/f/faultline.db")) == "/var/lib/f/provisional"
    assert str(place_of(None, "sqlite:///faultline.db")) == "provisional"
    assert str(place_of(None, "postgresql://db/faultline")) == "provisional"
