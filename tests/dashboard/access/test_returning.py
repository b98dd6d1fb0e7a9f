"""Back to the page that was wanted, and to no other site."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.access.returning import Returning, wanted
from tests.dashboard.access.test_session import auth

HERE = "https://faultline.example"


def streamlit(request):
    """Answers as Streamlit does on the way to the provider and back."""
    if request.url.path == "/auth/login":
        reached = request.query_params.get("provider") != "away"
        return RedirectResponse("https://id.example") if reached else Response("no", 400)
    answer = RedirectResponse("/", 302)
    if request.query_params.get("code") == "good":
        answer.set_cookie("_streamlit_user", "signed")
    else:
        answer.delete_cookie("_streamlit_user")
    return answer


@pytest.fixture
def browser():
    """Follows no redirect."""
    app = Starlette(routes=[Route("/auth/login", streamlit), Route("/oauth2callback", streamlit)])
    app.add_middleware(Returning, auth=lambda: auth(redirect_uri=f"{HERE}/oauth2callback"))
    return TestClient(app, HERE, follow_redirects=False)


def test_whoever_signed_in_comes_back_where_they_were(browser):
    """With cookies that are sent encrypted alone; whoever did not is told so."""
    browser.get("/auth/login", headers={"referer": f"{HERE}/device?device=a&from=1"})
    back = browser.get("/oauth2callback?code=good&state=x")
    assert back.headers["location"] == "/device?device=a&from=1"
    assert back.headers["set-cookie"].endswith("; Secure")
    for query in ("code=bad", "error=access_denied"):
        failed = browser.get(f"/oauth2callback?{query}")
        assert failed.headers["location"] == "/?sign_in=failed"
    assert browser.get("/oauth2callback").headers["location"] == "/"  # from signing out


def test_a_provider_that_is_away_is_told_on_the_page(browser):
    """Not as an error on a page of its own."""
    away = browser.get("/auth/login?provider=away")
    assert (away.status_code, away.headers["location"]) == (302, "/?sign_in=failed")


@pytest.mark.parametrize(
    ("referer", "path"),
    [
        (f"{HERE}/device?device=a%2Fb&from=1", "/device?device=a%2Fb&from=1"),
        (f"{HERE}/", "/"),
        (f"{HERE}/alarms?sign_in=failed", "/alarms"),
        (f"{HERE}//evil.example/x", ""),
        (f"{HERE}/\\evil.example", ""),
        (f"{HERE}.evil.example/device", ""),
        ("http://faultline.example/device", ""),
        (f"{HERE}/device?{'x' * 2000}", ""),
        ("", ""),
    ],
)
def test_a_page_of_ours_is_remembered(referer, path):
    """What could lead elsewhere is not."""
    assert wanted(referer, HERE) == path
