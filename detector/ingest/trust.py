"""How the broker and we prove to each other who we are: certificates and the password.

What can be read from the files is refused at the start, as SettingsError; what only a connection
shows becomes one line for the operator.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NoReturn

from detector.errors import SettingsError
from detector.settings.mqtt import MqttSettings

# What OpenSSL says of the broker's certificate (x509_vfy.h), and what would do instead.
WANTED = {
    9: "one that is valid already, by this computer's clock",
    10: "one that is valid still, by this computer's clock",
    62: "one with the host name of mqtt.url",
    64: "one with the address of mqtt.url, or its name in mqtt.url",
}


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """What a TLS connection is made with; certificate and host name are always checked.

    Raises:
        SettingsError: If a file cannot be read or is of another kind, or the key is another's.
    """
    if settings.ca is None:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _trust(context, "ca", settings.ca)
    if settings.certificate is not None:
        _trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "certificate", settings.certificate)
        _present(context, settings.certificate, settings.key or settings.certificate)
    return context


def password(settings: MqttSettings) -> str | None:
    """The password, from the settings or its file.

    Raises:
        SettingsError: If the file cannot be read or holds no password, or it is nobody's.
    """
    if settings.username is None and (settings.password or settings.password_file):
        raise SettingsError("mqtt.username: found none beside a password, allowed: whose it is")
    if settings.password_file is None:
        return settings.password.get_secret_value() if settings.password else None
    where = f"mqtt.password_file: {settings.password_file}"
    content = _content(where, settings.password_file)
    try:
        word = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        word = ""
    if not word or len(word.splitlines()) > 1:  # what is in it is not for a log
        raise SettingsError(f"{where}: found no password, allowed: UTF-8 text in one line")
    return word


def why_not_trusted(settings: MqttSettings, error: BaseException | None) -> str | None:
    """What to tell the operator of a connection that one side broke off for lack of trust.

    Args:
        settings: What it was tried with.
        error: What the socket said.

    Returns:
        None if it was something else.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        signed = "mqtt.ca" if settings.ca else "an authority that this computer trusts, or mqtt.ca"
        wanted = WANTED.get(error.verify_code, f"one signed by {signed}")
        fault = error.verify_message.rstrip(".")
        return f"not trusted (its certificate: {fault}), trying again, allowed: {wanted}"
    if not isinstance(error, ssl.SSLError) or "ALERT_" not in (error.reason or ""):
        return None
    fault = error.reason.split("ALERT_")[1].replace("_", " ").lower()
    found = settings.certificate or "none"
    allowed = f"TLS 1.2 or later, and mqtt.certificate that it trusts, found {found}"
    return f"refused our side of TLS ({fault}), trying again, allowed: {allowed}"


def _trust(context: ssl.SSLContext, name: str, path: Path) -> None:
    where = f"mqtt.{name}: {path}"
    _content(where, path)  # OpenSSL says less of why it cannot
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise SettingsError(f"{where}: found no certificate, allowed: a PEM file") from None


def _present(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    where = f"mqtt.key: {key}"
    _content(where, key)

    def refuse() -> NoReturn:  # OpenSSL would ask the terminal
        line = f"{where}: found an encrypted key, allowed: one without a password"
        raise SettingsError(line) from None

    try:
        context.load_cert_chain(certificate, key, password=refuse)
    except ssl.SSLError as error:
        found = "no private key, allowed: a PEM file"
        if "MISMATCH" in (error.reason or ""):
            found = f"the key of another certificate, allowed: that of {certificate}"
        raise SettingsError(f"{where}: found {found}") from None


def _content(where: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fault = error.strerror or error
        raise SettingsError(f"{where}: cannot be read ({fault}), allowed: a file") from None
