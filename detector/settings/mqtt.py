"""``[mqtt]``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from detector.settings.section import Section

ENCRYPTED = {"mqtts", "wss"}
WEBSOCKETS = {"ws", "wss"}
PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}  # where the URL names none
FORMS = "mqtt://host:port, mqtts://host:port, ws://host:port/path or wss://host:port/path"


class MqttSettings(Section):
    """Where samples come from and alarms go to."""

    url: str = Field(
        "mqtt://127.0.0.1:1883",
        description="Broker, `mqtt://host:port` or `ws://host:port/path` for websockets; "
        "`mqtts://` and `wss://` for TLS. Without a path it is `/mqtt`.",
    )
    username: str | None = Field(None, description="User name at the broker.")
    password: SecretStr | None = Field(
        None, description="Password; set it by environment, it is never logged."
    )
    password_file: Path | None = Field(
        None, description="File with the password in one line, for example a container's secret."
    )
    ca: Path | None = Field(
        None,
        description="PEM file of the authority that signed the broker's certificate; empty: those "
        "that this computer trusts. Certificate and host name are always checked.",
    )
    certificate: Path | None = Field(
        None, description="PEM file of our own certificate, where the broker asks for one."
    )
    key: Path | None = Field(
        None,
        description="PEM file of its private key, without a password; empty: it is in the file "
        "of `certificate`.",
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
    sparkplug_host: str | None = Field(
        None,
        min_length=1,
        pattern="^[^+#/]+$",
        description="Name under which we are the primary host of Sparkplug edge nodes, told on "
        "`spBv1.0/STATE/{name}`. Empty: we only listen.",
    )
    simulators: bool = Field(
        False,
        description="Listen for simulators (`simulator/+/here`, `simulator/+/truth`), so that the "
        "page can ask them for faults; the demo sets it. No machine hears of that.",
    )
    home_assistant: str | None = Field(
        None,
        min_length=1,
        description="Discovery prefix of Home Assistant, usually `homeassistant`; devices are made "
        "known to it there. Empty: they are not.",
    )

    @field_validator("url")
    @classmethod
    def _known_form(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.username or parts.password:
            raise ValueError("a user or password in the URL; allowed: mqtt.username, mqtt.password")
        has_path = parts.path not in ("", "/")
        if parts.scheme not in PORTS or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"allowed: {FORMS}")
        if has_path and parts.scheme not in WEBSOCKETS:
            raise ValueError(f"a path belongs to websockets; allowed: {FORMS}")
        return url

    @field_validator("password_file")
    @classmethod
    def _only_one(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is not None and info.data.get("password") is not None:
            raise ValueError("two passwords; allowed: mqtt.password or mqtt.password_file")
        return path

    @field_validator("ca", "certificate", "key")
    @classmethod
    def _only_with_tls(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        url = str(info.data.get("url", ""))
        if path is not None and urlsplit(url).scheme not in ENCRYPTED:
            raise ValueError(f"mqtt.url is not encrypted ({url}); allowed: mqtts:// or wss://")
        if path is not None and info.field_name == "key" and info.data.get("certificate") is None:
            raise ValueError("a key without a certificate; allowed: mqtt.certificate beside it")
        return path

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
