"""``[mqtt]``."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from detector.settings.section import Section


class MqttSettings(Section):
    """Where samples come from and alarms go to."""

    url: str = Field(
        "mqtt://127.0.0.1:1883",
        description="Broker, `mqtt://host:port` or `mqtts://host:port` for TLS.",
    )
    username: str | None = Field(None, description="User name at the broker.")
    password: SecretStr | None = Field(
        None, description="Password; set it by environment, it is never logged."
    )
    topic: str = Field(
        "sensors/{device}",
        description="Topic template; `{device}` names the machine, `+` and `#` are allowed.",
    )
    qos: Literal[0, 1] = Field(1, description="Quality of service of the subscription.")
    client_id: str = Field(
        "faultline-detector",
        min_length=1,
        description="Stable name of the durable session; one per detector.",
    )
    protocol: Literal["5", "3.1.1"] = Field("5", description="MQTT version of the broker.")
    receive_maximum: int = Field(
        2000, ge=1, le=65_535, description="Messages in flight before their commit (MQTT 5)."
    )
    keepalive_s: int = Field(30, ge=5, le=3600, description="Seconds between pings.")
    topic_out: str = Field(
        "faultline", min_length=1, description="Prefix of the topics that states go out on."
    )
    home_assistant: str | None = Field(
        None,
        min_length=1,
        description="Discovery prefix of Home Assistant, usually `homeassistant`; devices are made "
        "known to it there. Empty: they are not.",
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError("allowed: mqtt://host:port or mqtts://host:port")
        if parts.username or parts.password:
            raise ValueError("a user or password in the URL; allowed: mqtt.username, mqtt.password")
        return url

    @field_validator("home_assistant")
    @classmethod
    def _no_wildcards(cls, prefix: str | None) -> str | None:
        if prefix is not None and {"+", "#", "\0"} & set(prefix):
            raise ValueError("allowed: a topic without + and #, usually homeassistant")
        return prefix

    @field_validator("topic")
    @classmethod
    def _names_a_device(cls, topic: str) -> str:
        if "{device}" not in topic.split("/"):
            raise ValueError("allowed: a template with {device} as one level")
        if topic.startswith("$share/"):
            raise ValueError("a shared subscription splits a device over workers")
        return topic
