"""What of two readings of the settings changes while running, and what is named instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.reloading.changes import effective, fixed, outdated, summary
from detector.settings.devices import DeviceRule, RunningSignal
from detector.settings.section import Section
from detector.settings.sources import SourceSettings
from detector.settings.tree import Settings

KEYS = [
    (section, key)
    for section in Settings.model_fields
    if isinstance(value := getattr(Settings(), section), Section)
    for key in type(value).model_fields
]
LIVE = {"alarms", "alignment", "sessions", "detector", "store"}
FIXED = {
    *(("store", key) for key in ("url", "archive")),
    *(("detector", key) for key in ("runtime", "workers", "engine", "ray_address")),
}


class Other:
    """A value that no setting has."""


def with_value(section, key, value):
    """Settings with one key changed, whatever is allowed there."""
    changed = getattr(Settings(), section).model_copy(update={key: value})
    return Settings().model_copy(update={section: changed})


@pytest.mark.parametrize(("section", "key"), KEYS, ids=str)
def test_each_key_either_changes_or_is_named(section, key):
    """Never both and never neither; what is named is gone by as before."""
    other = "plant/{device}" if key == "topic" else Other()

    read = with_value(section, key, other)

    told = summary(Settings(), read) + fixed(Settings(), read)
    assert len(told) == 1, told
    gone_by = getattr(getattr(effective(Settings(), read), section), key)
    is_live = section in LIVE and (section, key) not in FIXED
    assert (gone_by is other) == is_live
    if (section, key) != ("mqtt", "topic"):
        assert (told == [f"{section}.{key}"]) == (not is_live)


def test_a_further_change_is_told_against_the_start_where_it_is_fixed():
    """A broker that was changed and changed back needs no restart."""
    moved = Settings(mqtt={"url": "mqtt://other:1883"})
    assert fixed(Settings(), moved) == ["mqtt.url"]
    assert fixed(Settings(), Settings()) == []


def test_nothing_is_told_of_the_same_settings():
    """Whatever they are."""
    settings = Settings(devices=[{"match": "a"}], sources=[{"topic": "x/{device}"}])
    again = Settings(devices=[{"match": "a"}], sources=[{"topic": "x/{device}"}])
    assert summary(settings, again) == fixed(settings, again) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (["a", "b"], ["a"], "1 rule changed"),
        (["a"], ["a", "b", "c"], "2 rules changed"),
        (["a", "b"], ["b", "a"], "order of the rules changed"),
    ],
)
def test_rules_are_counted(before, after, told):
    """Those that came, went or differ; an order counts too, since the first match does."""
    old, new = ([DeviceRule(match=name) for name in names] for names in (before, after))
    assert summary(Settings(devices=old), Settings(devices=new)) == [told]
    changed = [DeviceRule(match="a", threshold=2.0)]
    assert summary(Settings(devices=old[:1]), Settings(devices=changed)) == ["1 rule changed"]


def test_sources_are_compared_as_they_count():
    """`mqtt.topic` is a source where nothing else is."""
    own = Settings(mqtt={"topic": "a/{device}"})
    assert summary(Settings(), own) == ["sources changed"]
    as_source = Settings(sources=[SourceSettings(topic="a/{device}")])
    assert summary(own, as_source) == []


MODEL = DeviceRule(match="m*", model=Path("models/a"))


@pytest.mark.parametrize(
    ("rule", "changed", "is_outdated"),
    [
        (MODEL, (), False),
        (MODEL, (Path("models/a"),), True),
        (MODEL, (Path("models/b"),), False),
        (MODEL.model_copy(update={"threshold": 2.0, "clock": "arrival", "hold_s": 1.0}), (), False),
        (MODEL.model_copy(update={"model": Path("models/b")}), (), True),
        (MODEL.model_copy(update={"model": None}), (), True),
        (MODEL.model_copy(update={"match": "x*"}), (), True),
        (MODEL.model_copy(update={"running": RunningSignal(feature="r", min=1)}), (), True),
    ],
)
def test_a_device_gets_a_new_stream_only_where_its_scores_change(rule, changed, is_outdated):
    """A model, its files or its running signal; thresholds and the like change in place."""
    before, after = Settings(devices=(MODEL,)), Settings(devices=(rule,))
    assert outdated(["m1"], before, after, changed) == (["m1"] if is_outdated else [])
