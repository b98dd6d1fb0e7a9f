"""What of Home Assistant the tests play."""

from __future__ import annotations

import json

from jinja2.sandbox import ImmutableSandboxedEnvironment


def rendered(template: str, payload: bytes | str) -> str:
    """A value template on a payload, in the environment that Home Assistant's own builds on."""
    made = ImmutableSandboxedEnvironment().from_string(template)
    return made.render(value_json=json.loads(payload))


def check_device(message: dict) -> None:
    """The rules of its schemas (2026.9) for device discovery, a sensor and a binary sensor."""
    assert {"device", "origin", "components"} <= set(message)
    assert message["device"]["identifiers"]
    assert message["origin"]["name"]
    assert message["qos"] in (0, 1, 2)
    for entity in message["components"].values():
        assert entity["platform"] in ("sensor", "binary_sensor")
        assert {"unique_id", "name", "value_template"} <= set(entity)
        assert not {"object_id", "topic", "~"} & set(entity)
        if "options" in entity:
            assert entity["options"]
            assert entity["device_class"] == "enum"
            assert not {"state_class", "unit_of_measurement"} & set(entity)
