"""What leaves for Sentry: where it broke and which row it was about; nothing else, whatever the library collects."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
import structlog
from django.test import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from bookings.models import Organizer
from bookings.tests.people import booked
from integrations.models import Connection
from integrations.oauth import call_with_token
from zinnect import sentry

pytestmark = pytest.mark.django_db

SECRETS = {
    "token": "eyJhbGciOiJIUzUxMiJ9.planted-token",
    "refresh": "planted-refresh-0123456789",
    "meeting": "91234567890",
    "join": "https://us02web.zoom.us/j/91234567890?pwd=plantedpwd",
    "account": "zoom:plantedZoomUser",
    "mail": "ida.planted@example.org",
    "code": "planted-code",
    "state": "planted-state",
}


class Kept(Transport):
    """Keeps what would be sent."""

    sent: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope)


@pytest.fixture
def reported() -> Iterator[list[Envelope]]:
    """Sentry, as with a DSN, for one test."""
    Kept.sent = []
    sentry.start("https://public@sentry.example/1", transport=Kept)
    yield Kept.sent
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
    structlog.contextvars.clear_contextvars()


def events(sent: list[Envelope]) -> list[dict[str, Any]]:
    found = [item.get_event() for envelope in sent for item in envelope.items]
    return [json.loads(json.dumps(event, default=str)) for event in found if event]


def leaks(sent: list[Envelope]) -> list[str]:
    """Which of the planted secrets stand anywhere in what is sent."""
    text = b"".join(envelope.serialize() for envelope in sent).decode()
    assert text
    return [name for name, secret in SECRETS.items() if secret in text]


class Broken(Exception):
    """A bug of ours."""


def broken_call(token: str) -> None:
    """A call of a provider that breaks with everything at hand, in its variables and in its words."""
    body = {"join_url": SECRETS["join"], "id": int(SECRETS["meeting"]), "token": token}
    words = f"{body['join_url']} {body['id']} Bearer {token} refresh_token={SECRETS['refresh']} {SECRETS['account']}"
    raise Broken(f"{words} {SECRETS['mail']}")


def test_a_broken_call_is_reported_without_what_it_held(ada: Organizer, reported: list[Envelope]) -> None:
    zoom = Connection.objects.create(
        user=ada.user,
        provider="zoom",
        status=Connection.Status.CONNECTED,
        access_token=SECRETS["token"],
        refresh_token=SECRETS["refresh"],
        external_id="plantedZoomUser",
    )
    with structlog.contextvars.bound_contextvars(booking_id=12):
        try:
            call_with_token(zoom, broken_call)
        except Broken:
            sentry_sdk.capture_exception()

    (event,) = events(reported)
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "Broken"
    assert exception["stacktrace"]["frames"][-1]["function"] == "broken_call"
    assert all("vars" not in frame for frame in exception["stacktrace"]["frames"])
    assert event["tags"]["booking_id"] == "12"
    assert leaks(reported) == []


def test_a_broken_page_is_reported_by_its_route(
    client: Client, reported: list[Envelope], monkeypatch: pytest.MonkeyPatch, ada: Organizer
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        broken_call(SECRETS["token"])

    monkeypatch.setattr("integrations.views.oauth.complete", broken)
    client.force_login(ada.user)
    client.raise_request_exception = False
    answer = client.get(
        f"/apps/integrations/zoom/callback/?code={SECRETS['code']}&state={SECRETS['state']}",
        headers={"Authorization": f"Bearer {SECRETS['token']}", "Referer": SECRETS["join"]},
    )

    assert answer.status_code == 500
    event = next(event for event in events(reported) if event["exception"]["values"])
    assert event["transaction"] == "/apps/integrations/{slug}/callback/"
    assert set(event["request"]) == {"method"}
    assert event["tags"]["request_id"]
    assert ada.user.email not in json.dumps(event)
    assert leaks(reported) == []


def test_an_invitees_page_is_reported_without_the_token_in_its_path(
    client: Client, reported: list[Envelope], monkeypatch: pytest.MonkeyPatch, ada: Organizer
) -> None:
    booking = booked(ada)

    def broken(*args: object, **kwargs: object) -> None:
        raise Broken(f"/b/{booking.token}/ of {booking.invitee_email}")

    monkeypatch.setattr("bookings.views.invitee.render", broken)
    client.raise_request_exception = False
    assert client.get(f"/b/{booking.token}/").status_code == 500

    text = b"".join(envelope.serialize() for envelope in reported).decode()
    assert "Broken" in text
    assert booking.token not in text
    assert booking.invitee_email not in text
    assert booking.invitee_name not in text


def test_an_error_in_the_log_is_reported_by_its_words_alone(reported: list[Envelope]) -> None:
    logging.getLogger("anything").error("not sent to %s", SECRETS["mail"], extra={"body": SECRETS["join"]})

    (event,) = events(reported)
    assert event["logentry"] == {"message": "not sent to […]"}
    assert leaks(reported) == []


def test_nothing_but_what_is_listed_is_sent() -> None:
    collected: Any = {
        "event_id": "1",
        "extra": {"celery-job": {"args": [SECRETS["token"]]}},
        "user": {"email": SECRETS["mail"]},
        "breadcrumbs": {"values": [{"message": SECRETS["join"]}]},
        "contexts": {"anything": SECRETS},
        "a key of tomorrow's": SECRETS["code"],
        "request": {"method": "POST", "url": SECRETS["join"], "cookies": SECRETS, "data": SECRETS, "env": SECRETS},
    }

    assert sentry.quiet(collected, {}) == {
        "event_id": "1",
        "tags": {},
        "transaction": "",
        "request": {"method": "POST"},
        "exception": {"values": []},
    }
