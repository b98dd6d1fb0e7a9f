"""A machine is commissioned while it is watched: at once, for good, and taken back again."""

from __future__ import annotations

import time

import numpy as np
import pytest

from detector.cli.main import main
from detector.ingest.buffer import Receipt, SharedBuffer
from detector.records import Samples
from detector.scoring.bundle import save_bundle
from detector.scoring.files import score_recording
from detector.service import clock
from detector.service.lease import Lease
from detector.service.pipeline import Pipeline
from detector.sessions.files import Recording
from detector.settings.load import load_settings
from detector.store import commands, commissionings, devices, frames
from detector.store.schema import open_store
from tests.detector.service.test_pipeline import Broker
from tests.support.training.inverter import inverter_bundle, turning
from tests.support.training.machines import bundle_of_machines, machine

UNIT, SPLIT = 50, 2000


@pytest.fixture(scope="module")
def bundle():
    """With a rule for commissioned machines."""
    return bundle_of_machines()


class Listener(Broker):
    """That was connected once."""

    connections = 1


class Site:
    """A store, a settings file that names the model, and a scoring thread that can be restarted."""

    def __init__(self, folder, bundle):
        save_bundle(bundle, folder / "fleet")
        self.url, self.file = f"sqlite:///{folder}/faultline.db", folder / "faultline.toml"
        self.file.write_text(f'[store]\nurl = "{self.url}"\n[[devices]]\nmatch = "m*"\n'
                             f'model = "{folder}/fleet"\n')  # fmt: skip
        self.store, self.sent, self.now = open_store(self.url), 0, 0.0
        self.start()

    def start(self):
        """As after a restart: a new buffer, a new pipeline, the same store."""
        self.buffer = SharedBuffer(10_000, 10)
        lease = Lease(self.store)
        lease.take()
        self.pipeline = Pipeline(
            load_settings(self.file), self.store, self.buffer, Listener(), lease
        )

    def send(self, samples, start, end):
        """Rows of them, in blocks of a second, a tick after each."""
        for first in range(start, end, 50):
            rows = slice(first, min(first + 50, end))
            part = Samples(samples.features, samples.ts[rows], samples.values[rows])
            self.sent += 1
            self.buffer.append("m", part, time.time(), Receipt(1, self.sent))
            self.tick()
        for _ in range(30):  # what waits for its turn waits no longer
            self.tick()

    def tick(self):
        """One, a while after the last."""
        self.now += 0.3
        self.pipeline.guarded_tick()

    def ask(self, *arguments):
        """The command line; returns its exit code."""
        return main(["commission", "m", "--who", "Kim", *arguments, "--settings", str(self.file)])

    def frames(self):
        """All that is stored."""
        with self.store.connect() as connection:
            return frames.between(connection, "m", -np.inf, np.inf)

    def scores(self, rows):
        """Of some samples."""
        return np.concatenate([frame.score for frame in self.frames()])[rows]

    @property
    def reason(self):
        """What is said beside the state of the machine."""
        with self.store.connect() as connection:
            return devices.one(connection, "m").reason


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """Makes a machine that has run for 40 s; nobody waits for another process's answer."""
    monkeypatch.setattr("detector.cli.models.commission.devices.is_alive", lambda _: False)
    sites = []

    def watch(bundle, samples):
        sites.append(Site(tmp_path, bundle))
        monkeypatch.setattr(clock.time, "monotonic", lambda: sites[0].now)
        sites[0].samples = samples
        sites[0].send(samples, 0, SPLIT)
        return sites[0]

    yield watch
    for one in sites:
        one.store.dispose()


@pytest.fixture
def site(watched, bundle):
    """A machine whose samples the model sees."""
    return watched(bundle, machine(SPLIT + 600, UNIT))


def test_a_machine_is_commissioned_while_it_is_watched(site, bundle):
    """Its session goes on, scores equal those of the file from then on, also after a restart."""
    commissioned_live(site, bundle)


def test_a_machine_behind_a_front_end_is_commissioned_while_it_is_watched(watched):
    """By its columns, over longer times, with centres that follow the speed."""
    bundle = inverter_bundle(commission_s=8.0, scales=(5, 10), conditions=("rpm",))
    anyway = ("--anyway", "--why", "it has learnt from two minutes")
    commissioned_live(watched(bundle, turning(SPLIT + 600, UNIT)), bundle, *anyway)


def commissioned_live(site, bundle, *more):
    """From the store, applied, restarted; each score is that of the file."""
    assert site.reason == "not commissioned"
    assert site.ask("--minutes", "1", *more) == 0
    site.tick()
    assert site.reason is None
    site.send(site.samples, SPLIT, SPLIT + 200)
    site.start()
    site.send(site.samples, SPLIT + 200, SPLIT + 400)
    with site.store.connect() as connection:
        own = commissionings.in_force(connection, "m").own
    offline = score_recording(bundle, Recording("m", site.samples, None), own=own)
    wanted = np.concatenate([frame.score for frame in offline])[SPLIT : SPLIT + 400]
    found = site.scores(slice(SPLIT, SPLIT + 400))
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    assert len({frame.session for frame in site.frames()}) == 1


def test_undo_goes_back_one_version(site, bundle):
    """To the one before, then to none, which is refused once more."""
    for _ in range(2):
        assert site.ask("--minutes", "1") == 0
    assert site.ask("--undo") == 0
    with site.store.connect() as connection:
        assert commissionings.in_force(connection, "m").version == 1
    assert site.ask("--undo") == 0
    site.tick()
    assert site.reason == "not commissioned"
    site.send(site.samples, SPLIT, SPLIT + 200)
    offline = score_recording(bundle, Recording("m", site.samples, None))
    wanted = np.concatenate([frame.score for frame in offline])[SPLIT : SPLIT + 200]
    np.testing.assert_allclose(site.scores(slice(SPLIT, SPLIT + 200)), wanted, rtol=1e-6)
    assert site.ask("--undo") == 2


REFUSED = [
    (["--minutes", "0.08"], "m: 4 s of settled running in the stretch, allowed: 30 s"),
    ([], "no stretch, allowed: --minutes N, or --start ISO and --end ISO"),
    (["--minutes", "1", "--anyway"], "--anyway and --why, allowed: both, or neither"),
    (["--undo", "--minutes", "1"], "--undo with a stretch or a reason"),
    (["--undo", "--check"], "--undo with a stretch or a reason"),
    (["--start", "2020-01-01", "--end", "2020-01-02"], "m: no sample in that stretch"),
    (["--start", "2020-01-02", "--end", "2020-01-01"], "--start is not before --end"),
    (["--start", "soon", "--end", "2020-01-01"], "soon: no time, allowed: ISO 8601"),
]


def test_what_cannot_be_done_gets_one_line(site, capsys):
    """Exit code 2, and nothing is written."""
    for arguments, line in REFUSED:
        try:
            code = site.ask(*arguments)
        except SystemExit as end:
            code = end.code
        told = capsys.readouterr().err
        assert (code, line in told) == (2, True), told
        assert len(told.strip().splitlines()) == 1
    with site.store.connect() as connection:
        assert commissionings.every(connection) == {}


def test_a_doubtful_stretch_needs_a_reason(site, capsys):
    """It is refused, and taken with --anyway, which keeps the reason."""
    loud = site.samples.values.copy()
    loud[:, 0] *= 4
    site.send(Samples(site.samples.features, site.samples.ts, loud), SPLIT, SPLIT + 300)
    for check in ([], ["--check"]):
        assert site.ask("--minutes", "1", *check) == 2
        assert "its score reaches" in capsys.readouterr().err
    assert site.ask("--minutes", "1", "--anyway", "--why", "new bearing") == 0
    with site.store.connect() as connection:
        assert commissionings.in_force(connection, "m").why == "new bearing"


def test_a_check_changes_nothing(site, capsys):
    """It tells what would be learnt."""
    assert site.ask("--minutes", "1", "--check") == 0
    assert "m: may be commissioned on top of fleet; nothing is changed" in capsys.readouterr().out
    with site.store.connect() as connection:
        assert commissionings.history(connection, "m") == []
        assert commands.pending(connection) == []


def test_another_model_is_put_into_the_settings(site, bundle, tmp_path, capsys):
    """Once it can be loaded; what the device was never heard to send is told."""
    save_bundle(bundle, tmp_path / "other")
    use = ["use", "m", "--who", "Kim", "--settings", str(site.file)]
    before = site.file.read_text()
    assert main([*use, str(tmp_path / "nothing")]) == 2
    assert (site.file.read_text(), "nothing" in capsys.readouterr().err) == (before, True)
    assert main([*use, str(tmp_path / "other")]) == 0
    assert "no detector runs" in capsys.readouterr().out
    assert load_settings(site.file).rule_for("m").model == tmp_path / "other"


def test_a_device_of_another_model_is_refused(site, bundle, tmp_path, capsys):
    """The rule names a model that does not judge it yet, or none, or the device is unknown."""
    save_bundle(bundle, tmp_path / "other")
    text = site.file.read_text()
    site.file.write_text(text.replace("/fleet", "/other"))
    assert site.ask("--minutes", "1") == 2
    assert "m: judged by fleet, its rule names other" in capsys.readouterr().err
    site.file.write_text(text.replace('"m*"', '"x*"'))
    assert site.ask("--minutes", "1") == 2
    assert "m: no model in the settings" in capsys.readouterr().err
