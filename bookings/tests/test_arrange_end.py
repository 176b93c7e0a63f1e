"""Who tells of the end when the calendar does not play along: whoever was invited hears of it, and once."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from pytest_django import Settings

from bookings.models import Organizer
from bookings.services import cancel, reschedule
from bookings.tests.world import (
    INVITEE,
    again,
    booked,
    calendar_part,
    connect,
    live_event,
    next_weekday,
    settle,
)
from integrations.models import Connection
from integrations.oauth import remove
from integrations.sandbox.testing import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

_IN_AN_HOUR = {"status": 429, "headers": {"Retry-After": "3600"}}


def _cancels(message: EmailMessage) -> bool:
    parts = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
    return any(part.get_param("method") == "CANCEL" for part in parts)


def _told_by(sandbox: Sandbox, person: str = INVITEE) -> list[str]:
    """Who told ``person`` of the end: Google, or a calendar object in a mail of ours."""
    google = ["calendar" for entry in sandbox.ledger(person) if entry["kind"] == "cancelled"]
    ours = ["mail" for message in mail.outbox if message.to == [person] and _cancels(message)]
    return google + ours


def test_guests_hear_of_a_cancel_although_the_event_was_deleted_in_the_calendar(
    ada: Organizer, sandbox: Sandbox
) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, guests=("gus@example.org",)))
    sandbox.act("delete_event", id=live_event(sandbox)["id"])
    booking = settle(cancel(booking=booking, by="organizer"))
    to_guest = next(message for message in mail.outbox if message.to == ["gus@example.org"])
    assert "METHOD:CANCEL" in calendar_part(to_guest)
    assert booking.arranged_revision == 2


def test_a_delete_whose_answer_was_lost_tells_people_once(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.fault(service="google", call="events.delete", kind="drop_after", times=1)
    booking = again(settle(cancel(booking=booking, by="organizer")))
    assert [entry["kind"] for entry in sandbox.ledger(INVITEE)] == ["invitation", "cancelled"]
    (last,) = [message for message in mail.outbox[2:] if message.to == [INVITEE]]
    assert all(part.get_content_type() != "text/calendar" for part in last.message().walk())
    assert booking.arranged_revision == 2


def test_whom_only_our_mail_invited_our_mail_tells_of_the_end(
    ada: Organizer, sandbox: Sandbox, settings: Settings
) -> None:
    """The move was to be announced by the calendar, and that call never arrived: nobody is on the event to be told."""
    connect(ada, sandbox, "google", "zoom")
    settings.MEETING_FALLBACK_SECONDS = 0
    sandbox.fault(service="google", call="events.patch", kind="status", times=None, params={"status": 429})
    booking = settle(booked(ada))
    assert not live_event(sandbox).get("attendees")
    sandbox.clear_faults()
    settings.MEETING_FALLBACK_SECONDS = 300
    sandbox.fault(service="google", call="events.patch", kind="refuse", times=1)
    booking.calendar_entries.update(next_attempt_at=None, attempts=0)
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert booking.announcements.get(revision=2).in_doubt
    booking = again(cancel(booking=booking, by="organizer"))
    assert booking.arranged_revision == 3
    assert not sandbox.events(live=True)
    last = [message for message in mail.outbox if message.to == [INVITEE]][-1]
    assert "METHOD:CANCEL" in calendar_part(last)
    assert not sandbox.ledger()


def test_whom_an_invitation_in_doubt_reached_our_mail_tells_of_the_end(ada: Organizer, sandbox: Sandbox) -> None:
    """The one announcement was made, but its answer was lost; then the calendar cannot be reached in time."""
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="google", call="events.patch", kind="drop_after", times=1)
    booking = settle(booked(ada))
    assert [entry["kind"] for entry in sandbox.ledger(INVITEE)] == ["invitation"]
    assert not booking.announcements.filter(done_at__isnull=False).exists()
    sandbox.fault(service="google", call="events.delete", kind="status", times=1, params=_IN_AN_HOUR)
    booking = again(cancel(booking=booking, by="organizer"))
    assert _told_by(sandbox) == ["mail"]
    booking = again(booking)
    assert booking.arranged_revision == 2
    assert not sandbox.events(live=True)
    assert _told_by(sandbox) == ["mail"]


def test_whom_the_calendar_cannot_tell_any_more_our_mail_tells_of_the_end(ada: Organizer, sandbox: Sandbox) -> None:
    """Google is removed while the event's deletion waits for another try."""
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.fault(service="google", call="events.delete", kind="status", times=1, params={"status": 429})
    booking = settle(cancel(booking=booking, by="organizer"))
    assert not _told_by(sandbox)
    remove(Connection.objects.get(user=ada.user, provider="google"), by="organizer")
    booking = again(booking)
    assert booking.arranged_revision == 2
    assert _told_by(sandbox) == ["mail"]


def test_whose_second_event_was_never_made_our_mail_tells_of_the_end(ada: Organizer, sandbox: Sandbox) -> None:
    """Its first event was deleted in the calendar, and the second was not inserted yet."""
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.act("delete_event", id=live_event(sandbox)["id"])
    sandbox.fault(service="google", call="events.insert", kind="status", times=None, params={"status": 429})
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    booking = settle(booking)
    assert [entry.state for entry in booking.calendar_entries.order_by("id")] == ["gone", "inserting"]
    booking = again(cancel(booking=booking, by="organizer"))
    assert booking.arranged_revision == 3
    assert _told_by(sandbox) == ["mail"]
