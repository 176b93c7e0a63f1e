"""Zoom's webhooks at the door: only Zoom's, only fresh ones, written down before they are answered, each once."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations import signals, tasks, webhooks, webhooks_inbox
from integrations.models import WebhookEvent
from integrations.sandbox.webhooks import signature
from integrations.tests.webhook_events import APP, SECRET, deauthorized, event, meeting_deleted, send
from integrations.zoom.webhooks import SIZE_CAP

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _our_app(settings: Settings) -> None:
    settings.ZOOM_WEBHOOK_SECRET, settings.ZOOM_CLIENT_ID = SECRET, APP


@pytest.fixture
def deletions() -> Iterator[list[dict[str, Any]]]:
    """What other apps were told of deleted meetings."""
    heard: list[dict[str, Any]] = []

    def hear(sender: object, signal: object, **said: Any) -> None:
        heard.append(said)

    signals.meeting_deleted.connect(hear, weak=False)
    yield heard
    signals.meeting_deleted.disconnect(hear)


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the events whose handling was queued."""
    ids: list[int] = []
    monkeypatch.setattr(webhooks_inbox, "publish", lambda task, event_id: ids.append(event_id))
    return ids


def test_the_endpoint_is_validated() -> None:
    answer = send(event("endpoint.url_validation", plainToken="plain"))
    assert answer.status_code == 200
    mac = hmac.new(SECRET.encode(), b"plain", hashlib.sha256).hexdigest()
    assert answer.json() == {"plainToken": "plain", "encryptedToken": mac}
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("token", [None, "", 7, "\ud800", ["a"]])
def test_a_validation_without_a_token_is_refused(token: object) -> None:
    assert send(event("endpoint.url_validation", plainToken=token)).status_code == 400


@pytest.mark.parametrize("name", ["meeting.started", "meeting.ended", "recording.completed", "user.created", ""])
def test_of_events_that_are_not_needed_nothing_is_kept(name: str) -> None:
    assert send(event(name, object={"id": "12345678901", "topic": "Private"})).status_code == 200
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "guessed"},
        {"age": 301},
        {"age": -301},
        {"x_zm_signature": ""},
        {"x_zm_signature": "v0="},
        {"x_zm_signature": "v0=ünfug"},
        {"x_zm_request_timestamp": ""},
        {"x_zm_request_timestamp": "soon"},
        {"x_zm_request_timestamp": "١٢٣"},
    ],
    ids=str,
)
def test_what_zoom_did_not_sign_just_now_is_refused_in_words(changes: dict[str, Any]) -> None:
    answer = send(meeting_deleted(1), **changes)
    assert answer.status_code == 401
    assert "signature" in answer.content.decode()
    assert not WebhookEvent.objects.exists()


def test_a_truncated_signature_is_refused() -> None:
    timestamp, body = str(int(time.time())), meeting_deleted(1)
    assert send(body, x_zm_signature=signature(SECRET, timestamp, body)[:-1]).status_code == 401


def test_the_signature_is_over_the_raw_bytes() -> None:
    body = event("meeting.started")
    timestamp = str(int(time.time()))
    same_meaning = json.dumps(json.loads(body)).encode()
    assert send(body, x_zm_signature=signature(SECRET, timestamp, same_meaning)).status_code == 401


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert send(event("meeting.started")).status_code == 401
    assert len(compared) == 1


def test_a_huge_event_is_refused_before_it_is_read_whole() -> None:
    answer = send(b" " * (SIZE_CAP + 1))
    assert answer.status_code == 413
    assert "64 KB" in answer.content.decode()


def test_the_largest_event_is_taken() -> None:
    body = event("meeting.started", padding="")
    assert send(body + b" " * (SIZE_CAP - len(body))).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"{}", b'{"event": 1}', b'{"event": ["app_deauthorized"]}', b"[" * 60000]
)
def test_nonsense_is_refused_in_words(body: bytes) -> None:
    answer = send(body)
    assert answer.status_code == 400
    assert answer.content


def test_without_a_secret_it_is_unavailable(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.ZOOM_WEBHOOK_SECRET = ""
    assert send(event("meeting.started")).status_code == 503
    assert "ZOOM_WEBHOOK_SECRET is not set" in caplog.text


def test_doctor_names_a_missing_secret(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.ZOOM_CLIENT_ID, settings.ZOOM_WEBHOOK_SECRET = "an id", ""
    with pytest.raises(CommandError):
        call_command("doctor")
    assert "ZOOM_WEBHOOK_SECRET is not set" in capsys.readouterr().out


def test_a_get_is_refused() -> None:
    assert Client().get("/webhooks/zoom/").status_code == 405


def test_an_event_is_written_down_reduced_and_then_queued(queued: list[int]) -> None:
    assert send(meeting_deleted(86012345678, topic="Private", host_email="z@example.com")).status_code == 200
    row = WebhookEvent.objects.get()
    assert (row.provider, row.kind, row.handled_at) == ("zoom", "meeting_deleted", None)
    assert row.payload == {"external_id": "86012345678", "host_id": "zoe"}
    assert queued == [row.pk]


def test_nothing_is_queued_before_the_answer_is_out() -> None:
    taken = webhooks_inbox.take(provider="zoom", kind=WebhookEvent.Kind.MEETING_DELETED, body=b"b", payload={})
    assert (taken.status_code, WebhookEvent.objects.get().pk) == (200, taken.event_id)
    taken.close()
    assert taken.event_id is None


@pytest.mark.parametrize("number", [86012345678, "86012345678"])
def test_a_meeting_is_named_by_number_or_text(deletions: list[dict[str, Any]], number: int | str) -> None:
    send(meeting_deleted(number))
    tasks.sweep()
    assert deletions == [{"provider": "zoom", "external_id": "86012345678", "host_id": "zoe"}]


def test_a_repeat_does_nothing(queued: list[int], deletions: list[dict[str, Any]]) -> None:
    """Zoom's own retries are signed anew, with another timestamp."""
    body = meeting_deleted(86012345678)
    for age in (0, 0, 60):
        assert send(body, age=age).status_code == 200
    tasks.sweep()
    assert send(body).status_code == 200
    tasks.sweep()
    assert (len(queued), len(deletions), WebhookEvent.objects.count()) == (1, 1, 1)


def test_what_an_event_said_is_gone_when_it_was_handled(deletions: list[dict[str, Any]]) -> None:
    send(meeting_deleted(86012345678))
    tasks.handle_webhook(WebhookEvent.objects.get().pk)
    row = WebhookEvent.objects.get()
    assert (row.payload, row.next_attempt_at) == ({}, None)
    assert row.handled_at is not None
    tasks.handle_webhook(row.pk)
    assert len(deletions) == 1


def test_the_sweep_handles_what_the_broker_did_not_take(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, deletions: list[dict[str, Any]], caplog: Any
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(tasks.handle_webhook, "apply_async", refuse)
    assert send(meeting_deleted(86012345678)).status_code == 200
    assert "broker did not take" in caplog.text
    assert not deletions
    tasks.sweep()
    assert len(deletions) == 1


def test_the_task_is_really_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, ...]] = []
    monkeypatch.setattr(tasks.handle_webhook, "apply_async", lambda *, args, **_how: sent.append(args))
    send(meeting_deleted(86012345678))
    assert sent == [(WebhookEvent.objects.get().pk,)]


@pytest.fixture
def failing() -> Iterator[Callable[[], None]]:
    """A receiver that fails, until it is called off."""

    def fail(sender: object, **said: Any) -> None:
        raise LookupError("planted")

    signals.meeting_deleted.connect(fail, weak=False)

    def stop() -> None:
        signals.meeting_deleted.disconnect(fail)

    yield stop
    stop()


def test_a_failure_stays_in_the_row_and_is_tried_again(
    failing: Callable[[], None], deletions: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    send(meeting_deleted(86012345678))
    with transaction.atomic():
        tasks.sweep()
    row = WebhookEvent.objects.get()
    assert (row.handled_at, row.attempts, row.error) == (None, 1, "LookupError")
    assert row.next_attempt_at is not None
    assert row.next_attempt_at > timezone.now()
    assert "could not be handled" in caplog.text
    failing()
    webhooks.handle(row.pk)
    row.refresh_from_db()
    assert row.handled_at
    assert (row.error, deletions[-1]["external_id"]) == ("", "86012345678")


@pytest.mark.usefixtures("failing")
def test_the_trying_ends_after_two_days(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    send(meeting_deleted(86012345678))
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(days=3))
    tasks.sweep()
    row = WebhookEvent.objects.get()
    assert (row.handled_at, row.next_attempt_at, row.error) == (None, None, "LookupError")


def test_old_rows_go_and_unfinished_ones_stay() -> None:
    for number in (1, 2):
        send(meeting_deleted(number))
    webhooks.handle(WebhookEvent.objects.earliest("pk").pk)
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(days=31))
    webhooks.forget_old()
    assert WebhookEvent.objects.get().handled_at is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (meeting_deleted(None), "names no meeting"),
        (meeting_deleted("12\x00"), "names no meeting"),
        (meeting_deleted(1.5e300), "names no meeting"),
        (meeting_deleted(True), "names no meeting"),
        (event("meeting.deleted", object=[]), "names no meeting"),
        (deauthorized("u1", client_id=APP, at="soon"), "no moment"),
        (deauthorized("u1", client_id=APP, at="2999-01-01T00:00:00"), "no moment"),
        (deauthorized("u1", client_id=APP, at="2999-99-99T00:00:00Z"), "no moment"),
        (deauthorized("u1", client_id="another-app"), "another app"),
        (deauthorized("", client_id=APP), "names no user"),
        (deauthorized("u\ud800", client_id=APP), "names no user"),
        (deauthorized("u" * 300, client_id=APP), "names no user"),
        (event("app_deauthorized"), "another app"),
    ],
)
def test_what_cannot_be_acted_upon_is_a_row_that_says_why(body: bytes, why: str, queued: list[int]) -> None:
    assert send(body).status_code == 200
    row = WebhookEvent.objects.get()
    assert why in row.error
    assert (row.payload, row.next_attempt_at, queued) == ({}, None, [])
    assert row.handled_at


def test_an_admin_sees_events_and_changes_none(admin_client: Client) -> None:
    send(meeting_deleted(86012345678))
    row = WebhookEvent.objects.get()
    for page in ("", f"{row.pk}/change/"):
        answer = admin_client.get(f"/admin/integrations/webhookevent/{page}")
        assert answer.status_code == 200
        assert "86012345678" not in answer.content.decode()
    assert admin_client.post(f"/admin/integrations/webhookevent/{row.pk}/change/", {}).status_code == 403
    assert admin_client.get("/admin/integrations/webhookevent/add/").status_code == 403
