"""Generated sessions and their ground truth, data sets, and what a sensor sees."""

import json

import numpy as np
import pytest

from simulator.cli.commands import run
from simulator.faults.inject import FAULTS
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.profile import BENIGN
from simulator.recordings import files, truth
from simulator.recordings.catalogue import Catalogue
from simulator.recordings.session_request import Request

FAMILIES = [*MACHINE_FAULTS, *FAULTS]


def generate(out, *more, minutes="1.5"):
    """Generate into ``out`` and return the session files' paths."""
    arguments = ["generate", "--minutes", minutes, "--sessions", "1", "--out", str(out), *more]
    assert run(arguments) == 0
    return sorted(out.glob("*.csv"))


def test_same_seed_same_bytes(tmp_path):
    """The same seed writes the same bytes, faults included."""
    one, other = (
        generate(tmp_path / name, "--seed", "5", "--fault", "noise", minutes="2")[0]
        for name in ("a", "b")
    )
    assert one.read_bytes() == other.read_bytes()


def test_other_seed_other_bytes(tmp_path):
    """Another seed writes other samples."""
    one, other = (generate(tmp_path / seed, "--seed", seed, minutes="2")[0] for seed in ("5", "6"))
    assert one.read_text().splitlines()[3:] != other.read_text().splitlines()[3:]


def test_generated_file_follows_the_contract(tmp_path):
    """A session has its seed above, all columns, 100 samples a second and begins idle."""
    path = generate(tmp_path, "--seed", "5", minutes="2")[0]
    recording = files.read(path)
    assert "seed 5" in recording.comments[0]
    assert list(recording.cells.columns) == ["ts", "acc_x", "acc_y", "acc_z", "rpm", "label"]
    assert np.diff(recording.ts) == pytest.approx(np.full(11_999, 0.01), abs=1e-6)
    rpm = recording.numbers("rpm")
    assert rpm[0] == 0
    assert np.mean(rpm > 590) > 0.8


def test_a_machine_on_an_inverter(tmp_path):
    """It has many speeds, vibrates with their square, and tells its load and temperature."""
    more = ["--rpm", "400:1500", "--channels", "load,temp_c", "--fault", "noise", "--seed", "5"]
    path = generate(tmp_path, *more, minutes="8")[0]
    recording = files.read(path)
    assert "rpm 400-1500" in recording.comments[0]
    assert {"load", "temp_c"} <= set(recording.features)
    rpm, label = recording.numbers("rpm"), recording.label()
    assert (rpm[label > 0] > 0.88 * 400).all()
    running = rpm[(rpm > 400) & (label == 0)]
    assert running.max() - running.min() > 500
    slow, fast = (
        recording.features["acc_x"][(label == 0) & (abs(rpm - at) < 0.1 * at)].std()
        for at in np.percentile(running, [10, 90])
    )
    ratio = np.percentile(running, 90) / np.percentile(running, 10)
    assert fast / slow == pytest.approx(ratio**2, rel=0.5)
    (tmp_path / "again").mkdir()
    assert path.read_bytes() == generate(tmp_path / "again", *more, minutes="8")[0].read_bytes()


def test_too_short_for_a_fault(tmp_path, capsys):
    """A session too short for a fault is refused in one line."""
    arguments = ["generate", "--minutes", "0.2", "--fault", "bias", "--out", str(tmp_path)]
    assert run(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_generated_with_its_truth(tmp_path, family):
    """Labels are 1 exactly where the truth beside the file says, and the machine runs there."""
    path = generate(tmp_path, "--fault", family, "--ramp", "5", "--severity", "0.75")[0]
    recording, told = files.read(path), truth.read(path)
    label = recording.numbers("label") == 1
    ts = recording.ts[0] + np.arange(len(label)) / 100.0  # as it would be without clock faults
    expected = np.zeros(len(label), bool)
    for episode in told.episodes:
        assert (episode.family, episode.severity) == (family, 0.75)
        assert episode.full - episode.start == pytest.approx(5.0)
        assert episode.end - episode.full > 19.9
        expected |= (ts >= episode.start - 1e-3) & (ts < episode.end - 1e-3)
    assert len(told.episodes) >= 1
    assert np.array_equal(label, expected)
    assert recording.numbers("rpm")[label].min() > 540


@pytest.mark.parametrize("family", ["unbalance", "bias"])
def test_only_the_fault_differs_from_the_healthy_session(tmp_path, family):
    """The same seed without the fault is the same session outside it."""
    faulty = files.read(generate(tmp_path / "a", "--fault", family)[0])
    healthy = files.read(generate(tmp_path / "b")[0])
    label = faulty.numbers("label") == 1
    settled = np.flatnonzero(label)[-1] + 200  # the filter forgets in less than 2 s
    different = np.any(
        [faulty.features[name] != healthy.features[name] for name in healthy.features], axis=0
    )
    assert different[label].mean() > 0.9
    assert not different[: np.flatnonzero(label)[0]].any()
    assert not different[settled:][~label[settled:]].any()


def test_same_seed_same_bytes_of_truth_and_samples(tmp_path):
    """The same seed writes the same bytes, the truth included."""
    for name in ("a", "b"):
        generate(tmp_path / name, "--fault", "bearing_outer", "--seed", "5", "--no-filter")
    for one in (tmp_path / "a").iterdir():
        assert one.read_bytes() == (tmp_path / "b" / one.name).read_bytes()
    assert len(list((tmp_path / "a").iterdir())) == 2


@pytest.mark.parametrize("kind", BENIGN)
def test_benign_events_are_normal(tmp_path, kind):
    """A session of a benign event has no label, and its truth tells of the event."""
    path = generate(tmp_path, "--benign", kind)[0]
    told = truth.read(path)
    assert not files.read(path).numbers("label").any()
    assert not told.episodes
    names = {event.name for event in told.benign}
    expected = {"start_stop": "coast_down", "load_step": "load_step", "sag": "sag"}.get(kind)
    assert expected is None or expected in names
    assert names >= {"idle", "start"}


def test_warming_up_is_benign_drift(tmp_path):
    """In a temperature session the offset drifts, slowly and by less than 4 mg."""
    path = generate(tmp_path, "--benign", "temperature", "--seed", "3", minutes="10")[0]
    level = files.read(path).features["acc_y"]
    drift_mg = 1e3 * (level[-3000:].mean() - level[2000:5000].mean())
    assert 0.1 < abs(drift_mg) < 4.0


def test_sensors_and_rates(tmp_path):
    """A coarse sensor at another rate reports multiples of its step at that rate."""
    path = generate(tmp_path, "--sensor", "ADXL345", "--rate", "200", minutes="0.5")[0]
    recording = files.read(path)
    assert np.diff(recording.ts) == pytest.approx(np.full(5999, 0.005), abs=1e-6)
    steps = recording.features["acc_x"] / 3.9e-3
    assert np.allclose(steps, np.round(steps), atol=1e-3)


def test_raw_offset_is_there_when_asked_for(tmp_path):
    """An offset that was not taken off on site is far larger than what zeroing leaves."""
    raw, zeroed = (
        abs(files.read(generate(tmp_path / name, *more, minutes="0.5")[0]).features["acc_x"]).mean()
        for name, more in (("raw", ["--raw-offset"]), ("zeroed", []))
    )
    assert raw > 5 * zeroed


def test_pump_has_slow_channels(tmp_path):
    """A pump writes pressure, flow, current and temperature once a second beside its vibration."""
    fast, slow = generate(tmp_path, "--machine", "pump", "--rpm", "1200", "--fault", "cavitation")
    assert slow.name == f"{fast.stem}_slow.csv"
    channels = files.read(slow)
    assert np.diff(channels.ts) == pytest.approx(np.ones(89), abs=1e-3)
    assert {"pressure_bar", "flow_l_min", "current_a", "temperature_c"} <= set(channels.features)
    label, running = channels.numbers("label") == 1, channels.numbers("rpm") > 1150
    pressure = channels.features["pressure_bar"]
    settled = running & (np.cumsum(running) > 10) & ~label
    assert pressure[label].mean() < 0.95 * pressure[settled].mean()


def test_catalogue_is_a_data_set(tmp_path):
    """Both speeds have normal units to train on, and tests of every event and family."""
    catalogue = Catalogue(Request(600.0, 1, 1.0, 7), units=3)
    requests = catalogue.requests()
    assert {folder for folder, _ in requests} == {
        f"rpm_{rpm}/{part}" for rpm in (600, 1200) for part in ("train", "test")
    }
    train = [request for folder, request in requests if folder == "rpm_600/train"]
    test = [request for folder, request in requests if folder == "rpm_600/test"]
    assert [request.fault for request in train] == [None] * 3
    assert not {request.seed for request in train} & {request.seed for request in test}
    assert {request.fault for request in test} == {None, *FAMILIES}
    assert {request.benign for request in test} == {None, *BENIGN}


def test_catalogue_is_written(tmp_path, capsys, monkeypatch):
    """`generate --catalogue` lays the files out, each with its truth."""
    monkeypatch.setattr("simulator.recordings.catalogue.SPEEDS", (600.0,))
    monkeypatch.setattr("simulator.recordings.catalogue.Catalogue._test", lambda *_: [])
    arguments = ["generate", "--catalogue", "--sessions", "2", "--minutes", "0.2"]
    assert run([*arguments, "--out", str(tmp_path)]) == 0
    files = sorted(path.name for path in (tmp_path / "rpm_600" / "train").iterdir())
    assert len(files) == 4
    assert "sessions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--fault", "rust"], "allowed: unbalance, misalignment"),
        (["--sensor", "adxl999"], "unknown sensor 'adxl999'; allowed: adxl345"),
        (["--benign", "party"], "unknown benign event 'party'; allowed: start_stop"),
        (["--benign", "sag", "--fault", "bias"], "allowed: one of them"),
        (["--rpm", "1200", "--rate", "40"], "below the Nyquist frequency 20 Hz"),
        (["--rpm", "600", "--rate", "20"], "1x is 10 Hz"),
        (["--rpm", "1500:400"], "allowed: RPM, or LOWEST:HIGHEST"),
        (["--rpm", "400:900:1500"], "allowed: RPM, or LOWEST:HIGHEST"),
        (["--rpm", "600", "--channels", "smell"], "allowed: load, temp_c"),
        (["--catalogue", "--fault", "bias"], "it has all of them"),
        (["--ramp", "-5"], "allowed: a number of 0 or more"),
        (["--severity", "1.5"], "allowed: 0 to 1"),
    ],
)
def test_bad_requests_are_one_line(tmp_path, capsys, more, complaint):
    """What cannot be generated costs exit code 2 and one line, and nothing is written."""
    out = tmp_path / "out"
    try:
        code = run(["generate", "--out", str(out), *more])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert not out.exists()


def sees(capsys, *more):
    """Run `sees` and return what it found, by family."""
    assert run(["sees", "--json", *more]) == 0
    return {sight["family"]: sight for sight in json.loads(capsys.readouterr().out)}


def test_sees_the_shaft_and_not_the_bearing(capsys):
    """Through a filtered 100 Hz sensor unbalance is visible, a bearing is not."""
    found = sees(capsys, "--rpm", "1200", "--rate", "100", "--bearing", "6205")
    assert found["unbalance"]["verdict"] == "visible"
    assert found["bearing_inner"]["verdict"] == "invisible"
    assert "5.415x = 108.30 Hz" in found["bearing_inner"]["reason"]
    assert set(found) == set(MACHINE_FAULTS)


def test_sees_where_a_bearing_folds_to(capsys):
    """Without a filter BPFI at 1200 rpm, 98.96 Hz, folds to 1.04 Hz in 100 Hz samples."""
    found = sees(capsys, "--rpm", "1200", "--rate", "100", "--sensor", "adxl356", "--no-filter")
    assert found["bearing_inner"]["verdict"] == "aliased"
    assert found["bearing_inner"]["alias_hz"] == pytest.approx(1.04, abs=0.01)


def test_sees_prints_a_table(capsys):
    """The table names the view and has a line for each family."""
    assert run(["sees", "--rpm", "600", "--sensor", "adxl345"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("600 rpm, adxl345 at 100 Hz filtered at 50 Hz")
    assert len(out.splitlines()) == 3 + len(MACHINE_FAULTS)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--bearing", "9999"], "unknown bearing '9999'; allowed: 6204, 6205, or BALLS"),
        (["--bearing", "9,20,30"], "allowed: at most"),
        (["--bearing", "2,5,30"], "allowed: 3 or more balls"),
        (["--rpm", "3000"], "below the Nyquist frequency 50 Hz"),
    ],
)
def test_sees_refuses_what_cannot_be(capsys, more, complaint):
    """Impossible geometry and meaningless rates are one line."""
    assert run(["sees", *more]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
