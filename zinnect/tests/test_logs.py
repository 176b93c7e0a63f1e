"""Log lines: machines can read them, the ids of request, task, booking and connection tie them together, no person."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from celery import current_app
from django.test import Client
from django_structlog.celery.receivers import CeleryReceiver

from bookings.models import Booking, Organizer
from bookings.tests.people import booked as row_of_booking
from bookings.tests.world import INVITEE, booked, connect, settle
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox
from zinnect import logs

pytestmark = pytest.mark.django_db


class Lines:
    """What a process writes to its standard error."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, **wanted: Any) -> list[dict[str, Any]]:
        return [line for line in self.all if wanted.items() <= line.items()]


def _captured(*, readable: bool) -> Iterator[Lines]:
    formatter = logs.configuration(level="INFO", readable=readable)["formatters"]["line"]
    made = dict(formatter)
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(made.pop("()")(**made))
    root = logging.getLogger()
    root.addHandler(handler)
    yield Lines(handler.stream)
    root.removeHandler(handler)
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines() -> Iterator[Lines]:
    """As in production."""
    yield from _captured(readable=False)


@pytest.fixture
def readable() -> Iterator[Lines]:
    """As with DEBUG."""
    yield from _captured(readable=True)


def test_a_request_is_one_line_with_its_id_and_its_route(lines: Lines, client: Client, ada: Organizer) -> None:
    booking = row_of_booking(ada)
    client.get(f"/b/{booking.token}/?tz=Europe/Berlin")

    (line,) = lines.all
    assert (line["event"], line["level"], line["code"]) == ("request_finished", "info", 200)
    assert line["request"] == "GET /b/<slug:token>/"
    assert len(line["request_id"]) == 36
    assert booking.token not in lines.text


def test_what_a_request_does_carries_the_requests_id(lines: Lines, as_ada: Client, ada: Organizer) -> None:
    booking = row_of_booking(ada)
    as_ada.post(f"/bookings/{booking.uid}/cancel/", {"reason": "I am ill, sorry: Ida, ida@example.org"})

    (done,) = lines.of(event="timeline", kind="cancelled")
    (request,) = lines.of(event="request_finished")
    assert done["request_id"] == request["request_id"]
    assert done["booking_id"] == booking.pk
    assert "ill" not in lines.text


def test_a_task_carries_the_ids_of_whoever_queued_it() -> None:
    receiver = CeleryReceiver()
    headers: dict[str, Any] = {}
    with structlog.contextvars.bound_contextvars(request_id="the request", booking_id=7):
        receiver.receiver_before_task_publish(headers=headers, body={}, properties={}, routing_key="celery")
    task = current_app.tasks["bookings.tasks.arrange_booking"]
    task.push_request(**headers)
    try:
        receiver.receiver_task_prerun("the task", task)
        assert structlog.contextvars.get_contextvars() == {
            "task_id": "the task",
            "request_id": "the request",
            "booking_id": 7,
        }
    finally:
        task.pop_request()
        structlog.contextvars.clear_contextvars()


def test_the_whole_way_of_a_booking_is_told_by_ids_alone(lines: Lines, ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))

    kinds = {line["kind"] for line in lines.of(event="timeline", booking_id=booking.pk)}
    assert {"booked", "meeting_made", "event_inserted", "announced", "mail"} <= kinds
    connected = {line["connection_id"] for line in lines.of(event="connection", kind="connected")}
    assert connected == set(Connection.objects.values_list("pk", flat=True))
    assert _named_people(lines.text, booking, sandbox) == []


def _named_people(text: str, booking: Booking, sandbox: Sandbox) -> list[str]:
    (meeting,) = sandbox.meetings()
    accounts = [name for row in Connection.objects.all() for name in (row.email, row.external_id, row.display_name)]
    secret = [INVITEE, "Ida Invitee", booking.token, booking.organizer.email, meeting["join_url"], str(meeting["id"])]
    return [word for word in (*secret, *accounts) if word and word in text]


def test_a_line_about_a_connection_says_which(lines: Lines, ada: Organizer, sandbox: Sandbox) -> None:
    from integrations.oauth import call_with_token

    connect(ada, sandbox, "zoom")
    zoom = Connection.objects.get()
    call_with_token(zoom, lambda _token: logging.getLogger("a.library").warning("something about the call"))

    (line,) = lines.of(event="something about the call")
    assert (line["connection_id"], line["logger"]) == (zoom.pk, "a.library")


def test_a_failed_request_tells_its_traceback_without_what_people_said(
    lines: Lines, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no answer for ida@example.org, Bearer abc.def, https://zoom.us/j/91234567890?pwd=x")

    monkeypatch.setattr("zinnect.pages.render", broken)
    client.raise_request_exception = False
    client.get("/help/zoom/")

    (line,) = lines.of(event="request_failed")
    assert line["code"] == 500
    assert "RuntimeError: no answer for […], Bearer […], […]" in line["exception"]
    assert "Traceback" in line["exception"]


def test_what_postgresql_refuses_is_not_quoted_and_where_it_was_asked_is(lines: Lines) -> None:
    words = "duplicate key\nDETAIL:  Failing row contains (1, Ida,\n\nnotes of hers)."

    def in_our_own_code() -> None:
        raise RuntimeError("not saved")

    try:
        try:
            raise ValueError(words)
        except ValueError:
            in_our_own_code()
    except RuntimeError:
        logging.getLogger("a.library").exception("broken")

    (line,) = lines.of(event="broken")
    assert "duplicate key\nDETAIL:  […]\n\nDuring handling of the above exception" in line["exception"]
    assert "in in_our_own_code" in line["exception"]
    assert "Ida" not in line["exception"]
    assert "hers" not in line["exception"]


def test_a_developer_reads_lines(readable: Lines, client: Client) -> None:
    client.get("/privacy/")

    assert "request_finished" in readable.text
    assert "request=GET /privacy/" in readable.text.replace("'", "")
    assert "{" not in readable.text
