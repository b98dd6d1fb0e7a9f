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
    assert TopicTemplate.compile(template).device_of(topic) == device


@pytest.mark.parametrize(
    "topic",
    ["sensors", "sensors/a/b", "other/a", "sensors/", "sensors/" + "x" * 201, "sensors/a\tb", "\0"],
)
def test_topics_that_name_no_device_are_refused(topic: str) -> None:
    """A topic beside the template or with an unusable name is refused in one line."""
    with pytest.raises(PayloadError, match="allowed") as refusal:
        TopicTemplate.compile("sensors/{device}").device_of(topic)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "template",
    [
        "sensors",
        "{device}/{device}",
        "a/#/{device}",
        "a{b}/{device}",
        "a+/{device}",
        "{#}/{device}",
    ],
)
def test_templates_a_broker_could_not_use_are_refused(template: str) -> None:
    """A template without one device or with a wildcard inside a level is refused."""
    with pytest.raises(SettingsError, match=r"mqtt\.topic"):
        TopicTemplate.compile(template)
