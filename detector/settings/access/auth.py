"""``[auth]``."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from detector.settings.dashboard import is_loopback
from detector.settings.section import Section

Role: TypeAlias = Literal["viewer", "operator", "engineer"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may
CALLBACK = "/oauth2callback"  # where Streamlit waits for the provider's answer
LEAST_SECRET = 32  # characters


class AuthSettings(Section):
    """Where people sign in, and what their roles are; see [operations](operations.md#a-login)."""

    metadata_url: str = Field(
        description="The provider's description of itself, "
        "`https://…/.well-known/openid-configuration`."
    )
    client_id: str = Field(min_length=1, description="Name of the page at the provider.")
    client_secret: SecretStr = Field(
        min_length=1,
        description="Its secret there; set it by environment, `FAULTLINE_AUTH__CLIENT_SECRET`, it "
        "is never logged.",
    )
    redirect_uri: str = Field(
        description="Address under which browsers open the page, with `/oauth2callback` behind it; "
        "allowed at the provider. `https://`, or `http://` on this computer."
    )
    cookie_secret: SecretStr | None = Field(
        None,
        description="Signs the browsers' sessions, 32 characters or more; set it by environment. "
        "Empty: another one at each start, so that a restart ends all sessions.",
    )
    scope: str = Field(
        "openid email profile",
        pattern=r"^openid( |$)",
        description="What the provider is asked for; some need another word for roles.",
    )
    role_claim: str = Field(
        "roles",
        min_length=1,
        description="Claim of the ID token that tells the role, a text or a list; dots lead into "
        "objects. `email` counts only where the provider has verified it.",
    )
    roles: dict[str, Role] = Field(
        {role: role for role in ROLES},
        description="Which value of that claim means which role; of several the highest counts.",
    )
    default_role: Role | None = Field(
        None,
        description="Role of whoever signs in without one of those values. Empty: refused.",
    )
    name_claim: str = Field(
        "preferred_username",
        min_length=1,
        description="Claim that names a person in the audit log, else `email`, `name` or `sub`. "
        "Take one that people cannot change themselves.",
    )
    session_h: float = Field(
        12.0, gt=0, le=720, description="Hours after which people sign in again."
    )
    end_with_token: bool = Field(
        False, description="End a session when the ID token expires, if that is earlier."
    )

    @field_validator("metadata_url", "redirect_uri")
    @classmethod
    def _is_private(cls, url: str) -> str:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http" and is_loopback(parts.hostname)
        )
        if not parts.hostname or not is_safe or parts.username or parts.fragment:
            raise ValueError("allowed: https://…, or http:// on this computer")
        return url

    @field_validator("redirect_uri")
    @classmethod
    def _leads_back(cls, url: str) -> str:
        if urlsplit(url).path != CALLBACK or urlsplit(url).query:
            raise ValueError(f"allowed: the page's address with {CALLBACK} behind it")
        return url

    @field_validator("cookie_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        length = LEAST_SECRET if secret is None else len(secret.get_secret_value())
        if length < LEAST_SECRET:
            raise ValueError(
                f"has {length} characters; allowed: {LEAST_SECRET} and more, for example of "
                "`openssl rand -hex 32`"
            )
        return secret

    @field_validator("roles")
    @classmethod
    def _some(cls, roles: dict[str, Role]) -> dict[str, Role]:
        if not roles:
            raise ValueError("allowed: at least one value with its role")
        return roles

    @property
    def origin(self) -> str:
        """The page's address, without a path: ``https://faultline.example``."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host(self) -> str:
        """Name in that address."""
        return urlsplit(self.redirect_uri).hostname or ""
