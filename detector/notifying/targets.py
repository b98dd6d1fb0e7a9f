"""A target as Apprise knows it, and one message sent to it; its URL is seen by nobody else."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import apprise
from apprise.attachment.memory import AttachMemory
from apprise.manager_plugins import NotificationManager

from detector.errors import SettingsError
from detector.settings.targets.notify import NotifySettings
from detector.text import inert

LONGEST_REASON = 300  # characters
SHORTEST_SECRET = 4  # characters of a part of a URL that is taken out of what Apprise says
LARGEST_FILE = 10_000  # bytes of a file with a URL
ASSET = apprise.AppriseAsset(
    app_id="Faultline", app_desc="Faultline", app_url="", async_mode=False, secure_logging=True
)

_SCHEMES = NotificationManager()  # type: ignore[no-untyped-call]

# Apprise logs a URL that it does not understand as it is: what it says stays here.
_LOGGER = logging.getLogger("apprise")
_LOGGER.propagate = False


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent.

    Attributes:
        title: One line.
        body: Some lines.
        weight: ``info``, ``success``, ``warning`` or ``failure``, as Apprise colours it.
        picture: PNG; None: there is none.
    """

    title: str
    body: str
    weight: str = "info"
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One that can be sent to.

    Attributes:
        name: In the settings.
        shown: Scheme, and host where that is no secret.
        plugin: Apprise's.
        url: A secret.
    """

    name: str
    shown: str
    plugin: Any
    url: str

    def send(self, message: Message) -> str | None:
        """Send a message; takes as long as the target does.

        Returns:
            Why it was not delivered; None: it was.
        """
        picture = message.picture
        attach = None if picture is None else apprise.AppriseAttachment(
            AttachMemory(content=picture, name="alarm.png", mimetype="image/png"),  # type: ignore[no-untyped-call]
            asset=ASSET,
        )  # fmt: skip
        with _REASONS.heard() as reasons:
            try:
                done = self.plugin.notify(
                    body=message.body, title=message.title, attach=attach,
                    notify_type=apprise.NotifyType(message.weight),
                    body_format=apprise.NotifyFormat.TEXT,  # where it wants HTML, it makes some
                )  # fmt: skip
            except Exception as error:  # noqa: BLE001 -- a plugin may raise anything
                done = False
                reasons.append(f"{type(error).__name__}: {error}")
        return None if done else self._reason(reasons)

    def _reason(self, reasons: Iterable[str]) -> str:
        said = "; ".join(dict.fromkeys(" ".join(one.split()) for one in reasons))
        shortened = _without(said, self.url, self.shown)[:LONGEST_REASON]
        return inert(shortened) or "refused without a word"


def open_target(target: NotifySettings) -> Target:
    """Make a target of its settings; nothing is sent.

    Raises:
        SettingsError: If its URL cannot be had or used; what is said of it is its scheme, and its
            host where that is no secret.
    """
    url = _url_of(target).strip()
    scheme, mark, _ = url.partition("://")
    where = f"notify {target.key}: "
    if not mark or scheme.lower() not in _SCHEMES:
        raise SettingsError(
            f"{where}found {inert(scheme[:20]) + '://…' if mark else 'no scheme://…'}, allowed: a "
            "scheme that Apprise knows, such as mailto, slack, msteams, ntfys or json"
        )
    plugin = apprise.Apprise.instantiate(url, asset=ASSET)
    if plugin is None:
        raise SettingsError(
            f"{where}{scheme}://…: cannot be used, allowed: all that Apprise needs for {scheme}"
        )
    return Target(target.key, _shown(scheme.lower(), plugin), plugin, url)


def refuse_unusable(targets: Iterable[NotifySettings]) -> None:
    """Look at all targets before any is needed.

    Raises:
        SettingsError: See ``open_target``.
    """
    for target in targets:
        open_target(target)


def _url_of(target: NotifySettings) -> str:
    if target.url is not None:
        return target.url.get_secret_value()
    if target.url_variable is not None:
        found = os.environ.get(target.url_variable, "")
        if not found:
            raise SettingsError(f"notify {target.key}: url_variable: {target.url_variable} is not "
                                "set, allowed: one that holds the URL")  # fmt: skip
        return found
    where = f"notify {target.key}: url_file: {target.url_file}"
    assert target.url_file is not None  # one of the three is set
    try:
        with target.url_file.open("rb") as file:
            text = file.read(LARGEST_FILE + 1).decode().strip()
    except OSError as error:
        raise SettingsError(f"{where}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        text = ""
    if len(text.splitlines()) != 1 or len(text) > LARGEST_FILE:  # what is in it is not for a log
        raise SettingsError(f"{where}: found no URL, allowed: UTF-8 text in one line")
    return text


def _shown(scheme: str, plugin: Any) -> str:  # noqa: ANN401 -- Apprise's classes have no types
    """Where some plugin may have a token in place of a host, the host is not shown."""
    forms = [str(form).partition("://")[2] for form in getattr(plugin, "templates", ())]
    has_host = forms and all(re.search(r"(^|@)\{host\}", form) for form in forms)
    return f"{scheme}://{inert(str(plugin.host))}" if has_host and plugin.host else f"{scheme}://…"


def _without(said: str, url: str, shown: str) -> str:
    """The same text without any part of a URL that may be a secret."""
    parts = re.split(r"[/:@?&=,\s]+", url.partition("://")[2])
    parts += [unquote(part) for part in parts]
    public = shown.partition("://")[2]
    for part in sorted(set(parts), key=len, reverse=True):
        if len(part) >= SHORTEST_SECRET and part != public:
            said = said.replace(part, "***")
    return said


class _Reasons(logging.Handler):
    """What Apprise says while a message is sent, each thread its own."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard: dict[int, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it for whoever sends."""
        heard = self._heard.get(threading.get_ident())
        if heard is not None:
            heard.append(record.getMessage())

    @contextmanager
    def heard(self) -> Iterator[list[str]]:
        """What is said in this thread within the block."""
        said: list[str] = []
        self._heard[threading.get_ident()] = said
        try:
            yield said
        finally:
            del self._heard[threading.get_ident()]


_REASONS = _Reasons()
_LOGGER.addHandler(_REASONS)
