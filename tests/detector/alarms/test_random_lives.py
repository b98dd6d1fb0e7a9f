"""Random crossings, answers, clocks and restarts: no illegal step, none lost, none told twice."""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from detector.alarms.states import ACTIVE
from detector.records import HELD, Life
from detector.store.outbox import outbox
from detector.store.schema import open_store
from tests.support.alarms.plant import frame
from tests.support.notifying.sinks import Hook, Told, number_in

EXAMPLES = int(os.environ.get("FAULTLINE_TEST_EXAMPLES", "8"))
LEVELS = st.lists(st.sampled_from([0.0, 0.85, 2.0, 5.0]), min_size=1, max_size=4)


ENGINES = [open_store("sqlite://") for _ in range(2)]  # emptied before each example
HOOKS: list[Hook] = []  # one for each of them, made when they are needed


class Lives(RuleBasedStateMachine):
    """Two detectors on two stores: one begins anew with each frame, the other never does."""

    @initialize(
        latching=st.booleans(),
        on_delay_s=st.sampled_from([0, 2]),
        deadband=st.sampled_from([0.0, 0.2]),
        start_up_s=st.sampled_from([0, 2]),
    )
    def begin(self, **rules):
        """With any rule, and somebody who is told of everything."""
        HOOKS.extend(Hook() for _ in range(2 - len(HOOKS)))
        self.plants = [
            Told(target(hook), engine=engine, k=2, n=3, m=2, off_delay_s=3, **rules)
            for engine, hook in zip(ENGINES, HOOKS, strict=True)
        ]
        for hook in HOOKS:
            hook.answer = 200
            hook.heard.clear()
            hook.taken.clear()
        self.ts, self.known = 0.0, {}

    @rule(scores=LEVELS, judged=st.sampled_from([True, True, False]))
    def cross(self, scores, judged):
        """The next frame, the first of a new detector for one of them."""
        self.plants[0].restart()
        for plant in self.plants:
            plant.update(frame(self.ts, scores, judged=judged))
        self.ts += len(scores)

    @rule(is_on=st.booleans())
    def fall_silent(self, is_on):
        """A kind that is judged elsewhere."""
        for plant in self.plants:
            plant.report("silent", is_on, ts=self.ts)

    @rule(
        kind=st.sampled_from(["ack", "shelve", "unshelve", "maintenance", "out-of-service"]),
        number=st.integers(1, 4),
        minutes=st.sampled_from([None, 1.0]),
        undo=st.booleans(),
    )
    def answer(self, kind, number, minutes, undo):
        """Both are told the same, and say the same."""
        said = {plant.say(kind, number, minutes=minutes, undo=undo) for plant in self.plants}
        assert len(said) == 1

    @rule(seconds=st.sampled_from([1, 40, 90]))
    def wait(self, seconds):
        """Time passes for both."""
        for plant in self.plants:
            plant.now += seconds
            plant.update()

    @rule(answer=st.sampled_from([200, 200, 503]))
    def deliver(self, answer):
        """The first of a new notifier for one of them; its sink may be down."""
        self.plants[0].follow(*self.plants[0].settings.notify)
        for plant, hook in zip(self.plants, HOOKS, strict=True):
            hook.answer = answer
            held = {one.id for one in plant.alarms if Life(one.life) in HELD}
            before = len(hook.heard)
            plant.deliver()
            told = {self.alarm_of(plant, number) for number in hook.ids[before:]}
            assert not told & held

    @invariant()
    def agree(self):
        """A restart makes no difference to anything that is stored or told."""
        if not hasattr(self, "plants"):
            return
        stopped, whole = (self.told(plant) for plant in self.plants)
        assert stopped == whole

    @invariant()
    def none_is_told_twice(self):
        """Each id is one message, in order; one for each time that an alarm was raised, at most."""
        if not hasattr(self, "plants"):
            return
        for plant, hook in zip(self.plants, HOOKS, strict=True):
            said = [(number_in(one["message"]), one["message"]) for one in hook.heard]
            assert [number for number, _ in said] == sorted(number for number, _ in said)
            assert len({number for number, _ in said}) == len(set(said))
            with plant.engine.connect() as connection:
                raised = connection.exec_driver_sql(
                    "SELECT alarm_id, (SELECT count(*) FROM alarm_log WHERE transition = 'raised' "
                    "AND published = 0 AND alarm_log.alarm_id = outbox.alarm_id), count(*) "
                    "FROM outbox WHERE event = 'raised' AND target = 'duty' GROUP BY alarm_id"
                ).fetchall()  # fmt: skip
            assert all(decided <= told for _, told, decided in raised)

    @staticmethod
    def alarm_of(plant, number):
        """Which alarm a message is about."""
        with plant.engine.connect() as connection:
            query = f"SELECT alarm_id FROM outbox WHERE id = {int(number)}"  # noqa: S608
            return connection.exec_driver_sql(query).scalar()

    def teardown(self):
        """The sink is there again: all that was decided arrives, or says why not."""
        if not hasattr(self, "plants"):
            return
        for plant, hook in zip(self.plants, HOOKS, strict=True):
            hook.answer = 200
            plant.now += 600
            plant.deliver()
            outcomes = [done for _, done in plant.outbox("duty")]
            assert set(outcomes) <= {outbox.SENT, outbox.BATCHED, outbox.HELD_BACK}
            assert len(hook.taken) == outcomes.count(outbox.SENT)

    @invariant()
    def none_is_lost(self):
        """What is on is open; what is over was told, answered, or held back; ids only grow."""
        if not hasattr(self, "plants"):
            return
        found = self.plants[1].alarms
        for alarm in found:
            life = Life(alarm.life)
            assert (alarm.state == "active") == (life in ACTIVE)
            assert (alarm.end is None) == (life in {*HELD, "unacknowledged", "acknowledged"})
            if life is Life.NORMAL and alarm.raised_at is not None:
                assert alarm.acknowledged_at is not None or alarm.id in self.held
        on = [(one.device, one.kind) for one in found if one.end is None]
        assert len(on) == len(set(on))
        assert set(self.known) <= {one.id for one in found}
        self.known |= {one.id: one.life for one in found}

    @property
    def held(self):
        """Alarms that were held back at some time."""
        return {number for number, life in self.known.items() if life in HELD} | self.ever_held

    @property
    def ever_held(self):
        """From the log, which forgets nothing."""
        with self.plants[1].engine.begin() as connection:
            words = ", ".join(f"'{life.value}'" for life in HELD)
            query = f"SELECT alarm_id FROM alarm_log WHERE transition IN ({words})"  # noqa: S608
            return {row[0] for row in connection.exec_driver_sql(query)}

    @staticmethod
    def told(plant):
        """All that a store says, the clock of the computer aside."""
        with plant.engine.begin() as connection:
            log = connection.exec_driver_sql(
                "SELECT alarm_id, transition, ts, published FROM alarm_log ORDER BY id"
            ).fetchall()
            decided = connection.exec_driver_sql(
                "SELECT target, event, alarm_id, outcome, attempts FROM outbox ORDER BY id"
            ).fetchall()
        alarms = [
            (one.id, one.kind, one.life, one.start, one.end, one.peak_score, one.priority,
             one.ended_by, one.raised_at is None) for one in plant.alarms
        ]  # fmt: skip
        return log, decided, alarms


def target(hook):
    """Told of everything, and again when nobody answers for a minute."""
    events = ["raised", "risen", "escalated", "returned", "acknowledged"]
    return {"url": hook.url, "name": "duty", "events": events, "escalate_after_minutes": 1}


Lives.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=20, deadline=None)
TestLives = Lives.TestCase
