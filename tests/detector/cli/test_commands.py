"""The command line and the settings, as a user meets them."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pandas as pd
import pytest

from detector.__main__ import main
from detector.errors import SettingsError
from detector.scoring.bundle import load_bundle
from detector.settings.load import load_settings
from tests.support.motors import live, with_fault
from tests.support.processes.programs import answer
from tests.support.serving import PROJECT, environment


def run(*arguments, **variables):
    """Run ``python -m detector`` and return the finished process."""
    return answer("detector", *arguments, env=environment(**variables))


def write_csv(path, samples):
    """A session file of samples."""
    table = pd.DataFrame(samples.values, columns=list(samples.features))
    table.insert(0, "ts", samples.ts)
    table.to_csv(path, index=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Sessions on disk and a bundle trained from them by the command line."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "train").mkdir()
    for seed in range(2):
        write_csv(folder / "train" / f"{seed}.csv", live(1200, seed))
    done = run(
        "train", "--sessions", folder / "train", "--out", folder / "small", "--window", 25,
        "--epochs", 2, "--hidden", 8, "--unit", "x=g", "--min-steps", 1,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done


def test_training_prints_what_it_did(trained):
    """Sessions, hours, judged states, MSE beside PCA, the bound on false alarms; no bars here."""
    folder, done = trained
    for said in ("2 sessions, 48 s at 50 Hz, features x, y, judged where rpm is 588 to 612",
                 "held-out MSE", "PCA with as many components", "false alarms per day",
                 f"written: {folder}/small"):  # fmt: skip
        assert said in done.stdout
    assert not done.stderr
    assert load_bundle(folder / "small").document.features[0].unit == "g"


def test_scoring_a_file_writes_its_columns(trained, tmp_path):
    """Features, reconstructions, score, threshold and anomaly for every sample."""
    folder, _ = trained
    write_csv(tmp_path / "run.csv", with_fault(live(200, 9), 100, 160))
    out = tmp_path / "scored.csv"
    done = run("score", "--model", folder / "small", tmp_path / "run.csv", "--out", out)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out)
    wanted = ["ts", "x", "y", "rpm", "x_reconstruction", "y_reconstruction", "score", "mse",
              "threshold", "anomaly"]  # fmt: skip
    assert list(table.columns) == wanted
    assert len(table) == 200
    assert table["score"].isna().sum() == 24
    assert table["anomaly"][110:160].mean() > 0.9
    assert np.abs(table["x"] - table["x_reconstruction"])[24:100].mean() < 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["train", "--sessions", "none.csv", "--out", "x"], "none.csv: no session file found"),
        (["train", "--sessions", "README.md", "--out", "x"], "README.md"),
        (
            ["train", "--sessions", "{train}", "--out", "x", "--network", "gpt"],
            "network 'gpt', allowed: ",
        ),
        (["train", "--sessions", "{train}", "--out", "x", "--window", "2000"], "allowed: at least"),
        (["train", "--sessions", "{train}", "--out", "x", "--running", "rpm"], "NAME:MIN[:MAX]"),
        (["train", "--sessions", "{train}", "--out", "x", "--features", "q"], "no column q"),
        (["train", "--sessions", "{train}", "--out", "README.md"], "a file, allowed: a folder"),
        (["train", "--sessions", "{train}", "--out", "x", "--threshold", "f2"], "no --labelled"),
        (
            [
                "train",
                "--sessions",
                "{train}",
                "--out",
                "x",
                "--network",
                "auto",
                "--candidates",
                "zscore,gpt",
            ],
            "network 'gpt', allowed: ",
        ),
        (["train", "--sessions", "{train}", "--out", "x", "--from", "none"], "none/bundle.json"),
        (
            ["train", "--sessions", "{train}", "--out", "x", "--margin", "0.5"],
            "allowed: at least 1",
        ),
        (["evaluate", "--model", "{small}", "--sessions", "none"], "no session file found"),
        (
            ["evaluate", "--model", "{small}", "--sessions", "{train}", "--faults", "rust"],
            "--faults rust; allowed: all, none, spike",
        ),
        (["evaluate", "--model", "{small}", "--sessions", "{train}"], "no session runs for 50 s"),
        (
            ["evaluate", "--model", "{small}", "--sessions", "{train}", "--png", "none/a.png"],
            "none/a.png: no such folder",
        ),
        (
            [
                "evaluate",
                "--model",
                "{small}",
                "--sessions",
                "{train}",
                "--limits",
                "--faults",
                "none",
            ],
            "no fault of a known severity in the sessions",
        ),
        (
            [
                "evaluate",
                "--model",
                "{small}",
                "--sessions",
                "{train}",
                "--false-alarms-per-day",
                "1",
            ],
            "--false-alarms-per-day without --limits, allowed: both, or neither",
        ),
        (["score", "--model", "none", "a.csv", "--out", "b.csv"], "none/bundle.json"),
        (["serve", "--settings", "none.toml"], "none.toml: cannot be read"),
        (["alarms", "--settings", "{bad}"], "unknown setting mqtt.port"),
    ],
)
def test_bad_input_gets_one_clear_line(trained, tmp_path, monkeypatch, capsys, arguments, line):
    """On stderr, with exit code 2 and no traceback; in this process, which has torch already."""
    monkeypatch.chdir(PROJECT)
    bad = tmp_path / "bad.toml"
    bad.write_text("[mqtt]\nport = 1883\n")
    folder = trained[0]
    filled = [a.format(train=folder / "train", small=folder / "small", bad=bad) for a in arguments]
    assert main(filled) == 2
    told = capsys.readouterr().err
    assert line in told
    assert len(told.strip().splitlines()) == 1
    assert not (PROJECT / "x").exists()


def test_a_process_ends_with_that_line_and_code():
    """What a shell sees."""
    done = run("score", "--model", "none", "a.csv", "--out", "b.csv")
    assert done.returncode == 2
    assert done.stderr.startswith("error: none/bundle.json")
    assert len(done.stderr.strip().splitlines()) == 1


def test_evaluating_prints_json_and_draws(trained, tmp_path):
    """One list on stdout and nothing else, a picture beside it."""
    folder, _ = trained
    write_csv(tmp_path / "normal.csv", live(12_000, 40))
    arguments = ("evaluate", "--model", folder / "small", "--sessions", tmp_path / "normal.csv",
                 "--faults", "bias,noise", "--severities", "0.5,1", "--json")  # fmt: skip
    done = run(*arguments, "--png", tmp_path / "lab.png")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout, parse_constant=pytest.fail)
    assert {row["row"] for row in rows} == {"small", "random", "everything", "untrained", "|z|"}
    [total] = [r for r in rows if (r["row"], r["family"], r["severity"]) == ("small", "all", None)]
    assert total["faults"] == 4
    assert (tmp_path / "lab.png").read_bytes().startswith(b"\x89PNG")


def test_detection_limits_are_told_as_json_markdown_and_a_picture(trained, tmp_path, capsys):
    """Of every row, at the severities of limits unless others are asked for."""
    folder, _ = trained
    write_csv(tmp_path / "normal.csv", live(12_000, 40))
    arguments = ["evaluate", "--model", folder / "small", "--sessions", tmp_path / "normal.csv",
                 "--faults", "bias", "--limits", "--seeds", "1"]  # fmt: skip
    arguments = [*map(str, arguments)]
    assert main([*arguments, "--json", "--png", str(tmp_path / "limits.png")]) == 0
    rows = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert [row["row"] for row in rows] == ["small", "untrained", "|z|", "random", "everything"]
    severities = [step["severity"] for step in rows[0]["curve"]]
    assert severities == [0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0]
    assert not rows[0]["comparable"]
    assert (tmp_path / "limits.png").read_bytes().startswith(b"\x89PNG")

    more = ("--severities", "1", "--markdown", "--false-alarms-per-day", "100000")
    assert main([*arguments, *more]) == 0
    told = capsys.readouterr().out
    assert "| model | faults | cases | s50 |" in told
    assert "not comparable" not in told


@pytest.mark.parametrize(
    "option",
    [
        ("--severities", "2"),
        ("--false-alarms-per-day", "0"),
        ("--seeds", "0"),
        ("--severities", "high"),
    ],
)
def test_options_out_of_range_end_with_code_2(trained, option):
    """The last line names the option and what was found."""
    folder, _ = trained
    done = run("evaluate", "--model", folder / "small", "--sessions", folder / "train", *option)
    assert done.returncode == 2
    assert f"argument {option[0]}: " in done.stderr.splitlines()[-1]
    assert option[1] in done.stderr.splitlines()[-1]


def test_listings_say_when_there_is_nothing(tmp_path):
    """An empty store is an empty list, as text and as JSON."""
    store = f"sqlite:///{tmp_path}/empty.db"
    for command, none in (("alarms", "no alarms"), ("devices", "no devices")):
        assert run(command, FAULTLINE_STORE__URL=store).stdout.strip() == none
        assert json.loads(run(command, "--json", FAULTLINE_STORE__URL=store).stdout) == []


def test_settings_come_from_the_file_and_then_the_environment(tmp_path, monkeypatch):
    """The environment wins, key by key."""
    path = tmp_path / "faultline.toml"
    path.write_text('[mqtt]\nurl = "mqtt://plant:1884"\nqos = 0\n[alarms]\nk = 2\n')
    monkeypatch.setenv("FAULTLINE_MQTT__URL", "mqtt://other:1885")
    found = load_settings(path)
    assert (found.mqtt.url, found.mqtt.qos, found.alarms.k) == ("mqtt://other:1885", 0, 2)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[mqtt]\nqos = 3\n", r"mqtt.qos, found 3"),
        ("[colour]\nx = 1\n", r"unknown setting colour"),
        ("[mqtt\n", r"not TOML"),
        ('[mqtt]\nurl = "http://x"\n', r"allowed: mqtt://host:port"),
        ('[mqtt]\nurl = "mqtt://u:secret@x"\n', r"a user or password in the URL"),
        ('[mqtt]\ntopic = "sensors/x"\n', r"\{device\} as one level"),
        ('[mqtt]\ntopic = "$share/g/{device}"\n', r"splits a device"),
        ("[store]\nretention_days = -1\n", r"store.retention_days, found -1"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path, text, line):
    """File, key, what was found and what is allowed."""
    path = tmp_path / "faultline.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=line) as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_mistyped_variable_is_refused(monkeypatch, tmp_path):
    """A setting that is not there does not pass in silence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAULTLINE_MQQT__URL", "mqtt://x")
    with pytest.raises(SettingsError, match="unknown setting FAULTLINE_MQQT__URL"):
        load_settings()


def test_the_password_is_never_shown(monkeypatch, tmp_path):
    """Not in the settings' own text, not in an error about it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAULTLINE_MQTT__PASSWORD", "hunter2")
    assert "hunter2" not in repr(load_settings())
    (tmp_path / "faultline.toml").write_text("[mqtt]\npassword = 7\n")
    monkeypatch.delenv("FAULTLINE_MQTT__PASSWORD")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "7" not in str(caught.value).replace(str(tmp_path), "")


def test_the_settings_page_is_what_the_code_says():
    """Every setting is documented, with its default and range; write it again when this fails."""
    spec = importlib.util.spec_from_file_location("page", PROJECT / "docs" / "make_settings.py")
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    assert page.PAGE.read_text() == page.render() + "\n"
