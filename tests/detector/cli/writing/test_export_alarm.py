"""``export --alarm``: from the flight record, else from the store, else one line."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from detector.cli.main import main
from detector.store import frames
from detector.store.schema import open_store
from tests.detector.flights.conftest import START, Plant


@pytest.fixture
def plant(tmp_path, monkeypatch):
    """Two alarms of one device, the first with a flight record; in the working folder."""
    monkeypatch.chdir(tmp_path)
    engine = open_store("sqlite:///faultline.db")
    made = Plant(engine, "archive")
    made.send(0.0, 300.0)
    made.alarm(100.0, 130.0)
    made.recorder().look(START + 300)
    made.send(300.0, 450.0)
    made.alarm(400.0)
    yield made
    engine.dispose()


def forget_samples(plant):
    """As the retention does."""
    with plant.engine.begin() as connection:
        connection.execute(frames.frames.delete())


def exported(name, alarm, *more):
    """Run the command and read its file."""
    assert main(["export", "--alarm", str(alarm), "--out", name, *more]) == 0
    return pd.read_parquet(name) if name.endswith("parquet") else pd.read_csv(name)


@pytest.mark.parametrize("name", ["one.csv", "one.parquet"])
def test_a_record_is_exported_after_its_samples_are_gone(plant, name, capsys):
    """The same as from the store, by both kinds of file."""
    Path("archive/_flights/alarm-000001.parquet").rename("kept")
    stored = exported(f"store-{name}", 1)
    assert capsys.readouterr().out == (
        f"written: store-{name}, 301 samples around alarm 1 of press-1, from the store\n"
    )
    Path("kept").rename("archive/_flights/alarm-000001.parquet")
    forget_samples(plant)
    recorded = exported(name, 1)
    assert capsys.readouterr().out.endswith("around alarm 1 of press-1, from its flight record\n")
    pd.testing.assert_frame_equal(recorded, stored)
    assert recorded["a_error"].tolist() == [0.5] * 301
    assert (recorded["ts"].min() - START, recorded["ts"].max() - START) == (40.0, 190.0)


def test_an_active_alarm_is_exported_as_far_as_it_goes(plant, capsys):
    """From the store, and with what its record has of the time before."""
    assert exported("two.csv", 2)["ts"].max() - START == 449.5
    plant.send(450.0, 1200.0)
    plant.recorder().look(START + 1200)
    forget_samples(plant)
    plant.send(1200.0, 1300.0)
    found = exported("two.parquet", 2)
    assert (found["ts"].min() - START, found["ts"].max() - START) == (340.0, 1299.5)
    assert capsys.readouterr().out.endswith("from its flight record so far\n")


def test_the_list_of_alarms_tells_which_have_a_record(plant, capsys):
    """For people and for programs."""
    assert main(["alarms", "--json"]) == 0
    told = {alarm["id"]: alarm["flight_record"] for alarm in json.loads(capsys.readouterr().out)}
    assert told == {1: True, 2: False}
    assert main(["alarms"]) == 0
    head, second, first = capsys.readouterr().out.splitlines()
    assert "record" in head
    assert ("yes" in first.split(), "yes" in second.split()) == (True, False)


REFUSED = {
    "an unknown alarm": (["--alarm", "7"], "--alarm 7: no such alarm, allowed: 1 to 2"),
    "one of which nothing is left": (["--alarm", "2"], "--alarm 2: no flight record in "),
    "a damaged record": (["--alarm", "1"], "alarm-000001.parquet: cannot be read: "),
    "a time beside": (
        ["--alarm", "1", "--end", "2026-03-01"],
        "--start, --end: found with --alarm",
    ),
    "another kind of file": (["--alarm", "1", "--out", "a.xlsx"], "allowed: .csv, .parquet"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_line(plant, name, capsys):
    """What, found, allowed; exit code 2, and nothing is written."""
    Path("archive/_flights/alarm-000001.parquet").write_bytes(b"PAR1 and nothing more")
    forget_samples(plant)
    more, line = REFUSED[name]
    assert main(["export", "--out", "a.csv", *more]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert line in told.err
    assert not [path for path in Path().iterdir() if "a.csv" in path.name]


def test_a_damaged_record_is_no_loss_while_the_store_has_its_samples(plant):
    """They are read there."""
    Path("archive/_flights/alarm-000001.parquet").write_bytes(b"")
    assert len(exported("one.csv", 1)) == 301


@pytest.mark.parametrize("options", [[], ["--device", "press-1", "--alarm", "1"]])
def test_one_of_device_and_alarm_is_asked_for(options, capsys):
    """Not none, and not both."""
    with pytest.raises(SystemExit) as caught:
        main(["export", "--out", "a.csv", *options])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
