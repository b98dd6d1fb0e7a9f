"""Fitting: interrupted and taken up again, from given weights, on a device, with progress."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from detector.errors import SettingsError, TrainingError
from detector.training.fitting.fit import FitPlan, WindowPool, fit
from tests.support.network_cases import CASES, WINDOW, sines

PLAN = FitPlan(epochs=4, epoch_steps=6, min_steps=1, patience=2, batch=16, learning_rate=1e-2)


class CutOffError(Exception):
    """Stands for a process that ends in the middle."""


def pools():
    """Training and held-out windows."""
    return WindowPool([sines(150, 1), sines(150, 2)], WINDOW), WindowPool([sines(80, 3)], WINDOW)


def run(case="dense_ae", *, plan=PLAN, seed=0, watch=True, until=None, **options):
    """Fit; ``until`` interrupts after so many epochs."""
    name, config = CASES[case]
    pool, held_out = pools()

    def progress(epoch):
        if epoch.number == until:
            raise CutOffError

    return fit(
        name,
        config,
        pool,
        plan,
        seed=seed,
        held_out=held_out if watch else None,
        progress=options.pop("progress", progress),
        **options,
    )


def interrupted(path, until=2, **options):
    """A checkpoint after so many epochs."""
    with pytest.raises(CutOffError):
        run(checkpoint=path, until=until, **options)
    assert path.exists()


def same(first, second):
    """Whether two fits ended alike to the last bit."""
    weights, others = first.network.state_dict(), second.network.state_dict()
    assert weights.keys() == others.keys()
    equal = all(torch.equal(weights[name], others[name]) for name in weights)
    figures = (first.steps, first.train_mse, first.held_out_mse)
    return equal and figures == (second.steps, second.train_mse, second.held_out_mse)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("watch", [True, False])
def test_an_interrupted_training_ends_as_if_it_had_not_been(tmp_path, case, watch):
    """Weights, moments, schedule, order and draws go on to the same last bit."""
    path = tmp_path / "fit.safetensors"
    whole = run(case, watch=watch)
    interrupted(path, case=case, watch=watch)
    torch.rand(7)  # another process stands elsewhere in its random numbers
    assert same(run(case, watch=watch, checkpoint=path), whole)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("until", [1, 3, 4])
def test_it_goes_on_from_any_epoch(tmp_path, until):
    """Also where the last epoch was done and only the end was missing."""
    path = tmp_path / "fit.safetensors"
    interrupted(path, until)
    epochs = []
    fitted = run(checkpoint=path, progress=lambda epoch: epochs.append(epoch.number))
    assert epochs == list(range(until + 1, 5))
    assert same(fitted, run())


def test_a_training_that_had_stopped_early_does_not_start_again(tmp_path):
    """The held-out loss of before counts after the interruption."""
    plan = FitPlan(epochs=40, epoch_steps=2, min_steps=1, patience=1, batch=8, learning_rate=0.3)
    epochs = []
    whole = run(plan=plan, progress=lambda epoch: epochs.append(epoch.number))
    assert len(epochs) < 40
    path = tmp_path / "fit.safetensors"
    interrupted(path, until=len(epochs), plan=plan)
    more = []
    fitted = run(plan=plan, checkpoint=path, progress=more.append)
    assert more == []
    assert same(fitted, whole)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seed": 1}, "another training, seed 0, allowed: 1; remove it"),
        ({"case": "vae"}, "another training, config "),
        ({"watch": False}, "another training, held out "),
        ({"plan": FitPlan(epochs=9)}, "another training, plan "),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, change, line):
    """One line with what differs; the file stays."""
    path = tmp_path / "fit.safetensors"
    interrupted(path)
    with pytest.raises(TrainingError, match=line) as caught:
        run(checkpoint=path, **change)
    assert "\n" not in str(caught.value)
    assert path.exists()


def test_a_broken_checkpoint_is_refused(tmp_path):
    """Cut off, or some other file: one line, nothing half-read."""
    path = tmp_path / "fit.safetensors"
    interrupted(path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(TrainingError, match="not a checkpoint"):
        run(checkpoint=path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(TrainingError, match="not a checkpoint"):
        run(checkpoint=path)


def test_a_checkpoint_is_tensors_and_readable_json(tmp_path):
    """Nothing pickled: Adam's moments by name, the rest in the header."""
    path = tmp_path / "fit.safetensors"
    interrupted(path)
    assert {"network.encoder.0.weight", "adam.0.exp_avg", "random.shuffle"} <= set(load_file(path))
    with safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["faultline"])
    assert (header["epoch"], header["steps"], header["training"]["network"]) == (2, 12, "dense_ae")


def test_training_begins_from_given_weights():
    """With next to no learning they stay; without them the seed decides."""
    base = run(seed=5).network.state_dict()
    still = FitPlan(epochs=1, epoch_steps=1, min_steps=1, learning_rate=1e-9)
    tuned = run(plan=still, watch=False, start=base).network.state_dict()
    for name, tensor in base.items():
        torch.testing.assert_close(tuned[name], tensor, atol=1e-6, rtol=0)
    fresh = run(plan=still, watch=False).network.state_dict()
    assert not torch.allclose(fresh["encoder.0.weight"], base["encoder.0.weight"], atol=1e-3)


def test_weights_that_do_not_fit_are_refused():
    """Another network's weights are named in one line."""
    with pytest.raises(
        TrainingError, match=r"weights to start from do not fit: .*Missing"
    ) as caught:
        run(start={"x": torch.zeros(1)})
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    """A GPU is used when there is one and never needed."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="device 'tpu', allowed: auto, cpu, cuda"):
        run(device="tpu")
    with pytest.raises(SettingsError, match="no usable GPU found, allowed: auto, cpu"):
        run(device="cuda")
    assert same(run(device="auto"), run(device="cpu"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("case", CASES)
def test_a_gpu_trains_and_the_network_comes_back(case):
    """What comes back scores on the CPU about as well as what was trained there."""
    on_gpu, on_cpu = run(case, device="cuda"), run(case, device="cpu")
    assert {tensor.device.type for tensor in on_gpu.network.state_dict().values()} == {"cpu"}
    assert on_gpu.held_out_mse == pytest.approx(on_cpu.held_out_mse, rel=0.2)


def test_progress_has_what_a_bar_shows():
    """Loss, throughput and time left, once per epoch; nothing is left at the end."""
    epochs = []
    fitted = run(progress=epochs.append)
    assert [(epoch.number, epoch.planned) for epoch in epochs] == [(i, 4) for i in range(1, 5)]
    assert epochs[-1].loss == fitted.train_mse
    assert min(epoch.held_out_mse for epoch in epochs) == fitted.held_out_mse
    assert all(epoch.windows == 6 * 16 for epoch in epochs)
    assert epochs[0].windows_per_s == pytest.approx(96 / epochs[0].seconds)
    assert epochs[0].seconds_left == pytest.approx(3 * epochs[0].seconds)
    assert epochs[-1].seconds_left == 0


def test_windows_are_gathered_from_the_sessions_and_not_copied():
    """The pool holds each sample once, and hands the very sessions to a fit on the CPU."""
    pool, _ = pools()
    assert pool.data.shape == (300, 2)
    assert pool.to(torch.device("cpu")) is pool
