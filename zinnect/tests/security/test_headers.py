"""What browsers are told about every page: what may run in it, who may frame it, where its address goes."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from bookings.models import Booking, Organizer
from bookings.tests.world import booked
from zinnect.demo.environment import DEFAULTS, isolated
from zinnect.demo.product import ROOT
from zinnect.tests.security.forms import PAGE, filled

PRODUCTION = {"BASE_URL": "https://book.example.com", "ALLOWED_HOSTS": "book.example.com"}
FRAMED = ["/ada/", PAGE, "/b/{token}/", "/b/{token}/reschedule/", "/b/{token}/cancel/"]
NEVER_FRAMED = ["/", "/accounts/login/", "/bookings/", "/apps/integrations/", "/settings/", "/admin/login/"]


@pytest.fixture
def booking(ada: Organizer) -> Booking:
    """A booking whose pages are looked at."""
    return booked(ada)


def policy(answer: Any) -> dict[str, list[str]]:
    """The content security policy by directive."""
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";") if part.strip()]
    return {name: values for name, *values in parts}


def production() -> dict[str, Any]:
    """The settings that production has, by the environment alone."""
    return runpy.run_path(str(ROOT / "zinnect" / "settings.py"))


@pytest.fixture
def in_production(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> dict[str, Any]:
    """What security settings become behind HTTPS, in force for the test client."""
    for name, value in (DEFAULTS | PRODUCTION).items():
        monkeypatch.setenv(name, value)
    found = production()
    for name, value in found.items():
        if name.startswith(("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "LANGUAGE_COOKIE_")):
            setattr(settings, name, value)
    return found


def everywhere(client: Client, booking: Booking) -> list[tuple[str, Any]]:
    """A page of every kind, errors too."""
    paths = [path.format(token=booking.token) for path in FRAMED] + NEVER_FRAMED
    answers = [(path, client.get(path)) for path in [*paths, "/no/such/page/", "/b/wrong/", "/healthz"]]
    wrong = client.post(PAGE, {"name": "Ida"})
    return [*answers, (f"POST {PAGE}", wrong)]


def test_every_page_has_the_strict_policy(client: Client, booking: Booking) -> None:
    for path, answer in everywhere(client, booking):
        told = policy(answer)
        assert told["default-src"] == ["'none'"], path
        assert told["script-src"] == told["style-src"] == ["'self'"], path
        assert told["base-uri"] == told["frame-ancestors"] == ["'none'"], path
        assert "unsafe" not in answer["Content-Security-Policy"], path
        assert answer["X-Frame-Options"] == "DENY", path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert "camera=()" in answer["Permissions-Policy"], path
        expected = "no-referrer" if path.startswith(f"/b/{booking.token}") else "same-origin"
        assert answer["Referrer-Policy"] == expected, path


@pytest.mark.parametrize("path", ["/", "/ada/", PAGE, "/b/{token}/", "/accounts/login/", "/accounts/signup/"])
def test_nothing_in_a_page_needs_more_than_the_policy_allows(client: Client, booking: Booking, path: str) -> None:
    page = client.get(path.format(token=booking.token)).content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert re.findall(r'(?:src|<link[^>]* href)="(?:https?:)?//', page) == []


def test_pages_of_invitees_may_be_framed_by_the_named_origins_only(
    client: Client, booking: Booking, settings: Settings
) -> None:
    settings.EMBED_ANCESTORS = ["https://school.example", "https://clinic.example"]
    for path in FRAMED:
        answer = client.get(path.format(token=booking.token))
        assert policy(answer)["frame-ancestors"] == ["https://school.example", "https://clinic.example"], path
        assert "X-Frame-Options" not in answer, path
        assert policy(answer)["script-src"] == ["'self'"], path


def test_nothing_else_may_be_framed_even_then(client: Client, ada: Organizer, settings: Settings) -> None:
    settings.EMBED_ANCESTORS = ["https://school.example"]
    client.force_login(ada.user)
    for path in NEVER_FRAMED[1:]:
        answer = client.get(path)
        assert policy(answer)["frame-ancestors"] == ["'none'"], path
        assert answer["X-Frame-Options"] == "DENY", path


def test_booking_works_without_any_cookie_in_a_frame_too(booking: Booking, settings: Settings) -> None:
    settings.EMBED_ANCESTORS = ["https://school.example"]
    framed = Client(enforce_csrf_checks=True)
    assert framed.post(PAGE, filled(framed)).status_code == 303
    assert not framed.cookies


def test_pages_with_a_token_are_for_nobody_else(client: Client, booking: Booking) -> None:
    for path in ("", "reschedule/", "cancel/", "invite.ics"):
        answer = client.get(f"/b/{booking.token}/{path}")
        assert answer.status_code == 200
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]


def test_cookies_are_for_https_and_this_site_and_no_script(
    client: Client, ada: Organizer, in_production: dict[str, Any]
) -> None:
    login = {"login": ada.email, "password": "a long password of ada's"}
    client.post("/accounts/login/", login, secure=True)
    client.get("/settings/", secure=True)
    assert set(client.cookies) == {"sessionid", "csrftoken", "django_language"}
    for name, cookie in client.cookies.items():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax"), name


def test_behind_https_everything_is_https(client: Client, db: None, in_production: dict[str, Any]) -> None:
    answer = client.get("/accounts/login/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/accounts/login/")
    assert client.get("/healthz").status_code == 200
    assert client.get("/", secure=True)["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.usefixtures("in_production")
def test_only_a_trusted_proxy_says_that_it_was_https(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in production()
    monkeypatch.setenv("TRUSTED_PROXIES", "1")
    assert production()["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_a_sign_in_gets_a_new_session(client: Client, ada: Organizer) -> None:
    client.get("/accounts/login/")
    client.session["planted"] = "by somebody else"
    client.session.save()
    before = client.session.session_key
    client.post("/accounts/login/", {"login": ada.email, "password": "a long password of ada's"})
    assert client.session.session_key != before


def test_a_foreign_host_name_is_refused(client: Client, db: None) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.slow
def test_check_deploy_warns_of_nothing() -> None:
    env = isolated(**PRODUCTION, REDIS_URL="redis://127.0.0.1:6379/0", DATABASE_URL="sqlite:///:memory:")
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_admin_is_under_the_same_policy(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("root"))
    answer = client.get("/admin/")
    assert policy(answer)["script-src"] == ["'self'"]
    assert not re.search(r"<script(?![^>]* (?:src|type=\"application/json\"))", answer.content.decode())
