"""Whatever the detector says is said in the language of the page, and nothing breaks on the way."""

from __future__ import annotations

import string
import time
from collections import Counter

import numpy as np
import pytest

from dashboard.words import catalogue
from dashboard.words.told import LONGEST, fitting, templates, texts, translated
from detector.adopting.machine import sight
from detector.alarms import drift, requests
from detector.alarms.answers import _not_now
from detector.alarms.priority import score_sentence
from detector.alarms.watch import FULL
from detector.causes import Cause
from detector.errors import AlarmError
from detector.frontends import waveform_words, words
from detector.frontends.plans import WaveformPlan
from detector.ingest.trust import WANTED
from detector.provisional import apprentice, channels
from detector.provisional.watch import Learning, Stretch
from detector.records import Alarm, Life
from detector.scoring.rate import rate_misfit
from detector.sensors.clock import KINDS, LEARN_S, WITHIN_S
from detector.sensors.delay import DelayWatch
from detector.sensors.rules.table import RULES
from detector.text import span
from tests.detector.sensors.test_rules import BROKEN
from tests.support.sensors.shaken import late, shaken, troubles
from tests.support.sentences import english_in, raised, returned

OTHERS = [language for language in catalogue.languages() if language != catalogue.DEFAULT]
PARTS = catalogue.FOLDER / catalogue.DEFAULT / "told" / "parts"
GROUPS = ["told", *(path.stem for path in PARTS.glob("*.toml"))]

NAMES = {"true", "false", "ppm"}


def places(text):
    """Names in braces, of any of the plural forms."""
    forms = [text] if isinstance(text, str) else text.values()
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def korean(sentence, *names):
    """A sentence in Korean, of which no English is left but names."""
    said = translated("ko", sentence)
    left = [word for word in english_in(said) if word not in {*NAMES, *names}]
    assert said != sentence, f"no template in words/en/told fits: {sentence}"
    assert not left, f"{sentence} -> {said}"
    return said


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("kind", GROUPS)
def test_each_language_has_the_same_templates_with_the_same_places(language, kind):
    """A place that a language lacks would drop what stands in it."""
    english, theirs = texts(catalogue.DEFAULT, kind), texts(language, kind)
    assert english
    assert {key: places(text) for key, text in theirs.items()} == {
        key: places(text) for key, text in english.items()
    }


def test_every_kind_of_a_place_has_its_phrases():
    """One that is misspelt would leave English behind."""
    kinds = {kind.removesuffix("*") for group in GROUPS
             for one in templates(group) for kind in one.places.values()}  # fmt: skip
    assert kinds - {"", "number"} == set(GROUPS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_of_a_sensor_is_said(rule):
    """Driven by the case of its own test, so a new rule needs a template."""
    break_it = next(one for one, name, _ in BROKEN if name == rule.name)
    values = shaken()
    break_it(late(values))
    said = [one.sentence for one in troubles(values) if one.rule == rule.name]
    assert said
    for sentence in said:
        korean(sentence)


def test_each_form_of_a_rule_is_said():
    """Also those that its case does not reach, read out of its code."""
    for rule in RULES:
        module = rule.say.__module__.replace(".", "/") + ".py"
        for text in returned(module, "_say"):
            korean(f"acc_x: {text}")
    for kind in KINDS.values():
        assert korean(f"1 time within {WITHIN_S:.0f} s: {kind}")


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_a_clock_says(sign):
    """A jump, a drift and one that runs wrong, each to both sides, from delays as they come."""
    found = {}
    for rule, delays in {
        "jumped": [0.0] * 20 + [5.0] * 40,
        "drifted": [0.0] * 20 + [0.02 * second for second in range(700)],
        "skewed": [5e-4 * second for second in range(300)],
    }.items():
        watch = DelayWatch()
        for second, delay in enumerate(delays):
            is_learning = second < LEARN_S
            said = watch.take(
                float(second), 1 + sign * delay, float(second), is_learning=is_learning
            )
            for one in (said, watch.skew):
                if one is not None:
                    found[one.rule] = one.sentence
        assert rule in found
    for sentence in found.values():
        korean(sentence)


def test_alarms_that_no_sensor_makes():
    """Of the score, with shares or a front end's words; of silence, the detector and drift."""
    assert korean(score_sentence(3.21, 1.0, {"acc_z": 0.71, "acc_x": 0.2})) == (
        "점수 3.21(임계값 1 초과): acc_z 71%, acc_x 20%"
    )
    korean(score_sentence(3.21, 1.0, {}))
    korean(drift.sentence([0.5] * 24 + [0.7] * 6))
    korean(FULL)
    for text in ("no sample for {}", "the detector ended without a word; nothing was scored for {}"):
        for seconds in (48.0, 744.0, 9400.0, 400_000.0):
            korean(text.format(span(seconds)))
    korean("overloaded: one window in 4 is scored, alarms may come later")


COLUMNS = [
    *("acc_z.mean acc_z.rms acc_z.crest acc_z.kurtosis acc_z.band3 acc_z.order0.5 acc_z.order1 "
      "acc_z.order2.5 acc_z.repeats").split(),
]  # fmt: skip


def test_what_columns_of_front_ends_say():
    """Of windows and of waveforms, with how far they are from their normal."""
    plan = WaveformPlan(inputs=("acc",), sampling_period_s=1e-4, bearing="6205", teeth=21)
    own = ["velocity_rms", "clipped", "gear_mesh", "gear_sidebands", "rms", "band_10_1000"]
    shared = [f"all.{part}_500_2000" for part in ("outer", "inner", "ball", "cage", "impulses")]
    said = [words.called(column) for column in COLUMNS]
    said += [waveform_words.saying(c, plan) for c in (*(f"acc.{one}" for one in own), *shared)]
    for one in said:
        for away, unit in ((5.4, "dB"), (-12.0, "mm/s"), (0.00002, "")):
            cause = Cause("", 1.0, away, unit)
            korean(score_sentence(3.0, 1.0, {}, f"{one}, {words.away(cause)}"), "acc")
    assert len(words.SAYINGS) <= len(own) - 4 + len(COLUMNS)


REFUSALS = [
    *raised("detector/alarms/requests.py", "AlarmError"),
    *raised("detector/alarms/answers.py", "AlarmError"),
    *raised("detector/service/operator_commands.py", "AlarmError"),
    *returned("detector/service/operator_commands.py", "_other"),
    *returned("detector/service/newcomers.py", "confirm", "_why_not"),
]


@pytest.mark.parametrize("text", sorted(REFUSALS))
def test_why_a_command_was_refused(text):
    """Whatever the code of the commands raises, as it is and as the outcome of a command."""
    if text in {"refused: 7", "7: found 7, allowed: 7"}:  # nothing of its own in it
        return
    korean(text, "delays", "thresholds")
    korean(text if text.startswith("refused: ") else f"refused: {text}")


def test_what_an_alarm_is_not_open_for():
    """Every life with every answer that does not suit it."""
    alarm = Alarm(5, "m", "score", "active", 0.0, None, 2.0, {}, "", 1.0)
    allowed = {text for text in _allowed() if text}
    assert len(allowed) == 4
    for life in Life:
        for who in (None, "Kim"):
            for text in allowed:
                one = _alarm(alarm, life, who)
                korean(f"refused: {_not_now(one, text)}", "minutes")


def _alarm(alarm, life, who):
    from dataclasses import replace  # noqa: PLC0415

    return replace(alarm, life=life.value, acknowledged_by=who)


def _allowed():
    import ast  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    import detector.alarms.answers as module  # noqa: PLC0415

    for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_not_now":
            yield node.args[1].value
