"""Topic templates."""

from __future__ import annotations

import pytest

from detector.errors import PayloadError, SettingsError
from detector.ingest.topics import TopicTemplate


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("sensors/{device}", "sensors/+"),
        ("plant/{line}/+/{device}/#", "plant/+/+/+/#"),
        ("{device}", "+"),
    ],
)
def test_named_parts_become_single_level_wildcards(template: str, wanted: str) -> None:
    """The broker is asked for the template with each named part as +."""
    assert TopicTemplate.compile(template).filter == wanted


@pytest.mark.parametrize(
    ("template", "topic", "device"),
    [
        ("sensors/{device}", "sensors/motor-3", "motor-3"),
        ("plant/{line}/+/{device}/#", "plant/a/b/pump 1/c/d", "pump 1"),
        ("plant/{line}/+/{device}/#", "plant/a/b/pump 1", "pump 1"),
        ("{device}/{feature}", "Förderband/temp", "Förderband"),
    ],
)
def test_device_is_the_level_named_device(template: str, topic: str, device: str) -> None:
    """Of several named parts only {device} names the machine."""
    found = TopicTemplate.compile(template)
    assert found.fits(topic)
    assert found.named(topic).device == device


@pytest.mark.parametrize("topic", ["sensors", "sensors/a/b", "other/a", "\0"])
def test_topics_beside_the_template_do_not_fit(topic: str) -> None:
    """The broker would not send them for this template."""
    assert not TopicTemplate.compile("sensors/{device}").fits(topic)


def test_the_feature_is_the_level_named_feature() -> None:
    """As the device is; either may be missing."""
    named = TopicTemplate.compile("plant/{device}/+/{feature}").named
    assert named("plant/fan/a/rpm") == ("fan", "rpm")
    assert TopicTemplate.compile("gateway/#").named("gateway/x") == (None, None)


def test_a_name_of_several_levels_is_all_of_them() -> None:
    """Levels of a device are joined with a hyphen, those of a feature with a dot."""
    template = TopicTemplate.compile("{device}/+/{device}/{feature}/{feature}")
    assert template.filter == "+/+/+/+/+"
    assert template.named("line-1/x/press/emeter/power") == ("line-1-press", "emeter.power")
    with pytest.raises(PayloadError, match="allowed"):
        template.named("line-1/x//emeter/power")


@pytest.mark.parametrize(
    "topic",
    ["sensors/", "sensors/" + "x" * 201, "sensors/a\tb"],
)
def test_topics_that_name_no_device_are_refused(topic: str) -> None:
    """An unusable name is refused in one line."""
    with pytest.raises(PayloadError, match="allowed") as refusal:
        TopicTemplate.compile("sensors/{device}").named(topic)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "template",
    [
        "$share/group/sensors/{device}",
        "a/#/{device}",
        "a{b}/{device}",
        "a+/{device}",
        "{#}/{device}",
    ],
)
def test_templates_a_broker_could_not_use_are_refused(template: str) -> None:
    """A shared template, or one with a wildcard inside a level, is refused."""
    with pytest.raises(SettingsError, match="allowed"):
        TopicTemplate.compile(template)
