"""What a provider's claims make of somebody, and when that ends."""

from __future__ import annotations

import asyncio
import time

import pytest

from dashboard.access.session import Endings, session_of
from detector.settings.access.auth import AuthSettings
from tests.support.live.server import in_a_loop

HOST = "http://127.0.0.1:8501"
ROLES = {"plant-viewers": "viewer", "/plant/operators": "operator", "9f1c-22": "engineer"}


def auth(**changes):
    """Settings of a login, as far as these tests go by them."""
    given = {
        "metadata_url": "https://id.example/.well-known/openid-configuration", "client_id": "a",
        "client_secret": "b", "redirect_uri": f"{HOST}/oauth2callback", "roles": ROLES,
    }  # fmt: skip
    return AuthSettings(**{**given, **changes})


def signed_in(settings, **claims):
    """A session of an hour ago."""
    return session_of({"sub": "17", "iat": time.time() - 3600, **claims}, settings)


@pytest.mark.parametrize(
    ("claims", "changes", "role"),
    [
        ({"roles": ["x", "plant-viewers"]}, {}, "viewer"),
        ({"roles": "9f1c-22"}, {}, "engineer"),
        ({"roles": ["9f1c-22", "plant-viewers", "/plant/operators"]}, {}, "engineer"),
        ({"roles": ["plant-viewers", 7, None, {}]}, {}, "viewer"),
        ({"roles": ["PLANT-VIEWERS", "plant-viewers "]}, {}, None),
        ({"roles": {"plant-viewers": True}}, {}, None),
        ({}, {}, None),
        ({}, {"default_role": "viewer"}, "viewer"),
        ({"groups": ["/plant/operators"]}, {"role_claim": "groups"}, "operator"),
        ({"realm": {"roles": ["9f1c-22"]}}, {"role_claim": "realm.roles"}, "engineer"),
        ({"https://a.b/roles": "9f1c-22"}, {"role_claim": "https://a.b/roles"}, "engineer"),
        ({"email": "kim@a.b", "email_verified": True},
         {"role_claim": "email", "roles": {"kim@a.b": "operator"}}, "operator"),
        ({"email": "kim@a.b", "email_verified": "yes"},
         {"role_claim": "email", "roles": {"kim@a.b": "operator"}}, None),
    ],
)  # fmt: skip
def test_a_claim_tells_the_role(claims, changes, role):
    """The highest of those known; what is not known, or not verified, tells none."""
    assert signed_in(auth(**changes), **claims).role == role


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "kim", "email": "kim@a.b"}, "kim"),
        ({"email": "kim@a.b", "name": "Kim"}, "kim@a.b"),
        ({"preferred_username": " ", "name": ["Kim"]}, "17"),
        ({"preferred_username": "k\u202eim"}, r"k\u202eim"),
        ({"preferred_username": "k" * 200}, "k" * 80),
    ],
)
def test_a_name_for_the_audit_log(claims, name):
    """Never empty, safe to show."""
    assert signed_in(auth(), **claims).who == name


def test_a_session_ends_after_its_hours_or_with_the_token():
    """Whichever is earlier; without a word of when it began there is none."""
    now = time.time()
    over = Endings()
    assert not over.is_over(signed_in(auth(session_h=1.1)))
    assert over.is_over(signed_in(auth(session_h=0.9)))
    by_token = auth(end_with_token=True)
    assert over.is_over(signed_in(by_token, exp=now - 1))
    assert not over.is_over(signed_in(by_token, exp=now + 60))
    assert over.is_over(signed_in(by_token))
    assert signed_in(auth(), iat=None) is None


def test_a_session_ends_for_whoever_waits_and_no_other():
    """By signing out, or by itself."""

    async def watch():
        one, other = signed_in(auth(), nonce="1"), signed_in(auth(), nonce="2")
        short = session_of({"sub": "17", "iat": time.time()}, auth(session_h=0.2 / 3600))
        endings = Endings()
        waiting = [asyncio.ensure_future(endings.over(each)) for each in (one, other, short)]
        await asyncio.sleep(0)
        endings.end(one)
        await asyncio.wait_for(waiting[0], 10)
        await asyncio.wait_for(waiting[2], 10)
        assert not waiting[1].done()
        waiting[1].cancel()
        return endings.is_over(one), endings.is_over(other)

    assert in_a_loop(watch()) == (True, False)
