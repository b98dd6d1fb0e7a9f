"""Whatever the detector says is said in the language of the page, and nothing breaks on the way."""

from __future__ import annotations

import re
import string
import time

import pytest

from dashboard.words import catalogue
from dashboard.words.told import LONGEST, templates, texts, translated
from detector.alarms import drift
from detector.alarms.priority import score_sentence
from detector.alarms.watch import FULL
from detector.causes import Cause
from detector.frontends import waveform_words, words
from detector.frontends.plans import WaveformPlan
from detector.sensors.clock import KINDS, LEARN_S, WITHIN_S
from detector.sensors.delay import DelayWatch
from detector.sensors.rules.table import RULES
from detector.text import span
from tests.detector.sensors.test_rules import BROKEN
from tests.support.sensors.shaken import late, shaken, troubles
from tests.support.sentences import korean, returned

OTHERS = [language for language in catalogue.languages() if language != catalogue.DEFAULT]
PARTS = catalogue.FOLDER / catalogue.DEFAULT / "told" / "parts"
GROUPS = ["told", *(path.stem for path in PARTS.glob("*.toml"))]


def places(text):
    """Names in braces, of any of the plural forms."""
    forms = [text] if isinstance(text, str) else text.values()
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


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
    for text in (
        "no sample for {}",
        "the detector ended without a word; nothing was scored for {}",
    ):
        for seconds in (48.0, 744.0, 9400.0, 400_000.0):
            korean(text.format(span(seconds)))
    korean("overloaded: one window in 4 is scored, alarms may come later")


COLUMNS = [
    *("acc_z.mean", "acc_z.rms", "acc_z.crest", "acc_z.kurtosis", "acc_z.band3", "acc_z.order0.5"),
    *("acc_z.order1", "acc_z.order2.5", "acc_z.repeats", "acc_z.band_10_1000"),
]
OF_WAVEFORMS = ("velocity_rms", "clipped", "gear_mesh", "gear_sidebands")


def test_what_columns_of_front_ends_say():
    """Of windows and of waveforms, with how far they are from their normal."""
    plan = WaveformPlan(
        inputs=("acc",), units=("g",), block=200, hop=100, sampling_period_s=1e-4, scale=(1.0,),
        velocity_hz=(10.0, 1000.0), envelope_hz=((500.0, 2000.0),), bearing="6205", teeth=21,
    )  # fmt: skip
    shared = (f"all.{part}_500_2000" for part in (*waveform_words.PARTS, "impulses"))
    of_waveforms = (*(f"acc.{one}" for one in OF_WAVEFORMS), *shared)
    said = [*map(words.called, COLUMNS), *(waveform_words.saying(c, plan) for c in of_waveforms)]
    for one in said:
        for away, unit in ((5.4, "dB"), (-12.0, "mm/s"), (0.00002, "")):
            cause = Cause("", 1.0, away, unit)
            korean(score_sentence(3.0, 1.0, {}, f"{one}, {words.away(cause)}"), "acc")
    kinds = [one.removeprefix("acc_z.") for one in COLUMNS]
    assert all(any(re.fullmatch(known, kind) for kind in kinds) for known, _ in words.SAYINGS)


HOSTILE = "</p><img src=x onerror=alert(1)> {features} {0} **b** \u202e: found 7, allowed: "


def test_what_is_hostile_stays_what_it_is():
    """Names with markup, braces and marks that turn the line go through as they are, and soon."""
    began = time.process_time()
    said = translated("ko", f"{HOSTILE}: the same value, 0.5, for 30.0 s")
    assert said.startswith(HOSTILE)
    assert said.endswith("30.0초 동안 값이 0.5에서 변하지 않음")
    for evil in (": " * 900, "; " * 900, ", " * 900, "refused: " * 200, HOSTILE * 20, "(" * 1999):
        translated("ko", evil)
    assert translated("ko", "refused: " + "x" * LONGEST).startswith("refused: ")
    assert time.process_time() - began < 1.0


def test_what_is_no_sentence_of_the_detector_is_shown_as_it_is():
    """So is everything on an English page."""
    for text in ("", "applied", "a device of tomorrow sings", "connected", "loading"):
        assert translated("ko", text) == text
    assert translated("en", "no sample for 10 s") == "no sample for 10 s"


def test_a_thousand_alarms_are_said_soon():
    """Each another, so that none is kept from before."""
    made = [f"acc_{n}, acc_y: the same value, {n / 7:.3f}, for {n:.1f} s" for n in range(1000)]
    began = time.process_time()
    assert all(translated("ko", one) != one for one in made)
    assert time.process_time() - began < 0.5
