"""A booking changed by hand in admin: the outside follows, and people are told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from pytest_django import Settings

from bookings.models import Booking, Organizer
from bookings.tests.world import (
    INVITEE,
    LIST,
    booked,
    connect,
    live_event,
    live_meeting,
    next_weekday,
    settle,
)
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(ada: Organizer, sandbox: Sandbox) -> Booking:
    """Ida's booking with Ada, arranged, with an event and a Zoom meeting."""
    connect(ada, sandbox, "google", "zoom")
    return settle(booked(ada))


def change(client: Client, booking: Booking, **typed: Any) -> tuple[int, str]:
    """Fill in the form as it stands, with what is ``typed``, and send it: the status, and the page that follows."""
    now = {
        "seen": booking.revision,
        "title": booking.title,
        "invitee_name": booking.invitee_name,
        "invitee_email": booking.invitee_email,
        "location_detail": booking.location_detail,
        "start": f"{booking.start.astimezone(UTC):%Y-%m-%d %H:%M}",
    }
    answer = client.post(f"{LIST}{booking.pk}/by-hand/", now | typed, follow=True)
    booking.refresh_from_db()
    return answer.status_code, unescape(answer.content.decode())


def told(sandbox: Sandbox, address: str) -> list[str]:
    """What Google mailed to somebody."""
    return [str(entry["kind"]) for entry in sandbox.ledger(address)]


def test_title_and_name_reach_event_and_meeting_and_people_are_told_once(
    booking: Booking, sandbox: Sandbox, as_admin: Client
) -> None:
    link = live_meeting(sandbox)["join_url"]
    status, page = change(as_admin, booking, title="Contract", invitee_name="Ida Ibsen")
    assert (status, booking.revision, booking.arranged_revision) == (200, 2, 1)
    assert "Changed. Calendar, meeting and mail follow." in page
    settle(booking)
    assert live_event(sandbox)["summary"] == "Contract: Ada Ambrose – Ida Ibsen"
    assert live_meeting(sandbox)["topic"] == "Contract: Ada Ambrose – Ida Ibsen"
    assert live_event(sandbox)["location"] == live_meeting(sandbox)["join_url"] == link
    assert told(sandbox, INVITEE) == ["invitation", "updated invitation"]
    subjects = [message.subject.partition(",")[0] for message in mail.outbox if message.to == [INVITEE]]
    assert subjects == ["Confirmed: Intro call with Ada Ambrose", "Corrected: Contract with Ada Ambrose"]
    assert settle(booking).arranged_revision == 2
    assert len(sandbox.calls("meetings.patch")) == 1
    assert booking.timeline.filter(text="Changed by hand by an administrator.").exists()


def test_another_start_moves_everything(booking: Booking, sandbox: Sandbox, as_admin: Client) -> None:
    start = next_weekday(14)
    change(as_admin, booking, start=f"{start:%Y-%m-%d %H:%M}")
    settle(booking)
    assert datetime.fromisoformat(live_event(sandbox)["start"]["dateTime"]) == start
    assert live_meeting(sandbox)["start_time"] == f"{start:%Y-%m-%dT%H:%M:%SZ}"
    assert booking.end - booking.start == timedelta(minutes=30)
    assert mail.outbox[-1].subject.startswith("New time: ")
    assert told(sandbox, INVITEE) == ["invitation", "updated invitation"]


def test_another_address_is_invited_and_the_earlier_one_loses_its_link(
    booking: Booking, sandbox: Sandbox, as_admin: Client, client: Client
) -> None:
    before = booking.token
    change(as_admin, booking, invitee_email="ida.ibsen@example.org")
    settle(booking)
    assert [person["email"] for person in live_event(sandbox)["attendees"]] == ["ida.ibsen@example.org"]
    assert told(sandbox, "ida.ibsen@example.org") == ["invitation"]
    assert client.get(f"/b/{before}/").status_code == 404
    (letter,) = [message for message in mail.outbox if message.to == ["ida.ibsen@example.org"]]
    assert f"/b/{booking.token}/" in letter.body
    assert client.get(f"/b/{booking.token}/").status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"title": ""}, "This field is required."),
        ({"invitee_email": "ida"}, "Write an e-mail address, like name@example.com."),
        ({"invitee_name": "www.example.org"}, "Write your name without a web address."),
        ({"start": "tomorrow"}, "Enter a valid date/time."),
        ({"start": "2020-01-01 09:00"}, "This time is not offered, or somebody else has it."),
        ({"seen": "7"}, "This booking has just been changed. Look at it again, then change it."),
    ],
)
def test_what_cannot_be_is_said_and_loses_nothing(
    booking: Booking, as_admin: Client, typed: dict[str, str], words: str
) -> None:
    status, page = change(as_admin, booking, **({"title": "Contract"} | typed))
    assert status == 422
    assert words in page
    assert ('value="Contract"' in page) == ("title" not in typed)
    assert (booking.revision, booking.title) == (1, "Intro call")


def test_a_time_that_somebody_else_has_is_refused(booking: Booking, ada: Organizer, as_admin: Client) -> None:
    other = booked(ada, start=next_weekday(14), key="form-2", email="oda@example.org")
    status, page = change(as_admin, booking, start=f"{other.start:%Y-%m-%d %H:%M}")
    assert (status, booking.revision) == (422, 1)
    assert "This time is not offered, or somebody else has it." in page


def test_what_the_organizers_calendar_has_is_refused(booking: Booking, sandbox: Sandbox, as_admin: Client) -> None:
    start = next_weekday(14)
    times = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}
    sandbox.act("add_busy", calendar="primary", **times)
    status, _page = change(as_admin, booking, start=f"{start:%Y-%m-%d %H:%M}")
    assert (status, booking.revision) == (422, 1)


def test_a_calendar_that_does_not_answer_is_said(
    booking: Booking, sandbox: Sandbox, as_admin: Client, settings: Settings
) -> None:
    settings.BUSY_MAX_AGE_SECONDS = 0
    for call in ("freebusy", "events.list"):
        sandbox.fault(service="google", call=call, kind="status", times=None, params={"status": 503})
    start = next_weekday(14)
    status, page = change(as_admin, booking, start=f"{start:%Y-%m-%d %H:%M}")
    assert (status, booking.revision) == (422, 1)
    assert "Google Calendar does not say right now whether this time is free." in page


def test_sending_the_form_as_it_is_changes_nothing(booking: Booking, as_admin: Client) -> None:
    _status, page = change(as_admin, booking)
    assert "Nothing was changed." in page
    assert booking.revision == booking.arranged_revision == 1


def test_what_is_cancelled_is_not_changed(booking: Booking, as_admin: Client) -> None:
    Booking.objects.update(status="cancelled")
    status, page = change(as_admin, booking, title="Contract")
    assert status == 422
    assert "This booking was cancelled." in page


def test_only_who_may_change_bookings_gets_in(booking: Booking, client: Client) -> None:
    looker = get_user_model().objects.create_user("lea", "lea@example.com", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_booking"))
    client.force_login(looker)
    assert client.get(f"{LIST}{booking.pk}/by-hand/").status_code == 403
    assert change(client, booking, title="Contract")[0] == 403
    assert booking.title == "Intro call"


def test_a_meeting_whose_create_was_lost_before_a_change_follows_all_the_same(
    ada: Organizer, sandbox: Sandbox, as_admin: Client
) -> None:
    """What the lost call said is written down with it, so that what is found is known to be of the earlier state."""
    connect(ada, sandbox, "google", "zoom")
    sandbox.act("list_lag", seconds=0)
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    start = next_weekday(14)
    change(as_admin, booking, title="Contract", start=f"{start:%Y-%m-%d %H:%M}")
    booking.meetings.update(next_attempt_at=None, attempted_at=booking.created_at - timedelta(minutes=1))
    settle(booking)
    meeting = live_meeting(sandbox)
    assert (meeting["topic"], meeting["start_time"]) == (
        "Contract: Ada Ambrose – Ida Invitee",
        f"{start:%Y-%m-%dT%H:%M:%SZ}",
    )
