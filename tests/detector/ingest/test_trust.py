"""Certificates, keys and passwords that cannot be used are refused before connecting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from detector.errors import SettingsError
from detector.ingest.connection import address
from detector.ingest.trust import password, tls_context
from detector.settings.load import load_settings
from detector.settings.mqtt import MqttSettings
from tests.support.certificates import Authority, openssl
from tests.support.serving import PROJECT, environment

URL = "mqtts://127.0.0.1:8883"
OURS = {"certificate": "ours.crt", "key": "ours.key"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that is right and all that is wrong."""
    folder = tmp_path_factory.mktemp("files")
    plant = Authority(folder, "plant")
    plant.issue("ours")
    plant.issue("other")
    openssl("pkey", "-in", folder / "ours.key", "-aes128", "-passout", "pass:secret",
            "-out", folder / "locked.key")  # fmt: skip
    (folder / "words").write_text("no PEM, but secret\n")
    (folder / "empty").write_text("\n")
    (folder / "two").write_text("secret\nsecret\n")
    (folder / "binary").write_bytes(b"secret\xff\n")
    return folder


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"ca": "gone"}, "mqtt.ca: gone: cannot be read (No such file or directory), allowed: a "),
        ({"ca": "."}, "mqtt.ca: .: cannot be read (Is a directory), allowed: a file"),
        ({"ca": "words"}, "mqtt.ca: words: found no certificate, allowed: a PEM file"),
        ({"ca": "ours.key"}, "mqtt.ca: ours.key: found no certificate, allowed: a PEM file"),
        ({**OURS, "certificate": "words"}, "mqtt.certificate: words: found no certificate, allow"),
        ({**OURS, "key": "gone"}, "mqtt.key: gone: cannot be read (No such file or directory)"),
        ({**OURS, "key": "words"}, "mqtt.key: words: found no private key, allowed: a PEM file"),
        ({"certificate": "ours.crt"}, "mqtt.key: ours.crt: found no private key, allowed: a PEM"),
        (
            {**OURS, "key": "other.key"},
            "mqtt.key: other.key: found the key of another certificate, allowed: that of ours.crt",
        ),
        (
            {**OURS, "key": "locked.key"},
            "mqtt.key: locked.key: found an encrypted key, allowed: one without a password",
        ),
    ],
)
def test_a_file_that_proves_nothing_is_refused(files, monkeypatch, given, line) -> None:
    """One line says which setting, which file, what was found and what is allowed."""
    monkeypatch.chdir(files)
    with pytest.raises(SettingsError) as refused:
        tls_context(MqttSettings(url=URL, **given))
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("gone", "cannot be read (No such file or directory), allowed: a file"),
        ("empty", "found no password, allowed: UTF-8 text in one line"),
        ("two", "found no password, allowed: UTF-8 text in one line"),
        ("binary", "found no password, allowed: UTF-8 text in one line"),
    ],
)
def test_a_file_without_a_password_is_refused(files, monkeypatch, name, line) -> None:
    """And what is in it is not shown."""
    monkeypatch.chdir(files)
    with pytest.raises(SettingsError) as refused:
        password(MqttSettings(username="ann", password_file=name))
    assert str(refused.value) == f"mqtt.password_file: {name}: {line}"


def test_the_password_of_a_file_ends_before_the_newline(tmp_path) -> None:
    """Blanks in it are its own."""
    (tmp_path / "word").write_text(" a b \r\n")
    assert password(MqttSettings(username="ann", password_file=tmp_path / "word")) == " a b "


def test_a_password_of_nobody_is_refused() -> None:
    """The broker would be asked without it."""
    with pytest.raises(SettingsError, match=r"mqtt\.username: found none beside a password"):
        password(MqttSettings(password="secret"))  # noqa: S106 -- no one's


@pytest.mark.parametrize(
    ("url", "port"),
    [("mqtt://x", 1883), ("mqtts://x", 8883), ("ws://x", 80), ("wss://x", 443), ("wss://x:1/a", 1)],
)
def test_each_scheme_has_its_usual_port(url, port) -> None:
    """Where the URL names none."""
    assert address(MqttSettings(url=url).url).port == port


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ('url = "http://x"', "mqtt.url, found 'http://x': Value error, allowed: mqtt://host:port,"),
        ('url = "mqtts://x/mqtt"', "a path belongs to websockets; allowed: mqtt://host:port,"),
        ('url = "wss://x/mqtt?token=1"', "allowed: mqtt://host:port, mqtts://host:port, ws://"),
        ('ca = "ca.crt"', "mqtt.url is not encrypted (mqtt://127.0.0.1:1883); allowed: mqtts://"),
        ('url = "ws://x"\ncertificate = "a"', "mqtt.url is not encrypted (ws://x); allowed: mqtt"),
        (f'url = "{URL}"\nkey = "a"', "a key without a certificate; allowed: mqtt.certificate be"),
        (
            'username = "ann"\npassword = "s3cret"\npassword_file = "a"',
            "two passwords; allowed: mqtt.password or mqtt.password_file",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(tmp_path, table, line) -> None:
    """Each in one line that shows no password."""
    path = tmp_path / "faultline.toml"
    path.write_text(f"[mqtt]\n{table}\n")
    with pytest.raises(SettingsError) as refused:
        load_settings(path)
    assert line in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_the_detector_does_not_start_with_a_wrong_file(files, tmp_path) -> None:
    """Exit code 2 and the one line, before it connects."""
    path = tmp_path / "faultline.toml"
    path.write_text(f'[mqtt]\nurl = "{URL}"\nca = "{files}/words"\n')
    command = [sys.executable, "-m", "detector", "serve", "--settings", str(path)]
    store = f"sqlite:///{tmp_path}/faultline.db"
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=environment(FAULTLINE_STORE__URL=store),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    line = f"error: mqtt.ca: {files}/words: found no certificate, allowed: a PEM file\n"
    assert (done.returncode, done.stderr) == (2, line)
