"""Planted secrets, and every place where one could come to light.

The whole system's database, Redis, logs and admin are searched by ``zinnect/tests/test_system.py``; what each call of
``integrations`` shows in errors and ``repr`` by its own tests. Here: what happens when something breaks on the way.
"""

from __future__ import annotations

import logging
import pickle
import traceback
from typing import Any

import pytest
import requests
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client, RequestFactory
from django.utils.log import AdminEmailHandler
from django.views.debug import get_exception_reporter_class
from pytest_django import Settings

from bookings.models import Organizer
from integrations import grants, http, providers
from integrations.models import AuthorizationRequest, Connection, Revocation
from integrations.oauth import call_with_token
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db

PLANTED = {
    name: f"planted-{name}-0123456789abcdef"
    for name in ("access", "refresh", "verifier", "client-secret", "password", "code")
}


def leaks(text: str) -> list[str]:
    """Which of the planted secrets stand in a text."""
    return [name for name, secret in PLANTED.items() if secret in text]


@pytest.fixture
def connection(ada: Organizer, sandbox: Sandbox, settings: Settings) -> Connection:
    """Ada's connection with planted tokens."""
    settings.ZOOM_CLIENT_SECRET = PLANTED["client-secret"]
    return Connection.objects.create(
        user=ada.user,
        provider="zoom",
        status=Connection.Status.CONNECTED,
        access_token=PLANTED["access"],
        refresh_token=PLANTED["refresh"],
    )


class Broken(Exception):
    """A bug of ours, in the middle of a call that holds a token."""


def broken_call(connection: Connection) -> Broken:
    """What a bug in a call leaves behind: an error whose frames hold the token in every shape."""

    def call(token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        prepared = requests.Request("POST", "https://zoom.example/", headers=headers, data={"token": token}).prepare()
        raise Broken(f"{len(headers)} headers, {prepared.method}")

    with pytest.raises(Broken) as caught:
        call_with_token(connection, call)
    return caught.value


def request_with_everything() -> Any:
    """A request whose parameters, cookies and body are secret."""
    request = RequestFactory().post(
        f"/apps/integrations/zoom/callback/?code={PLANTED['code']}&state={PLANTED['verifier']}",
        {"password": PLANTED["password"], "login": "ada@example.com", "password1": PLANTED["password"]},
        headers={"Authorization": f"Bearer {PLANTED['access']}"},
    )
    request.COOKIES["sessionid"] = PLANTED["access"]
    return request


def test_the_frames_really_hold_the_token(connection: Connection) -> None:
    error = broken_call(connection)
    frames = [frame.f_locals for frame, _line in traceback.walk_tb(error.__traceback__)]
    assert leaks(str([list(variables.values()) for variables in frames])) == ["access"]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("form", ["text", "html"])
def test_an_error_report_shows_no_secret(connection: Connection, settings: Settings, debug: bool, form: str) -> None:
    settings.DEBUG = debug
    settings.REDIS_URL = settings.CELERY_BROKER_URL = f"redis://:{PLANTED['password']}@redis:6379/0"
    error = broken_call(connection)
    request = request_with_everything()
    if not debug:
        request.resolver_match = None
    kind: Any = get_exception_reporter_class(request)
    reporter = kind(request, type(error), error, error.__traceback__)
    report = reporter.get_traceback_text() if form == "text" else reporter.get_traceback_html()
    assert "Broken" in report
    found = leaks(report)
    # A developer's own page shows the query of the developer's own request.
    assert set(found) <= ({"code", "verifier"} if debug else set())


def test_a_report_by_mail_shows_no_secret(connection: Connection, settings: Settings) -> None:
    settings.ADMINS = [("Operator", "operator@example.com")]
    error = broken_call(connection)
    exc_info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "Internal Server Error", (), exc_info)
    record.request = request_with_everything()
    AdminEmailHandler(include_html=True).emit(record)
    (message,) = mail.outbox
    sent = message.message().as_string() + str(message.body) + str(getattr(message, "alternatives", ""))
    assert "Broken" in sent
    assert leaks(sent) == []


def test_a_traceback_in_a_log_shows_no_secret(connection: Connection, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    try:
        raise broken_call(connection)
    except Broken:
        logging.getLogger("anything").exception("it broke")
    assert "Broken" in caplog.text
    assert leaks(caplog.text) == []


@pytest.mark.parametrize("kind", ["status", "not_json", "drop_after", "redirect", "truncated"])
def test_no_failing_exchange_logs_what_it_sent(
    connection: Connection, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level("DEBUG")
    wanted: dict[str, dict[str, Any]] = {"status": {"status": 500}, "redirect": {"url": "http://127.0.0.1:9/"}}
    params = wanted.get(kind, {})
    sandbox.fault(service="zoom", call="token.exchange", kind=kind, params=params)
    with pytest.raises(http.ProviderError) as caught:
        grants.exchange(providers.get("zoom"), code=PLANTED["code"], verifier=PLANTED["verifier"])
    whole = "".join(traceback.format_exception(caught.value))
    assert leaks(whole + repr(caught.value) + caplog.text) == []


def test_rows_with_secrets_show_none_of_them(connection: Connection) -> None:
    rows = [
        connection,
        Revocation(connection=connection, access_token=PLANTED["access"], refresh_token=PLANTED["refresh"]),
        AuthorizationRequest(user=connection.user, provider="zoom", code_verifier=PLANTED["verifier"]),
    ]
    assert leaks(" ".join(f"{row} {row!r}" for row in rows)) == []


def test_what_a_view_or_a_task_loads_holds_no_token(connection: Connection) -> None:
    loaded = Connection.objects.get(pk=connection.pk)
    assert leaks(str(pickle.dumps(loaded))) == []


def test_the_admin_shows_no_second_factor(db: None) -> None:
    root = User.objects.create_superuser("root")
    secret = Authenticator.objects.create(user=root, type="totp", data={"secret": PLANTED["password"]})
    client = Client()
    client.force_login(root)
    page = client.get(f"/admin/mfa/authenticator/{secret.pk}/change/")
    assert page.status_code == 200
    assert leaks(page.content.decode()) == []
    posted = client.post(f"/admin/mfa/authenticator/{secret.pk}/change/", {"data": "{}"})
    assert posted.status_code == 403


def test_tokens_go_to_the_configured_origins_only(sandbox: Sandbox, settings: Settings) -> None:
    known = f"{sandbox.urls['zoom_api_url']}/users/me"
    assert http.call("GET", known, service="Zoom").status == 401
    near = [
        known.replace("http://", "https://"),
        known.replace("127.0.0.1", "127.0.0.2"),
        known.replace("127.0.0.1", "127.0.0.1.evil.example"),
        known.replace("http://", "http://user@evil.example#"),
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
    ]
    for url in near:
        with pytest.raises(http.ProviderError, match="not one of the configured"):
            http.call("GET", url, service="Zoom", headers={"Authorization": PLANTED["access"]})
