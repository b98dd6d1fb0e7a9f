"""One machine's own model: learnt, told what it sees, written whole."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from detector.adopting.machine.base import misfit, nearest_base, nearest_shipped, unfit
from detector.adopting.machine.learn import Wanted, learn_model
from detector.adopting.machine.normal import look_at, recorded_stretch
from detector.adopting.machine.sight import Seen, limits, sees
from detector.adopting.machine.write import write_whole
from detector.cli.models.adopt_report import Adopted, model_lines
from detector.errors import AdoptError, TrainingError
from detector.records import Samples
from detector.scoring.bundle import load_bundle, save_bundle
from detector.scoring.files import score_recording
from detector.sessions.files import Findings, Recording
from detector.training.trial import best_of
from tests.support.motors import RATE_HZ, live, small_bundle, with_fault
from tests.support.training.machines import bundle_of_machines, machine


def recording(n=5000, seed=3, rate_hz=RATE_HZ):
    """Some minutes of the machine."""
    samples = live(n, seed)
    ts = samples.ts[0] + np.arange(n) / rate_hz
    return Recording("r", Samples(samples.features, ts, samples.values), None)


def learnt_from(*recordings, **options):
    """What is learnt from recordings, and what it was learnt from."""
    normal = look_at(recorded_stretch(recordings), "pump-1")
    return normal, learn_model(normal, "pump-1", Wanted(**options), lambda *_: None)


@pytest.fixture(scope="module")
def adopted():
    """One machine, at 50 Hz: it takes some seconds and is shared."""
    return learnt_from(recording())


def test_a_fault_is_an_anomaly_and_the_next_minutes_are_none(adopted):
    """What all of it is for."""
    bundle = adopted[1].bundle
    later = live(6000, 77)
    frames = score_recording(bundle, Recording("later", later, None))
    assert not np.concatenate([frame.anomaly for frame in frames]).any()
    faulty = Recording("faulty", with_fault(later, 3000, 4000), None)
    anomaly = np.concatenate([frame.anomaly for frame in score_recording(bundle, faulty)])
    assert anomaly[3100:4000].mean() > 0.9
    assert not anomaly[:3000].any()


def test_what_it_sees_was_counted_on_faults_that_it_was_not_shown(adopted):
    """A stuck sensor is seen, and the sentences say from which severity on."""
    normal, learnt = adopted
    stuck = next(one for one in learnt.seen if one.family == "stuck")
    assert stuck.from_severity is not None
    assert any(line.startswith("sees stuck") for line in sees(learnt.seen, normal))
    assert {one.name for one in learnt.trials} == {"zscore", "pca", "dense_ae"}
    assert any("nothing above 25 Hz" in line for line in limits(normal, learnt.bundle))


@pytest.mark.parametrize(
    ("found", "lowest"),
    [
        ({0.25: (3, 3), 0.5: (3, 3), 1.0: (3, 3)}, 0.25),
        ({0.25: (3, 3), 0.5: (1, 3), 1.0: (2, 3)}, 1.0),
        ({0.25: (3, 3), 0.5: (3, 3), 1.0: (0, 3)}, None),
        ({0.25: (0, 3), 0.5: (0, 3), 1.0: (0, 3)}, None),
    ],
)
def test_a_fault_counts_as_seen_from_where_all_stronger_ones_are(found, lowest):
    """A lucky find at a low severity promises nothing."""
    assert Seen("bias", found).from_severity == lowest


def test_the_same_seed_gives_the_same_model():
    """Ten minutes at 1 Hz are enough, and are learnt twice alike."""
    made = [learnt_from(recording(600, rate_hz=1.0))[1].bundle for _ in range(2)]
    assert made[0].document == made[1].document
    assert made[0].document.sampling_period_s == pytest.approx(1.0)


def test_too_little_is_refused_in_one_line():
    """With what is needed."""
    with pytest.raises(AdoptError, match="has 80 samples, allowed: at least 100"):
        learnt_from(recording(100))


def test_the_base_that_fits_is_found_by_features_rate_and_speed(bundle, tmp_path):
    """Order of features does not count; another rate, unit or speed does."""
    save_bundle(bundle, tmp_path / "near")
    normal = look_at(recorded_stretch([recording(3000)]), "pump-1")
    assert nearest_base(tmp_path, normal, without="") == tmp_path / "near"
    assert nearest_base(tmp_path, normal, without="near") is None
    base = load_bundle(tmp_path / "near")

    def misfit_of(samples, found=None):
        made = Recording("r", samples, None, found or Findings())
        return misfit(base, look_at(recorded_stretch([made]), "pump-1"))

    plain = live(3000, 1)
    turned = plain.with_features(("rpm", "y", "x"))
    assert misfit_of(turned) is None
    assert "50 Hz" in misfit_of(Samples(plain.features, plain.ts * 2, plain.values))
    fast = plain.values.copy()
    fast[:, 2] *= 2
    assert "rpm" in misfit_of(Samples(plain.features, plain.ts, fast))
    assert "allowed: the same features" in misfit_of(plain.with_features(("x", "rpm")))


def test_a_base_can_be_begun_from_whatever_the_order_of_features():
    """Its network and window, with the machine's own scales."""
    base = small_bundle("near", network="dense_ae", config={"hidden": 8, "latent": 4})
    turned = Recording("r", recording(4000).samples.with_features(("rpm", "y", "x")), None)
    _, learnt = learnt_from(turned, base=base, only_from_base=True)
    assert learnt.chosen.name == "from near"
    assert learnt.bundle.features == base.features
    assert learnt.bundle.document.window == base.document.window


def test_a_bundle_is_there_whole_or_not_at_all(tmp_path, adopted, monkeypatch):
    """An old one stays until the new one is complete."""
    bundle, out = adopted[1].bundle, tmp_path / "models" / "pump-1"
    write_whole(bundle, out, is_forced=False)
    assert load_bundle(out).document == bundle.document
    with pytest.raises(AdoptError, match="exists, allowed"):
        write_whole(bundle, out, is_forced=False)

    def fails(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("detector.adopting.machine.write.save_bundle", fails)
        with pytest.raises(AdoptError, match="No space left"):
            write_whole(bundle, out, is_forced=True)
    rename = Path.rename
    with monkeypatch.context() as stubborn:
        stubborn.setattr(Path, "rename", lambda old, new: (
            fails() if old.name.endswith(".new") else rename(old, new)
        ))  # fmt: skip
        with pytest.raises(AdoptError, match="No space left"):
            write_whole(bundle, out, is_forced=True)
    assert load_bundle(out).document == bundle.document
    write_whole(bundle, out, is_forced=True)
    assert [path.name for path in out.parent.iterdir()] == ["pump-1"]


@pytest.fixture(scope="module")
def shipped():
    """A fleet of machines that are alike but for their level, and one more of them."""
    return bundle_of_machines(), Recording("r", machine(4000, 50), None)


@pytest.fixture
def quick(monkeypatch):
    """One model of its own and one severity; what is weighed is the same."""
    monkeypatch.setattr("detector.adopting.machine.candidates.SCRATCH", ("zscore",))
    monkeypatch.setattr("detector.adopting.machine.learn.SEVERITIES", (0.25,))


def test_a_shipped_model_with_commissioning_is_weighed_against_one_of_its_own(shipped, quick):
    """On the same held-out running, by the same figures; the machine's own level is learnt anew."""
    fleet, one = shipped
    normal, learnt = learnt_from(one, shipped=fleet)
    tried = {trial.name: trial for trial in learnt.trials}
    assert set(tried) == {"fleet commissioned", "zscore"}
    assert learnt.chosen is best_of(learnt.trials)
    own = tried["fleet commissioned"].own
    assert own.end < learnt.bench.normal[0].samples.ts[0]
    for trial in learnt.trials:
        assert trial.curve.cases == learnt.trials[0].curve.cases > 10
    lines = model_lines(Adopted("r", Path("models/r"), normal, learnt, None, "", ""))
    (choice,) = [line for line in lines if line.startswith("model: ")]
    assert choice.startswith(f"model: {learnt.chosen.name}, ")


def test_either_kind_can_be_forced(shipped, quick):
    """The one is the shipped bundle itself, the other none of it."""
    fleet, one = shipped
    _, learnt = learnt_from(one, shipped=fleet, kind="base")
    assert learnt.bundle is fleet
    assert learnt.own.seconds > learnt.chosen.own.seconds
    frames = score_recording(fleet, Recording("next", machine(3000, 50, run=1), None),
                             own=learnt.own)  # fmt: skip
    assert not np.concatenate([frame.anomaly for frame in frames]).any()
    with pytest.raises(TrainingError, match="no shipped model fits the machine"):
        learnt_from(one, kind="base")


def test_a_shipped_model_that_calls_the_machine_abnormal_is_not_taken(shipped, quick):
    """It is refused with the reason, and told where nothing else may be tried."""
    fleet, one = shipped
    values = one.samples.values.copy()
    values[:, 0] = 30 * values[:, 0]
    loud = Recording("r", Samples(one.samples.features, one.samples.ts, values), None)
    with pytest.raises(TrainingError, match="its score reaches"):
        learnt_from(loud, shipped=fleet, kind="base")


def test_the_shipped_model_that_fits_is_found(shipped, bundle, tmp_path):
    """One that has limits for single machines, of these features."""
    fleet, one = shipped
    save_bundle(fleet, tmp_path / "fleet")
    save_bundle(bundle, tmp_path / "old")
    normal = look_at(recorded_stretch([one]), "r")
    assert nearest_shipped(tmp_path, normal, without="") == tmp_path / "fleet"
    assert nearest_shipped(tmp_path, normal, without="fleet") is None
    limitless = msgspec.structs.replace(fleet.document, commissioned=None)
    assert "no limits for single machines" in unfit(
        type(fleet)("x", limitless, fleet.model), normal
    )
