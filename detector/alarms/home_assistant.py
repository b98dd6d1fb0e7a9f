"""What makes a device known to Home Assistant: one retained message with all its entities.

Device-based discovery, which Home Assistant has since 2024.11: the device, the origin and the
topics are said once, and one message makes, changes and removes all entities together. Entities
read the state that goes out anyway. A device's name stands where Home Assistant shows text, and
nowhere in a template.

Source: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec

from detector.records import DeviceState

LONGEST_SLUG = 40  # characters of a name that are kept for the eye
STATE = "{{ value_json.state }}"
SCORE = "{{ value_json.score }}"  # null makes None, which is `unknown`
# Of a model that nobody has confirmed it is no problem yet.
ALARM = (
    "{{ 'OFF' if value_json.alarm_id is none or value_json.provisional | default(false) "
    "else 'ON' }}"
)


def discovery_topic(prefix: str, device: str, state_topic: str) -> str:
    """Where Home Assistant looks for the message of a device.

    Args:
        prefix: Its discovery prefix.
        device: Name of the machine.
        state_topic: Of the device.
    """
    return f"{prefix}/device/{_identifier(device, state_topic)}/config"


def discovery_message(device: str, state_topic: str, status_topic: str) -> bytes:
    """A device with its state, score and alarm as JSON, for a retained topic.

    Args:
        device: Name of the machine.
        state_topic: Where ``state_message`` goes.
        status_topic: Where the detector says whether it is online.
    """
    identifier = _identifier(device, state_topic)
    message: dict[str, Any] = {
        "device": {"identifiers": [identifier], "name": device, "manufacturer": "Faultline"},
        "origin": {"name": "Faultline"},
        "availability": [{"topic": status_topic, "value_template": STATE}],
        "state_topic": state_topic,
        "qos": 1,
        "components": {
            name: {"unique_id": f"{identifier}_{name}", **entity}
            for name, entity in _ENTITIES.items()
        },
    }
    return msgspec.json.encode(message)


_ENTITIES: dict[str, dict[str, Any]] = {
    "state": {
        "platform": "sensor",
        "name": "State",
        "device_class": "enum",
        "options": [state.value for state in DeviceState],
        "value_template": STATE,
    },
    "score": {
        "platform": "sensor",
        "name": "Score",
        "state_class": "measurement",
        "suggested_display_precision": 2,
        "value_template": SCORE,
    },
    "alarm": {
        "platform": "binary_sensor",
        "name": "Alarm",
        "device_class": "problem",
        "value_template": ALARM,
    },
}


def _identifier(device: str, state_topic: str) -> str:
    """Of letters, digits, ``_`` and ``-``, always the same for a topic and of no other one."""
    slug = re.sub(r"[^a-zA-Z0-9-]+", "_", device)[:LONGEST_SLUG].strip("_")
    digest = hashlib.sha256(state_topic.encode()).hexdigest()[:16]
    return "_".join(part for part in ("faultline", slug, digest) if part)
