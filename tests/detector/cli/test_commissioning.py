"""From files: a model for machines that are commissioned, scored and evaluated with it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from detector.cli.main import main
from detector.commissioning.recorded import own_of_file
from detector.scoring.bundle import load_bundle
from detector.scoring.files import score_file
from detector.settings.load import load_settings
from detector.store import commissionings
from detector.store.schema import open_store
from tests.support.training.machines import machine

N = 6300  # two minutes, and what settling takes


def write(path, samples):
    """A session file."""
    table = pd.DataFrame(samples.values, columns=list(samples.features))
    table.insert(0, "ts", samples.ts)
    table.to_csv(path, index=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sessions of three machines, a model of them, and files of one of them."""
    made = tmp_path_factory.mktemp("commissioning")
    (made / "train").mkdir()
    for unit in range(3):
        write(made / "train" / f"{unit}.csv", machine(N, unit))
    write(made / "normal.csv", machine(2000, 1, run=1))
    write(made / "short.csv", machine(400, 50, run=1))
    write(made / "run.csv", machine(N, 1, run=2))
    arguments = ["--network", "zscore", "--window", "25", "--smoothing", "4", "--scales", "2,0.5"]
    assert main(["train", "--sessions", str(made / "train"), *arguments,
                 "--out", str(made / "model")]) == 0  # fmt: skip
    return made


def test_training_learns_both_rules_and_the_scales_asked_for(folder):
    """In order, in windows; the rule of a commissioned machine is the narrower one."""
    document = load_bundle(folder / "model").document
    assert [scale.width for scale in document.score.scales] == [25, 100]
    assert document.commission_s == 60
    assert max(document.commissioned.shift_scale) < max(document.score.shift_scale)


def test_a_file_is_scored_by_the_level_of_another(folder, tmp_path, capsys):
    """The same as a watched device that was commissioned with it."""
    bundle, out = load_bundle(folder / "model"), tmp_path / "scored.csv"
    score = ["score", "--model", str(folder / "model"), str(folder / "run.csv"), "--out", str(out)]
    assert main([*score, "--commissioning", str(folder / "normal.csv")]) == 0
    own = own_of_file(bundle, folder / "normal.csv").own
    [frames] = score_file(bundle, folder / "run.csv", own=own)
    wanted = np.concatenate([frame.score for frame in frames])
    np.testing.assert_allclose(pd.read_csv(out)["score"], wanted, rtol=1e-5)
    assert main([*score, "--commissioning", str(folder / "short.csv")]) == 2
    assert "short.csv: 7 s of settled running" in capsys.readouterr().err


@pytest.mark.parametrize(("gain", "is_refused"), [(1.4, False), (6.0, True)])
def test_windows_a_little_above_1_are_no_doubt(folder, gain, is_refused):
    """They are why a machine is commissioned; a loud fault is something else."""
    samples = machine(2000, 1, run=1)
    samples.values[1200:1260, 0] *= gain
    write(folder / "vouched.csv", samples)
    learnt = own_of_file(load_bundle(folder / "model"), folder / "vouched.csv")
    assert learnt.peak > 1.0
    assert any("its score reaches" in doubt for doubt in learnt.doubts) == is_refused


def test_what_a_machine_does_at_rest_is_no_doubt(folder):
    """Files of a machine that starts and stops are judged where it runs."""
    samples = machine(2400, 1, run=1)
    samples.values[:400] *= (9.0, 9.0, 0.0)
    write(folder / "starts.csv", samples)
    assert not own_of_file(load_bundle(folder / "model"), folder / "starts.csv").doubts


def test_a_doubt_is_overruled_with_a_reason(folder, tmp_path, capsys):
    """As ``commission`` has it; the result says so, and a reason alone is refused."""
    samples = machine(2000, 1, run=1)
    samples.values[1200:1260, 0] *= 6.0
    write(folder / "doubtful.csv", samples)
    score = ["score", "--model", str(folder / "model"), str(folder / "run.csv"), "--out",
             str(tmp_path / "scored.csv")]  # fmt: skip
    doubtful = [*score, "--commissioning", str(folder / "doubtful.csv")]
    assert main(doubtful) == 2
    assert "doubtful.csv: its score reaches" in capsys.readouterr().err
    assert main([*doubtful, "--anyway", "--why", "a hammer fell"]) == 0
    assert "used anyway: a hammer fell" in capsys.readouterr().out
    for refused in ([*doubtful, "--why", "x"], [*score, "--anyway", "--why", "x"]):
        assert main(refused) == 2


def test_a_model_that_judges_everything_learns_from_running_alone(folder):
    """Where the file tells when the machine runs."""
    bundle = load_bundle(folder / "model")
    document = msgspec.structs.replace(bundle.document, running=None)
    stopped = machine(2400, 1, run=1)
    stopped.values[:400, 2] = 0.0
    stopped.values[:400, :2] = 0.0
    write(folder / "stopped.csv", stopped)
    own = own_of_file(type(bundle)("all", document, bundle.model), folder / "stopped.csv").own
    assert own.start >= stopped.ts[400]


def test_a_machine_is_adopted_on_a_shipped_model(folder, tmp_path, monkeypatch, capsys):
    """Its rule names that model, and what it is commissioned with waits in the store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("detector.adopting.machine.learn.SEVERITIES", (0.25,))
    Path("faultline.toml").write_text("")
    adopt = [
        "adopt",
        "m-1",
        "--recording",
        str(folder / "run.csv"),
        "--from",
        str(folder / "model"),
    ]
    assert main([*adopt, "--base", "--own"]) == 2
    assert main([*adopt, "--base"]) == 0
    told = capsys.readouterr().out
    assert "model: model commissioned, the only one tried" in told
    assert f"commissioned: version 1, on top of {folder / 'model'}" in told
    assert not Path("models").exists()
    settings = load_settings(Path("faultline.toml"))
    assert settings.rule_for("m-1").model == folder / "model"
    store = open_store(settings.store.url)
    with store.connect() as connection:
        found = commissionings.in_force(connection, "m-1")
    store.dispose()
    assert (found.own.model, found.why) == ("model", "adopt: model commissioned")


def test_an_evaluation_commissions_each_session_or_says_why_not(folder, capsys):
    """One line, before anything is judged."""
    evaluate = ["evaluate", "--model", str(folder / "model"), "--faults", "none"]
    sessions = ["--sessions", str(folder / "short.csv")]
    assert main([*evaluate, *sessions, "--commission", "1"]) == 2
    assert "short.csv: 7 s of settled running" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["0,1", "a", "61", ""])
def test_scales_that_are_none_are_refused(option, capsys):
    """In one line with what is allowed."""
    with pytest.raises(SystemExit) as end:
        main(["train", "--sessions", "x", "--out", "y", "--scales", option])
    assert end.value.code == 2
    assert "allowed: seconds above 0 and up to 60" in capsys.readouterr().err
