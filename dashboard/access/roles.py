"""Who may do what: viewers look, operators answer alarms, engineers change how they come about."""

from __future__ import annotations

from detector.alarms import requests
from detector.settings.access.auth import ROLES, Role
from detector.store import commands

ALL: Role = "engineer"  # needed for whatever is not named below
NEEDED: dict[str, Role] = {
    commands.WAVEFORM: "viewer",  # only has written down what is to be looked at
    requests.ACK: "operator",
    requests.SHELVE: "operator",
    requests.UNSHELVE: "operator",
    requests.COMMENT: "operator",
    requests.VERDICT: "operator",
    "note": "operator",
    requests.MAINTENANCE: "engineer",
    requests.OUT_OF_SERVICE: "engineer",
    commands.COMMISSION: "engineer",
    commands.RELOAD: "engineer",
    commands.THRESHOLD: "engineer",
}


def needed(kind: str) -> Role:
    """The least role for a kind of command."""
    return NEEDED.get(kind, ALL)


def may(role: Role | None, kind: str) -> bool:
    """Whether a role, or nobody, may give a kind of command."""
    return role is not None and ROLES.index(role) >= ROLES.index(needed(kind))
