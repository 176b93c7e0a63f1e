"""From a confirmed booking to one link, one event, one meeting and one mail to each: against the sandbox over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from bookings.arrange import arrange
from bookings.arrange.lease import Lease
from bookings.models import Announcement, Booking, Organizer
from bookings.services import cancel, reschedule
from bookings.status import current_link, page_status
from bookings.tests.world import (
    INVITEE,
    Many,
    booked,
    calendar_part,
    connect,
    live_event,
    live_meeting,
    next_weekday,
    settle,
)
from integrations.models import Connection
from integrations.oauth import remove
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db


def test_the_zoom_link_replaces_the_meet_link_and_everyone_is_told_once(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))

    meeting, event = live_meeting(sandbox), live_event(sandbox)
    assert event["location"] == meeting["join_url"]
    assert meeting["join_url"] in event["description"]
    assert not event.get("hangoutLink")
    assert not event.get("conferenceData")
    first = event["history"][0]
    assert first["data"]["hangoutLink"]
    assert not first["data"].get("attendees")
    (invitation,) = sandbox.ledger()
    assert (invitation["to"], invitation["kind"]) == (INVITEE, "invitation")
    assert invitation["location"] == meeting["join_url"]
    assert sorted(message.to[0] for message in mail.outbox) == ["ada@example.com", INVITEE]
    assert all(meeting["join_url"] in message.body for message in mail.outbox)
    assert current_link(booking) == ("zoom", meeting["join_url"])
    assert page_status(booking) == "ready"
    assert (booking.arranged_revision, booking.next_attempt_at) == (1, None)


def test_a_second_arranging_does_nothing(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    calls = len(sandbox.calls())
    Booking.objects.update(arranged_revision=0)
    settle(booking)
    assert len(sandbox.calls()) == calls
    assert len(mail.outbox) == 2


def test_without_zoom_the_event_keeps_its_meet_link_after_one_call(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    booking = settle(booked(ada))
    event = live_event(sandbox)
    assert current_link(booking) == ("google_meet", event["hangoutLink"])
    assert len(sandbox.calls("events.insert")) == 1
    assert not sandbox.calls("events.patch")
    assert [entry["kind"] for entry in sandbox.ledger(INVITEE)] == ["invitation"]
    assert not sandbox.meetings()


def test_without_a_calendar_our_mail_is_the_invitation(ada: Organizer, sandbox: Sandbox) -> None:
    booking = settle(booked(ada, guests=("gus@example.org",)))
    assert current_link(booking) == ("", "")
    assert page_status(booking) == "ready"
    by_reader = {message.to[0]: message for message in mail.outbox}
    assert set(by_reader) == {"ada@example.com", INVITEE, "gus@example.org"}
    for reader in (INVITEE, "gus@example.org"):
        assert "METHOD:REQUEST" in calendar_part(by_reader[reader])
        assert "will send you the link" in by_reader[reader].body
    assert "/b/" not in by_reader["gus@example.org"].body


def test_moving_a_booking_moves_the_same_meeting_and_event(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    before = live_meeting(sandbox)
    moved = settle(reschedule(booking=booking, start=next_weekday(14), by="invitee"))

    after, event = live_meeting(sandbox), live_event(sandbox)
    assert (after["id"], after["join_url"]) == (before["id"], before["join_url"])
    assert after["start_time"] == next_weekday(14).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert datetime.fromisoformat(event["start"]["dateTime"]) == next_weekday(14)
    assert event["location"] == before["join_url"]
    assert not event.get("hangoutLink")
    assert [entry["kind"] for entry in sandbox.ledger(INVITEE)] == ["invitation", "updated invitation"]
    assert len(mail.outbox) == 4
    assert page_status(moved) == "ready"
    assert moved.arranged_revision == 2


def test_cancelling_deletes_both_and_tells_everyone(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    cancelled = settle(cancel(booking=booking, by="organizer", reason="A cold."))
    assert not sandbox.events(live=True)
    assert not sandbox.meetings(live=True)
    assert [entry["kind"] for entry in sandbox.ledger(INVITEE)] == ["invitation", "cancelled"]
    assert sorted(message.to[0] for message in mail.outbox[2:]) == ["ada@example.com", INVITEE]
    assert "A cold." in mail.outbox[2].body
    assert (page_status(cancelled), cancelled.arranged_revision) == ("cancelled", 2)


def test_removing_zoom_leaves_its_meetings_alone_and_brings_meet_back(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    earlier = settle(booked(ada))
    remove(Connection.objects.get(user=ada.user, provider="zoom"), by="organizer")
    later = settle(booked(ada, start=next_weekday(15), key="form-2"))
    assert current_link(later)[0] == "google_meet"

    settle(cancel(booking=earlier, by="organizer"))
    assert len(sandbox.events(live=True)) == 1
    assert len(sandbox.meetings(live=True)) == 1
    told = mail.outbox[-1] if mail.outbox[-1].to == ["ada@example.com"] else mail.outbox[-2]
    assert str(live_meeting(sandbox)["id"]) in told.body
    assert "no longer managed" in told.body

    connect(ada, sandbox, "zoom")
    third = settle(booked(ada, start=next_weekday(11), key="form-3"))
    assert current_link(third)[0] == "zoom"


def test_meetings_by_phone_get_neither_link(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    ada.event_types.update(location="phone", location_detail="+49 30 1234")
    booking = settle(booked(ada))
    event = live_event(sandbox)
    assert not event.get("hangoutLink")
    assert not sandbox.meetings()
    assert current_link(booking) == ("", "")
    assert "+49 30 1234" in mail.outbox[0].body
    assert Announcement.objects.get().channel == "calendar"


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_many_workers_at_once_one_arranges(ada: Organizer, sandbox: Sandbox, at_once: Many) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.tell("/latency", {"zoom": 200, "google": 200})
    booking = booked(ada)
    at_once(5, lambda _number: arrange(booking.pk))
    calls = [entry["call"] for entry in sandbox.calls()]
    assert [calls.count(call) for call in ("meetings.create", "events.insert", "events.patch")] == [1, 1, 1]
    assert len(sandbox.ledger()) == 1
    assert len(mail.outbox) == 2
    booking.refresh_from_db()
    assert booking.arranged_revision == 1


def test_a_worker_that_comes_while_another_is_at_it_leaves_the_booking_alone(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = booked(ada)
    assert Lease.claim(booking.pk)
    before = sandbox.calls()
    arrange(booking.pk)
    assert sandbox.calls() == before
    # The other one died: nobody is at it any more.
    Booking.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    arrange(booking.pk)
    booking.refresh_from_db()
    assert booking.arranged_revision == 1
