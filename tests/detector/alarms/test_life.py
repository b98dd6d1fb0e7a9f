"""What becomes of alarms between crossings, operators and restarts; store and desk are real."""

from __future__ import annotations

import numpy as np
import pytest

from detector.alarms.priority import priority_of, score_sentence, shifted
from detector.records import ModelCard, Priority
from detector.settings.alarms import AlarmSettings
from tests.support.alarms.plant import CARD, Plant, frame


def square(seconds, period_s=1.0, rate_hz=100.0):
    """Scores that are above for the first half of each period."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.where((t / period_s) % 1 < 0.5, 2.0, 0.2)


SHIPPED = AlarmSettings()
FAST = ModelCard("model", "lstm_ae", 60, 0.01, ("a",), ("g",), (0.0,), (1.0,))


def test_sixty_crossings_a_minute_are_one_alarm():
    """The off-delay holds it, as the settings are shipped."""
    plant = Plant(k=3, n=5, m=None, on_delay_s=SHIPPED.on_delay_s)
    plant.update(frame(0, square(60), step=0.01), card=FAST)
    assert plant.lives == ["unacknowledged"]
    assert plant.alarms[0].start == 0.0
    plant.update(frame(60, np.zeros(600), step=0.01), card=FAST)
    assert plant.lives == ["returned"]
    assert plant.alarms[0].end == pytest.approx(64.5, abs=0.1)


def test_a_burst_of_two_seconds_is_none_as_shipped():
    """Spread by a window of a second and a half; at once it is one, and so is what goes on."""
    burst = np.r_[np.zeros(300), np.full(350, 2.0), np.zeros(600)]
    for on_delay_s, alarms in ((0.0, 1), (SHIPPED.on_delay_s, 0)):
        plant = Plant(k=3, n=5, m=None, on_delay_s=on_delay_s)
        plant.update(frame(0, burst, step=0.01), card=FAST)
        assert len(plant.alarms) == alarms
    plant.update(frame(20, np.full(500, 2.0), step=0.01), card=FAST)
    [alarm] = plant.alarms
    assert alarm.start == 20.0


def test_an_on_delay_ends_as_an_alarm_does():
    """Within the off-delay of a burst another is the same; after it, it begins anew."""
    burst = np.r_[np.full(50, 2.0), np.zeros(350)]
    for pause, alarms in ((0, 1), (200, 0)):
        plant = Plant(k=3, n=5, m=None, on_delay_s=3)
        again = np.r_[burst, np.zeros(pause), np.full(50, 2.0), np.zeros(600)]
        plant.update(frame(0, again, step=0.01), card=FAST)
        assert len(plant.alarms) == alarms


def test_the_peak_of_the_on_delay_belongs_to_the_alarm():
    """Also over a restart, and though later scores are lower."""
    plant = Plant(on_delay_s=5)
    plant.update(frame(0, [0, 9, 3]))
    plant.restart()
    plant.update(frame(3, [2, 2, 2, 2]))
    [alarm] = plant.alarms
    assert (alarm.start, alarm.peak_score, alarm.peak_ts) == (1.0, 9.0, 1.0)


def test_an_on_delay_goes_on_over_a_gap_of_thinned_scoring():
    """An overloaded detector is late, not blind."""
    plant = Plant(k=2, n=2, on_delay_s=10)
    for start in range(0, 16, 4):
        plant.update(frame(start, [2, 2, np.nan, np.nan]))
    assert plant.lives == ["unacknowledged"]
    plant = Plant(k=2, n=2, on_delay_s=10)
    plant.update(frame(0, [2, 2, np.nan, 0, 0, np.nan, 2, 2, np.nan, np.nan, 2, 2]))
    assert plant.lives == []


def test_a_deadband_keeps_an_alarm_on_the_edge():
    """It clears only below 0.8; it is raised at 1 as ever."""
    plant = Plant(deadband=0.2)
    plant.update(frame(0, [0.9, 0.9]))
    assert plant.lives == []
    plant.update(frame(2, [1.1, *[0.9] * 20]))
    assert plant.lives == ["unacknowledged"]
    plant.update(frame(30, [0.7, 0.7]))
    assert plant.lives == ["returned"]


def test_nothing_is_judged_while_a_machine_starts_up():
    """Five seconds after each start, and not for ever."""
    plant = Plant(start_up_s=5)
    plant.update(frame(0, [0.1] * 3, judged=False), frame(3, [9] * 5))
    assert plant.lives == []
    plant.restart()
    plant.update(frame(8, [9]))
    assert plant.lives == ["unacknowledged"]
    plant = Plant(start_up_s=5)
    plant.update(frame(0, [0] * 9), frame(9, [0] * 9, judged=False), frame(18, [9] * 5))
    assert plant.lives == []


def test_a_latched_alarm_waits_for_an_answer():
    """Its cause gone and come again is the same alarm, told again."""
    plant = Plant(latching=True)
    plant.update(frame(0, [9, 0, 0]))
    assert (plant.lives, plant.alarms[0].state, plant.desk.active("m").id) == (
        ["latched"], "active", 1,
    )  # fmt: skip
    plant.restart()
    plant.update(frame(3, [9]))
    assert plant.lives == ["unacknowledged"]
    plant.update(frame(4, [0, 0]))
    assert plant.say("ack", 1) == "applied"
    assert (plant.lives, plant.alarms[0].state) == (["normal"], "cleared")
    assert plant.told() == [(1, "raised"), (1, "raised"), (1, "acknowledged"), (1, "cleared")]


def test_an_acknowledged_alarm_is_over_when_it_returns():
    """The other way round as well; who and when are kept."""
    plant = Plant()
    plant.update(frame(0, [9]))
    assert plant.say("ack", 1) == "applied"
    plant.update(frame(1, [0, 0]))
    plant.update(frame(3, [9, 0, 0]))
    assert plant.lives == ["normal", "returned"]
    assert plant.say("ack", 2, who="Ann") == "applied"
    assert plant.lives == ["normal", "normal"]
    assert [(one.acknowledged_by, one.acknowledged_at) for one in plant.alarms] == [
        ("Kim", 1e6), ("Ann", 1e6),
    ]  # fmt: skip


def test_one_answer_is_enough_for_what_came_again():
    """The newest alarm of a kind answers for those that had returned; not for another kind."""
    plant = Plant()
    for start in (0, 10, 20):
        plant.update(frame(start, [9, 0, 0]))
    plant.report("silent", True)
    plant.report("silent", False)
    assert plant.say("ack", 3) == "applied"
    assert plant.lives == ["normal"] * 3 + ["returned"]


def test_a_shelved_alarm_is_told_to_nobody_and_then_once():
    """Whatever crosses meanwhile; a restart changes nothing."""
    plant = Plant()
    plant.update(frame(0, [9]))
    assert plant.told() == [(1, "raised")]
    assert plant.say("shelve", 1, minutes=1) == "applied"
    assert (plant.lives, plant.desk.active("m"), plant.desk.active_count) == (["shelved"], None, 0)
    plant.update(frame(1, [0, 0, 9]))
    plant.restart()
    plant.now += 59
    plant.update(frame(4, [9]))
    assert plant.lives == ["normal", "shelved"]
    assert plant.told() == [(1, "cleared")]  # of the one that was told
    plant.now += 1
    plant.update(frame(5, [9]))
    assert plant.lives == ["normal", "unacknowledged"]
    assert plant.told() == [(2, "raised")]
    assert plant.alarms[1].raised_at is not None


def test_a_one_shot_shelf_ends_with_the_alarm():
    """The next one is told."""
    plant = Plant()
    plant.update(frame(0, [9]))
    assert plant.say("shelve", 1) == "applied"
    plant.update(frame(1, [0, 0, 9]))
    assert plant.lives == ["normal", "unacknowledged"]


def test_maintenance_holds_all_kinds_and_out_of_service_goes_first():
    """Other devices go on; what is still there at the end is told."""
    plant = Plant()
    plant.update(frame(0, [9]))
    assert plant.say("maintenance", minutes=30, why="belt") == "applied"
    plant.report("silent", True)
    assert plant.lives == ["suppressed"] * 2
    assert plant.say("out-of-service") == "applied"
    assert plant.lives == ["out-of-service"] * 2
    assert plant.say("out-of-service", undo=True) == "applied"
    assert plant.lives == ["suppressed"] * 2
    plant.told()
    plant.update(frame(1, [9], device="other"))
    plant.now += 30 * 60
    plant.update()
    assert plant.lives == ["unacknowledged"] * 3
    assert sorted(plant.told()) == [(1, "raised"), (2, "raised"), (3, "raised")]


def test_a_returned_alarm_counts_as_answered_by_whoever_shelves_it():
    """It asks for nothing any more."""
    plant = Plant()
    plant.update(frame(0, [9, 0, 0]))
    assert plant.say("shelve", 1, minutes=5) == "applied"
    assert (plant.lives, plant.alarms[0].acknowledged_by) == (["normal"], "Kim")


def test_kinds_are_open_beside_each_other():
    """As often as they are reported; the model's own goes out as the device's."""
    plant = Plant()
    for _ in range(3):
        plant.report("sensor", True)
        plant.report("silent", True)
    plant.update(frame(9, [9]))
    assert [one.kind for one in plant.alarms] == ["sensor", "silent", "score"]
    assert plant.desk.active("m").kind == "score"
    plant.report("sensor", False, ts=7.0)
    assert [one.end for one in plant.alarms] == [7.0, None, None]


def test_drift_is_a_statement():
    """Nobody is asked to answer, and it is no alarm of the device."""
    plant = Plant()
    plant.report("drift", True)
    assert (plant.desk.active("m"), plant.desk.active_count) == (None, 0)
    plant.report("drift", False)
    assert plant.lives == ["normal"]


@pytest.mark.parametrize("rules", [{}, {"on_delay_s": 3}, {"deadband": 0.2}, {"start_up_s": 3}])
def test_a_restart_at_any_point_changes_nothing(rules):
    """A detector that begins anew with every window, beside one that never does."""
    rng = np.random.default_rng(7)
    scores = rng.choice([0.0, 0.85, 2.0, 5.0, np.nan], 60, p=[0.4, 0.1, 0.2, 0.2, 0.1])
    stops = rng.random(60) < 0.1
    stopped, whole = (Plant(k=2, n=4, m=3, off_delay_s=2, **rules) for _ in range(2))
    for ts, (score, is_still) in enumerate(zip(scores, stops, strict=True)):
        stopped.restart()
        for plant in (stopped, whole):
            plant.update(frame(ts, [score], judged=not is_still))
    assert stopped.alarms == whole.alarms
    assert whole.alarms
    assert stopped.told() == whole.told()


def test_the_memory_of_an_active_alarm_is_gone_with_it():
    """A store does not grow with every device that was ever above."""
    plant = Plant(k=2, n=3)
    plant.update(frame(0, [9, 9, 0, 0, 0, 0]))
    with plant.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM alarm_memory").scalar()
    assert rows == 0


@pytest.mark.parametrize(
    ("ratio", "seconds", "criticality", "expected"),
    [(1.1, 0, "normal", "low"), (2.0, 0, "normal", "medium"), (1.1, 60, "normal", "medium"),
     (4.0, 60, "normal", "high"), (4.0, 60, "low", "medium"), (2.0, 60, "high", "high"),
     (1.1, 0, "high", "medium"), (9.0, 0, "low", "medium"), (1.1, 6e5, "normal", "medium")],
)  # fmt: skip
def test_priority_comes_from_how_far_how_long_and_whose(ratio, seconds, criticality, expected):
    """Low, medium and high are all reached."""
    assert priority_of(ratio, seconds, criticality) == expected


def test_priority_rises_while_an_alarm_goes_on_and_never_falls():
    """A minute above, then hardly above."""
    plant = Plant()
    plant.update(frame(0, [1.2]))
    before = plant.alarms[0].priority
    plant.update(frame(1, [1.2] * 60))
    plant.update(frame(61, [4.1, 1.1]))
    assert (before, plant.alarms[0].priority) == ("low", "high")
    assert shifted(Priority.HIGH, "high") is Priority.HIGH


def test_a_sentence_is_the_share_per_feature():
    """And nothing that is a guess."""
    said = score_sentence(2.314, 1.0, {"acc_x": 0.2, "acc_z": 0.714, "t": 0.05, "u": 0.01})
    assert said == "score 2.31 above 1: acc_z 71 %, acc_x 20 %, t 5 %"


def test_the_present_rule_is_the_shipped_one():
    """k, n and m decide alone where nothing else is set."""
    plant = Plant(k=2, n=3, m=3)
    plant.update(frame(0, [0, 2, 0, 2, 0, 0, 0, 2]), card=CARD)
    assert [(one.start, one.end) for one in plant.alarms] == [(1.0, 6.0)]
