"""Benchmarks of scale: routing, capacity, scoring, the profile of a tick, peers."""

from __future__ import annotations

import cProfile
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmarks.scale import batches, capacity, fleet_size, forms, tick
from benchmarks.scale.items import largest as largest_items
from benchmarks.scale.peer_data import STRIDE, WINDOW, Session, Trial
from benchmarks.simulation.routing import mixed, placed, route
from benchmarks.speed.peers import _averaged
from detector.scoring.bundle import load_bundle


def test_a_device_moves_only_when_its_worker_goes():
    """The others stay, and about 1/n of them move to a worker that comes."""
    devices = mixed(np.arange(1, 20_001, dtype=np.uint64))
    workers = mixed(np.arange(1, 10, dtype=np.uint64))

    before, after = placed(devices, workers), placed(devices, workers[:-1])

    stayed = before != 8
    np.testing.assert_array_equal(before[stayed], after[stayed])
    assert stayed.mean() == pytest.approx(8 / 9, abs=0.01)


def test_routing_tells_balance_moves_and_recovery():
    """Of a fleet; the recovery is the lease and what the busiest survivor reads back."""
    found = route(4000, 4, seed=1, cores=2.0, resume_ms=30.0)

    assert found.stray == 0
    assert found.moved_gone == pytest.approx(0.25, abs=0.03)
    assert found.moved_come == pytest.approx(0.20, abs=0.03)
    assert found.modulo > 0.7
    assert 1.0 <= found.uneven_count <= found.uneven < 1.25
    assert 5.0 + 300 * 0.03 / 2 < found.recovery_s < 5.0 + 400 * 0.03 / 2


@pytest.mark.parametrize("limit", [7, 30, 137, 999, 1000])
def test_the_largest_number_that_is_carried_is_found(limit):
    """Within the share asked for, in few trials; none is told where even few are too many."""
    tried = []

    def try_devices(devices):
        tried.append(devices)
        assert len(tried) < 12
        return SimpleNamespace(is_carried=devices <= limit, devices=devices)

    trials = capacity.largest(try_devices, first=100, most=1000, within=0.1)

    carried = max((one.devices for one in trials if one.is_carried), default=0)
    assert len(tried) == len(set(tried)) <= 9
    assert carried <= limit
    assert carried == 0 if limit < capacity.FEWEST else carried >= limit / 1.1 - 1


@pytest.mark.parametrize("change", [{"lost": 1}, {"missed": 1}, {"thinned": 2},
                                    {"latencies_ms": [100.0, 400.0]}])  # fmt: skip
def test_a_trial_is_carried_only_when_nothing_is_amiss(change):
    """No loss, no missed alarm, no thinning, and the alarms in time."""
    fine = {"lost": 0, "missed": 0, "faults": 2, "thinned": 1, "latencies_ms": [100.0, 200.0]}
    assert capacity.judged(10, SimpleNamespace(**fine), 300.0).is_carried
    assert not capacity.judged(10, SimpleNamespace(**fine | change), 300.0).is_carried


def test_the_products_of_a_window_are_counted():
    """As the shapes of its weights say: each of an LSTM's counts once a step."""
    for form in forms.FORMS:
        bundle = forms.made(form, 50.0)
        steps = 60 if form is forms.REPEAT else 12
        weights = {n: p.numel() for n, p in bundle.model.named_parameters() if p.ndim == 2}
        once = {"state.weight", "posterior.weight"}
        expected = sum(2 * n * (1 if name in once else steps) for name, n in weights.items())
        assert form.flop(60, 3) == pytest.approx(expected, rel=0.01)


def test_batches_and_fleets_are_measured_with_what_the_detector_does(monkeypatch, capsys):
    """Small ones: each network has its row, each aim its line."""
    monkeypatch.setattr(batches, "NAIVE", 4)
    monkeypatch.setattr(batches, "SIZES", ((64, 64, 64),))
    monkeypatch.setattr(fleet_size, "FEW", 2)
    monkeypatch.setattr(fleet_size, "MANY", 5)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        aims = batches.batches(3, 1) + fleet_size.fleet_size(3, 1)
    finally:
        torch.set_num_threads(threads)

    printed = capsys.readouterr().out
    rows = [f"| {form.title}, {runtime} |" for form in forms.FORMS for runtime in batches.CHUNKS]
    assert [row for row in rows if row not in printed] == []
    assert len(aims) == 4
    assert all("aim: " in aim.line for aim in aims)


def test_a_tick_is_measured_from_message_to_commit(monkeypatch, capsys):
    """With a real broker and store, in real time, since a device's first second waits."""
    monkeypatch.setattr(tick, "MEASURED", (forms.FOLDED,))
    monkeypatch.setattr(tick, "SECONDS", 0.6)
    monkeypatch.setattr("benchmarks.scale.live_tick.SETTLE_S", 1.4)
    monkeypatch.setattr("benchmarks.scale.live_tick.SIGNAL_S", 4.0)
    monkeypatch.setattr("benchmarks.scale.live_tick.MOTORS", 2)

    aims = tick.tick(6, 1)

    printed = capsys.readouterr().out
    assert len(aims) == 1
    assert "`detector/networks/`" in printed
    assert "`detector/service/pipeline.py`" in printed
    shares = [float(line.split()[-2][:-1]) for line in printed.splitlines() if line[-3:] == "% |"]
    assert 0 < sum(shares[-tick.ITEMS :]) <= 100


def test_a_library_s_time_belongs_to_who_called_it():
    """Reading a bundle is our work, though others' code does it."""
    profile = cProfile.Profile(time.thread_time)
    with profile:
        load_bundle(forms.SHIPPED)

    found = dict(largest_items(profile, 50))

    assert found["detector/scoring/bundle.py"] > 0
    assert sum(found.values()) <= 1.0 + 1e-9
    assert all(name.startswith(("detector/", "simulator/")) for name in found)


def test_compared_windows_end_in_the_samples_whose_label_counts():
    """In each session by itself, scaled by what is normal; averages do not cross sessions."""
    rng = np.random.default_rng(1)
    sessions = []
    for name in ("bias 0.5", "rub 0.5"):
        values = rng.normal(size=(100, 3))
        sessions.append(Session(name, values, np.arange(100) >= 80))
    trial = Trial([rng.normal(2.0, 3.0, size=(200, 3))], sessions)

    arrays = trial.arrays()

    count = len(range(WINDOW - 1, 100, STRIDE))
    assert len(arrays["test"]) == len(trial.ends) == len(trial.faulty) == 2 * count
    newest = np.concatenate([arrays["test_samples"]])[trial.ends]
    np.testing.assert_array_equal(arrays["test"][:, -1], newest)
    assert abs(arrays["train_samples"].mean()) < 1e-6
    even = _averaged(np.repeat([1.0, 5.0], count), trial)
    assert even.tolist() == [1.0] * count + [5.0] * count
