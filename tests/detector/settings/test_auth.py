"""``[auth]``: what is refused, and that no refusal shows a secret."""

from __future__ import annotations

import pytest

from detector.errors import SettingsError
from detector.settings.load import load_settings

GOOD = {
    "metadata_url": '"https://id.example/.well-known/openid-configuration"',
    "client_id": '"faultline"',
    "client_secret": '"HIDDEN-client"',
    "cookie_secret": '"HIDDEN-cookie-0123456789-0123456789"',
    "redirect_uri": '"https://faultline.example/oauth2callback"',
}


def read(tmp_path, **changes):
    """The settings of a file with one thing changed; None leaves it out."""
    path = tmp_path / "faultline.toml"
    given = {**GOOD, **changes}
    lines = [f"{key} = {value}" for key, value in given.items() if value is not None]
    path.write_text("\n".join(["[auth]", *lines]))
    return load_settings(path)


def test_a_login_from_file_and_environment(tmp_path, monkeypatch):
    """Secrets come by environment; without the section there is no login."""
    monkeypatch.setenv("FAULTLINE_AUTH__CLIENT_SECRET", "HIDDEN-other")
    auth = read(tmp_path, client_secret=None, roles='{ "crew" = "operator" }').auth
    assert auth.client_secret.get_secret_value() == "HIDDEN-other"
    assert (auth.origin, auth.host) == ("https://faultline.example", "faultline.example")
    assert auth.roles == {"crew": "operator"}
    assert "HIDDEN" not in f"{auth!r} {auth.model_dump_json()}"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"metadata_url": None}, "auth.metadata_url: Field required"),
        ({"client_secret": '""'}, "auth.client_secret"),
        ({"cookie_secret": '"HIDDEN"'}, "has 6 characters; allowed: 32 and more"),
        ({"redirect_uri": '"http://faultline.example/oauth2callback"'}, "allowed: https://"),
        ({"redirect_uri": '"https://faultline.example/"'}, "with /oauth2callback behind it"),
        ({"metadata_url": '"http://id.example/x"'}, "allowed: https://"),
        ({"roles": '{ "a" = "chief" }'}, "'viewer', 'operator' or 'engineer'"),
        ({"roles": "{}"}, "at least one value"),
        ({"scope": '"email"'}, "auth.scope"),
        ({"session_h": "0"}, "auth.session_h"),
        ({"client_secrets": '"HIDDEN"'}, "unknown setting auth.client_secrets"),
    ],
)
def test_refusals_are_one_line_without_a_secret(tmp_path, changes, line):
    """What is wrong, and what is allowed."""
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, **changes)
    assert line in str(refused.value)
    assert "HIDDEN" not in str(refused.value)
