"""Every bad answer while an account is connected, its tokens refreshed, its calendars read, or its grant revoked.

Nothing waits for these calls but a person or the sweep, so no process is needed: the product's own functions against
the sandbox over real HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from bookings.models import Organizer
from bookings.tests.world import connect
from calendars.models import Calendar
from calendars.sync import receiving_calendar
from integrations import providers, revocations
from integrations.errors import ConnectionUnusable, ProviderError
from integrations.models import Connection, Revocation
from integrations.oauth import call_with_token, remove
from integrations.sandbox.testing import Sandbox
from zinnect.demo.pages import Page
from zinnect.tests.faults.answers import (
    A_DAY_AS_A_DATE,
    A_DAY_IN_SECONDS,
    EXPIRED,
    GONE,
    LASTING_AT_GOOGLE,
    LASTING_AT_ZOOM,
    LOST,
    PASSING_AT_GOOGLE,
    Fault,
    name,
)

pytestmark = [pytest.mark.django_db, pytest.mark.faults, pytest.mark.slow]

EVERY = [*PASSING_AT_GOOGLE, *LASTING_AT_ZOOM, *LASTING_AT_GOOGLE, *GONE, A_DAY_IN_SECONDS, A_DAY_AS_A_DATE]
every_answer = pytest.mark.parametrize("answer", EVERY, ids=name)
both = pytest.mark.parametrize("service", ["zoom", "google"])


@pytest.fixture(autouse=True)
def _short_timeouts(settings: Settings) -> None:
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4


def plan(sandbox: Sandbox, service: str, call: str, answer: Fault) -> None:
    """Plan it once; what takes long takes longer than our timeout and no more. A closed port opens in a moment."""
    kind, params = answer
    shorter = {"seconds": 0.1 if kind == "connection_stop" else 1.0, "ms": 100}
    sandbox.fault(
        service=service,
        call=call,
        kind=kind,
        params={key: shorter.get(key, value) for key, value in params.items()},
    )


def met(sandbox: Sandbox) -> bool:
    """Whether the planned fault was met."""
    return all(fault["hits"] for fault in sandbox.read("/faults"))


def reachable(sandbox: Sandbox, service: str) -> bool:
    """Whether the port is open again."""
    plain = sandbox.urls["zoom_api_url" if service == "zoom" else "google_api_url"]
    try:
        sandbox.http.get(str(plain), timeout=5)
    except OSError:
        return False
    return True


def come_back(ada: Organizer, sandbox: Sandbox, service: str) -> Page:
    """Consent, and what our page says after it."""
    client = Client()
    client.force_login(ada.user)
    away = client.post(f"/apps/integrations/{service}/connect/")
    back = sandbox.consent(away["Location"])
    landed = client.get(back.replace("http://localhost:8000", ""), follow=True)
    assert landed.status_code == 200
    return Page(back, landed.content.decode())


@every_answer
@pytest.mark.parametrize(
    ("service", "call"),
    [("zoom", "token.exchange"), ("zoom", "users.me"), ("google", "token.exchange"), ("google", "userinfo")],
)
def test_connecting_fails_in_words_and_works_the_next_time(
    ada: Organizer, sandbox: Sandbox, service: str, call: str, answer: Fault
) -> None:
    plan(sandbox, service, call, answer)
    page = come_back(ada, sandbox, service)
    assert met(sandbox)
    row = Connection.objects.defer(None).get(user=ada.user, provider=service)
    if answer[0] == "delay":
        assert row.usable
    else:
        assert (row.usable, row.access_token, row.refresh_token) == (False, "", "")
        assert "try again" in page.text
    sandbox.wait(lambda: reachable(sandbox, service))
    connect(ada, sandbox, service)


@every_answer
def test_calendars_that_could_not_be_read_are_read_by_the_first_use(
    ada: Organizer, sandbox: Sandbox, answer: Fault, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    plan(sandbox, "google", "calendarlist", answer)
    with django_capture_on_commit_callbacks(execute=True):
        come_back(ada, sandbox, "google")
    assert met(sandbox)
    assert Connection.objects.get(user=ada.user, provider="google").usable
    if answer not in (EXPIRED, ("delay", {"ms": 700})):
        assert not Calendar.objects.exists()
    sandbox.wait(lambda: reachable(sandbox, "google"))
    calendar = receiving_calendar(ada.user_id)
    assert calendar is not None
    assert calendar.is_primary


@every_answer
@both
def test_a_refresh_is_tried_again_or_the_loss_is_said(
    ada: Organizer, sandbox: Sandbox, service: str, answer: Fault
) -> None:
    """Zoom's refresh token is a new one each time: where the new one is lost, so is the connection, and in words."""
    connect(ada, sandbox, service)
    row = Connection.objects.get(user=ada.user, provider=service)
    sandbox.act("expire_tokens", service=service)
    Connection.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    who = providers.get(service).fetch_account
    plan(sandbox, service, "token.refresh", answer)
    if answer[0] == "delay":
        call_with_token(row, who)
        return
    with pytest.raises(ProviderError) as caught:
        call_with_token(row, who)
    assert met(sandbox)
    assert caught.value.retryable
    assert not caught.value.in_doubt, "the call itself was not made"
    row.refresh_from_db()
    assert (row.usable, row.last_error) == (True, str(caught.value))

    sandbox.wait(lambda: reachable(sandbox, service))
    if service == "zoom" and answer in LOST:
        with pytest.raises(ConnectionUnusable, match="Connect it again"):
            call_with_token(row, who)
        row.refresh_from_db()
        assert (row.status, row.notice_due) == (Connection.Status.NEEDS_RECONNECT, True)
    else:
        call_with_token(row, who)
        row.refresh_from_db()
        assert (row.usable, row.last_error) == (True, "")
        assert sandbox.state()["reused_refresh_tokens"] == 0


@every_answer
@both
def test_a_revocation_is_tried_until_the_grant_has_ended(
    ada: Organizer, sandbox: Sandbox, service: str, answer: Fault
) -> None:
    connect(ada, sandbox, service)
    tokens = Connection.objects.defer(None).get(user=ada.user, provider=service)
    refresh_token = tokens.refresh_token
    plan(sandbox, service, "revoke", answer)
    remove(tokens, by="organizer")
    revocation = Revocation.objects.get()
    revocations.attempt(revocation.pk)
    assert met(sandbox)
    sandbox.wait(lambda: reachable(sandbox, service))
    for waiting in Revocation.objects.all():
        assert waiting.last_error
        assert waiting.next_attempt_at > timezone.now()
        Revocation.objects.update(next_attempt_at=timezone.now())
        revocations.attempt(waiting.pk)
    assert not Revocation.objects.exists()
    assert sandbox.token(service, grant_type="refresh_token", refresh_token=refresh_token).status_code == 400
