"""A real small OpenID provider, and a dashboard whose people sign in there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from oidc_provider_mock import User, run_server_in_thread

from tests.support.live.server import Site

CLIENT_SECRET = "the-client-secret-of-the-tests"  # noqa: S105
COOKIE_SECRET = "the-cookie-secret-of-the-tests-32-and-more"  # noqa: S105
PEOPLE = {"vera": "viewer", "omar": "operator", "edna": "engineer", "nora": "nothing"}


@contextmanager
def provider() -> Iterator[str]:
    """Runs one on loopback that knows ``PEOPLE``; gives its address."""
    users = [
        User(sub=name, claims={"preferred_username": name, "groups": ["staff", f"plant-{role}s"]})
        for name, role in PEOPLE.items()
    ]
    with run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


def with_login(folder, where: str) -> Site:
    """A dashboard whose people sign in at ``where``."""
    site = Site(folder)
    site.settings |= {
        "FAULTLINE_AUTH__METADATA_URL": f"{where}/.well-known/openid-configuration",
        "FAULTLINE_AUTH__CLIENT_ID": "faultline",
        "FAULTLINE_AUTH__CLIENT_SECRET": CLIENT_SECRET,
        "FAULTLINE_AUTH__COOKIE_SECRET": COOKIE_SECRET,
        "FAULTLINE_AUTH__REDIRECT_URI": f"{site.url}/oauth2callback",
        "FAULTLINE_AUTH__ROLE_CLAIM": "groups",
        "FAULTLINE_AUTH__ROLES": '{"plant-viewers": "viewer", "plant-operators": "operator", '
        '"plant-engineers": "engineer"}',
    }
    return site
