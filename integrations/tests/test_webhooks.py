"""Zoom's webhooks: only Zoom's, only fresh ones, and only for what was connected before."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Connection
from integrations.sandbox.testing import Sandbox
from integrations.sandbox.webhooks import signature
from integrations.tests.conftest import Connect, with_tokens
from integrations.zoom.webhooks import SIZE_CAP

pytestmark = pytest.mark.django_db

SECRET = "webhook-secret"


@pytest.fixture(autouse=True)
def _secret(settings: Any) -> None:
    settings.ZOOM_WEBHOOK_SECRET = SECRET
    settings.ZOOM_CLIENT_ID = "our-app"


def send(body: bytes, *, secret: str = SECRET, age: int = 0, **changes: str) -> Any:
    timestamp = str(int(time.time()) - age)
    headers = {
        "x-zm-request-timestamp": timestamp,
        "x-zm-signature": signature(secret, timestamp, body),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    client = Client(enforce_csrf_checks=True)
    return client.post("/webhooks/zoom/", body, content_type="application/json", headers=headers)


def event(name: str, **payload: Any) -> bytes:
    return json.dumps({"event": name, "event_ts": 1, "payload": payload}, indent=1).encode()


def test_the_endpoint_is_validated() -> None:
    answer = send(event("endpoint.url_validation", plainToken="plain"))
    assert answer.status_code == 200
    mac = hmac.new(SECRET.encode(), b"plain", hashlib.sha256).hexdigest()
    assert answer.json() == {"plainToken": "plain", "encryptedToken": mac}


def test_events_that_are_not_needed_are_taken() -> None:
    assert send(event("meeting.started", object={"id": "1"})).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "guessed"},
        {"age": 301},
        {"age": -301},
        {"x_zm_signature": ""},
        {"x_zm_signature": "v0=ünfug"},
        {"x_zm_request_timestamp": ""},
        {"x_zm_request_timestamp": "soon"},
        {"x_zm_request_timestamp": "١٢٣"},
    ],
    ids=str,
)
def test_what_zoom_did_not_sign_just_now_is_refused(changes: dict[str, Any]) -> None:
    assert send(event("meeting.started"), **changes).status_code == 401


def test_the_signature_is_over_the_raw_bytes() -> None:
    body = event("meeting.started")
    timestamp = str(int(time.time()))
    same_meaning = json.dumps(json.loads(body)).encode()
    assert send(body, x_zm_signature=signature(SECRET, timestamp, same_meaning)).status_code == 401


def test_a_huge_event_is_refused_before_it_is_read_whole() -> None:
    assert send(b" " * (SIZE_CAP + 1)).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_nonsense_is_refused(body: bytes) -> None:
    assert send(body).status_code == 400


def test_without_a_secret_it_is_unavailable(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.ZOOM_WEBHOOK_SECRET = ""
    assert send(event("meeting.started")).status_code == 503
    assert "ZOOM_WEBHOOK_SECRET is not set" in caplog.text


def test_a_get_is_refused() -> None:
    assert Client().get("/webhooks/zoom/").status_code == 405


def deauthorized(connection: Connection, at: str, **changes: str) -> bytes:
    payload = {
        "account_id": connection.account_id,
        "user_id": connection.external_id,
        "deauthorization_time": at,
        "client_id": "our-app",
    }
    return event("app_deauthorized", **(payload | changes))


@pytest.mark.parametrize(
    ("at", "changes", "stays"),
    [
        ("2999-01-01T00:00:00.000Z", {}, False),
        ("2001-01-01T00:00:00.000Z", {}, True),
        ("2999-01-01T00:00:00.000Z", {"client_id": "another-app"}, True),
        ("2999-01-01T00:00:00", {}, True),
        ("soon", {}, True),
        ("2999-99-99T00:00:00Z", {}, True),
    ],
)
def test_deauthorizing_at_zoom_ends_the_connection_here(
    ada_user: User, at: str, changes: dict[str, str], stays: bool
) -> None:
    connection = Connection.objects.create(
        user=ada_user,
        provider="zoom",
        status=Connection.Status.CONNECTED,
        external_id="u1",
        account_id="a1",
        access_token="t",
        connected_at="2026-01-01T00:00:00Z",
    )
    assert send(deauthorized(connection, at, **changes)).status_code == 200
    after = with_tokens(ada_user)
    assert (after.usable, bool(after.access_token)) == (stays, stays)


def test_the_sandboxs_own_events_are_accepted(
    sandbox: Sandbox, connect: Connect, ada_user: User, live_server: Any
) -> None:
    """Signed by the other side's code, over real HTTP; our own revocation announces itself in the same way."""
    sandbox.act("set_product", webhook_url=f"{live_server.url}/webhooks/zoom/")
    connect("zoom")
    sandbox.act("revoke_grant", service="zoom", user="zoe")
    sandbox.wait(lambda: not with_tokens(ada_user).usable)
    assert with_tokens(ada_user).status == Connection.Status.DEAUTHORIZED
    sandbox.act("set_product", webhook_url="")
