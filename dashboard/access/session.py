"""Somebody who has signed in: told from what the provider said, until when, and ended early."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from detector.alarms.requests import LONGEST_NAME
from detector.settings.access.auth import ROLES, AuthSettings, Role
from detector.text import inert

NAMES = ("email", "name", "sub")  # where the settings' own claim is missing
STREAMLITS = {"is_logged_in", "origin", "provider", "tokens"}  # what it adds to the claims
LOOK_S = 30.0  # a clock that was set, or a computer that slept, is noticed after so long


@dataclass(frozen=True, slots=True)
class Session:
    """One login.

    Attributes:
        key: Another one for each login.
        who: Name for the audit log, safe to show.
        role: None: none of those that the settings know.
        until: UTC seconds.
    """

    key: str
    who: str
    role: Role | None
    until: float


def session_of(claims: Mapping[str, Any], auth: AuthSettings) -> Session | None:
    """The session that a provider's claims begin; None where they do not say since when."""
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float):
        return None
    until = issued + 3600 * auth.session_h
    if auth.end_with_token:
        until = min(until, expires if isinstance(expires, int | float) else issued)
    return Session(_key(claims), _name(claims, auth), _role(claims, auth), until)


def _key(claims: Mapping[str, Any]) -> str:
    own = {name: value for name, value in claims.items() if name not in STREAMLITS}
    return hashlib.sha256(json.dumps(own, sort_keys=True, default=str).encode()).hexdigest()


def _name(claims: Mapping[str, Any], auth: AuthSettings) -> str:
    found = (_claim(claims, name) for name in (auth.name_claim, *NAMES))
    name = next((one for one in found if isinstance(one, str) and one.strip()), "?")
    return inert(name.strip())[:LONGEST_NAME]


def _role(claims: Mapping[str, Any], auth: AuthSettings) -> Role | None:
    found = _claim(claims, auth.role_claim)
    if auth.role_claim == "email" and claims.get("email_verified") is not True:
        found = None
    values = found if isinstance(found, list) else [found]
    known = [auth.roles[one] for one in values if isinstance(one, str) and one in auth.roles]
    return max(known, key=ROLES.index) if known else auth.default_role


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its name, or by the way to it: ``realm_access.roles``."""
    if name in claims:
        return claims[name]
    first, dot, rest = name.partition(".")
    inner = claims.get(first)
    return _claim(inner, rest) if dot and isinstance(inner, Mapping) else None


class Endings:
    """Sessions that were ended before their time, and whoever waits for the end of one."""

    def __init__(self) -> None:
        self._ended: dict[str, float] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def end(self, session: Session) -> None:
        """End it now, for all browser tabs; called in the server's loop."""
        now = time.time()
        self._ended = {key: until for key, until in self._ended.items() if until > now}
        self._ended[session.key] = session.until
        for event in self._waiting.get(session.key, ()):
            event.set()

    def is_over(self, session: Session) -> bool:
        """Whether its time is up, or somebody has signed out of it."""
        return session.key in self._ended or time.time() >= session.until

    async def over(self, session: Session) -> None:
        """Wait until it is."""
        event = asyncio.Event()
        waiting = self._waiting.setdefault(session.key, set())
        waiting.add(event)
        try:
            while not self.is_over(session):
                left = max(session.until - time.time(), 0.0)
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), min(left, LOOK_S))
        finally:
            waiting.discard(event)
            if not waiting:
                self._waiting.pop(session.key, None)


endings = Endings()
