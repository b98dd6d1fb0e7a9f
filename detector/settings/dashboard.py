"""``[dashboard]``."""

from __future__ import annotations

import ipaddress

from pydantic import Field, SecretStr, field_validator

from detector.errors import SettingsError
from detector.settings.section import Section

LEAST_TOKEN = 16  # characters


class DashboardSettings(Section):
    """The page."""

    stale_s: float = Field(
        10.0, gt=0, le=86_400, description="Data older than this many seconds is shown as stale."
    )
    live_window_s: float = Field(
        60.0, gt=1, le=86_400, description="Seconds of signal on the live chart."
    )
    push_ms: int = Field(500, ge=100, le=10_000, description="Milliseconds between live updates.")
    start_detector: bool = Field(
        True, description="Start a detector as a child process when none is alive."
    )
    insecure: bool = Field(
        False,
        description="Let the page listen beyond this computer without a login (`[auth]`): whoever "
        "reaches it can move thresholds.",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="Names under which browsers open the page, besides addresses and this "
        "computer's own name.",
    )

    api_tokens: dict[str, SecretStr] = Field(
        {},
        description="Who may read `/api/devices`, `/api/alarms` and `/api/history`: a token of 16 "
        "characters or more under a name of your own, for example `grafana`. Set them by "
        "environment, `FAULTLINE_DASHBOARD__API_TOKENS__GRAFANA`; they are never logged. Empty: "
        "nobody.",
    )

    @field_validator("api_tokens")
    @classmethod
    def _long_enough(cls, tokens: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, token in tokens.items():
            length = len(token.get_secret_value())
            if length < LEAST_TOKEN:
                raise ValueError(
                    f"{name} has {length} characters; allowed: {LEAST_TOKEN} and more, for example "
                    "of `openssl rand -hex 16`"
                )
        return tokens

    def refuse_open(self, address: str | None, *, has_login: bool = False) -> None:
        """Refuse an address that others reach, unless they sign in or ``insecure`` consents to it.

        Args:
            address: Where the page would listen; None: on every interface.
            has_login: Whether the settings have ``[auth]``.

        Raises:
            SettingsError: If others reach it and nobody has consented.
        """
        if has_login or self.insecure or is_loopback(address):
            return
        raise SettingsError(
            f"dashboard: listening on {address or 'every interface'}, where others reach it and "
            "may move thresholds without a login, allowed: 127.0.0.1, a login ([auth]), or "
            "dashboard.insecure = true"
        )


def is_loopback(address: str | None) -> bool:
    """Whether only this computer reaches an address."""
    if address == "localhost":
        return True
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
