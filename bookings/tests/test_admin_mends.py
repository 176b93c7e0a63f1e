"""Five ways in which a booking fails: admin finds it by a filter, explains it in words, and one action mends it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from bookings.arrange import arrange_due
from bookings.models import Booking, Organizer
from bookings.services import reschedule
from bookings.status import current_link
from bookings.tests.world import (
    INVITEE,
    LIST,
    act,
    again,
    booked,
    connect,
    live_event,
    live_meeting,
    next_weekday,
    page_of,
    settle,
)
from integrations import tasks
from integrations.models import Connection, DailyUse
from integrations.sandbox.testing import Sandbox
from integrations.utc_days import day_of, next_day

pytestmark = [pytest.mark.django_db, pytest.mark.faults, pytest.mark.usefixtures("connected_at_noon")]

ARRANGED = "It is arranged: calendar, meeting and mail follow the booking."
ALL_BUT_EVENTS = ["openid", "email", "calendar.freebusy", "calendar.calendarlist.readonly"]


def is_found(client: Client, booking: Booking, query: str) -> bool:
    """Whether the list shows the booking when it is filtered so."""
    return f"{LIST}{booking.pk}/change/" in client.get(f"{LIST}?{query}").content.decode()


def start_in_zoom(sandbox: Sandbox) -> datetime:
    return datetime.fromisoformat(live_meeting(sandbox)["start_time"])


def google_told(sandbox: Sandbox) -> list[str]:
    return [str(entry["kind"]) for entry in sandbox.ledger(INVITEE)]


def test_zoom_was_revoked(ada: Organizer, sandbox: Sandbox, as_admin: Client) -> None:
    """The organizer connects it again, as the mail asked; "Arrange here" then brings the meeting in step."""
    booking = settle(booked(ada))
    sandbox.act("revoke_grant", service="zoom", webhook=False)
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="invitee"))
    assert start_in_zoom(sandbox) != booking.start

    assert is_found(as_admin, booking, "trouble=reconnect&unfinished=yes")
    page = page_of(as_admin, booking)
    assert "Zoom needs to be reconnected: Zoom no longer accepts our access." in page
    assert "The organizer presses Connect under Apps → Integrations; they were mailed." in page

    connect(ada, sandbox, "zoom")
    assert ARRANGED in act(as_admin, "arrange_here", booking)
    assert start_in_zoom(sandbox) == booking.start
    assert live_event(sandbox)["location"] == live_meeting(sandbox)["join_url"]
    assert google_told(sandbox) == ["invitation", "updated invitation"]
    assert len([message for message in mail.outbox if message.to == [INVITEE]]) == 2
    assert not is_found(as_admin, booking, "trouble=reconnect")
    assert "Nothing is wrong" in page_of(as_admin, booking)


def test_a_permission_at_google_was_withdrawn(
    ada: Organizer,
    sandbox: Sandbox,
    as_admin: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """The connection looks well, so nobody was told: forcing a reconnect mails the organizer, and the rest follows."""
    booking = booked(ada)
    sandbox.act("set_scopes", service="google", scopes=ALL_BUT_EVENTS, now=True)
    booking = settle(booking)
    assert current_link(booking)[0] == "zoom"
    assert not sandbox.events()

    assert is_found(as_admin, booking, "unfinished=yes")
    page = page_of(as_admin, booking)
    assert "The booking is not in your calendar yet." in page
    assert "Request had insufficient authentication scopes." in page
    assert "Where a permission is missing, “Force a reconnect” on the organizer's connection" in page
    google, mails = Connection.objects.get(user=ada.user, provider="google"), len(mail.outbox)

    chosen = {"action": "force_reconnect", "_selected_action": google.pk}
    as_admin.post("/admin/integrations/connection/", chosen)
    tasks.sweep()
    assert [message.to for message in mail.outbox[mails:]] == [["ada@example.com"]]
    sandbox.act("set_scopes", service="google", scopes=None)
    with django_capture_on_commit_callbacks(execute=True):
        connect(ada, sandbox, "google")
    assert arrange_due() == 1
    booking.refresh_from_db()
    assert booking.arranged_revision == booking.revision
    event = live_event(sandbox)
    assert event["location"] == live_meeting(sandbox)["join_url"] == current_link(booking)[1]
    assert not event.get("hangoutLink")
    assert google_told(sandbox) == []  # our mail had invited them
    assert len([message for message in mail.outbox if message.to == [INVITEE]]) == 1
    assert "Nothing to do: people hold what is announced." in page_of(as_admin, booking)


def test_the_days_limit_is_used_up(ada: Organizer, sandbox: Sandbox, as_admin: Client) -> None:
    """What people hold follows by itself when the day is over; "Arrange here" does it then without a worker."""
    booking = settle(booked(ada))
    DailyUse.objects.filter(day=day_of(timezone.now())).update(calls=100)
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="invitee"))
    assert start_in_zoom(sandbox) != booking.start

    assert is_found(as_admin, booking, "unfinished=yes")
    page, midnight = page_of(as_admin, booking), next_day(timezone.now())
    assert "The daily limit of new or changed Zoom meetings (100) is used up." in page
    assert f"It is tried again by itself at {midnight:%Y-%m-%d} 00:00:00 UTC; “Arrange now” tries at once." in page
    assert "It is not finished: The daily limit" in act(as_admin, "arrange_here", booking)
    assert len(sandbox.calls("meetings.patch")) == 0

    with time_machine.travel(midnight + timedelta(minutes=1)):
        assert ARRANGED in act(as_admin, "arrange_here", booking)
        assert not is_found(as_admin, booking, "unfinished=yes")
    assert start_in_zoom(sandbox) == booking.start
    assert google_told(sandbox) == ["invitation", "updated invitation"]


def test_a_mail_was_refused(
    ada: Organizer, sandbox: Sandbox, as_admin: Client, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = settle(booked(ada, email=refused))
    assert [message.to for message in mail.outbox if message.to == [refused]] == []

    assert is_found(as_admin, booking, "trouble=mail")
    page = page_of(as_admin, booking)
    assert f"The mail to {refused} could not be delivered: The mail server refused the mail to {refused}." in page
    assert "Once the address takes mail, “Send mail again”" in page

    monkeypatch.undo()  # the mailbox is there now
    assert "The mails of 1 booking are sent again." in act(as_admin, "send_mail_again", booking)
    booking = settle(booking)
    (letter,) = [message for message in mail.outbox if message.to == [refused]]
    assert live_meeting(sandbox)["join_url"] in letter.body
    assert letter.extra_headers["Message-ID"].startswith(f"<{booking.messages.get(to_email=refused).uid}@")
    assert len(sandbox.ledger(refused)) == 1
    assert not is_found(as_admin, booking, "trouble=mail")
    assert "Nothing is wrong" in page_of(as_admin, booking)


def test_no_worker_is_alive(ada: Organizer, sandbox: Sandbox, as_admin: Client) -> None:
    booking = booked(ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert is_found(as_admin, booking, "unfinished=yes")
        page = page_of(as_admin, booking)
        assert "and no worker has taken it up." in page
        assert "Start workers and beat. “Arrange here” does it at once, without them." in page
        assert not sandbox.events()
        assert not mail.outbox

        assert ARRANGED in act(as_admin, "arrange_here", booking)
        booking.refresh_from_db()
        assert live_event(sandbox)["location"] == live_meeting(sandbox)["join_url"] == current_link(booking)[1]
        assert google_told(sandbox) == ["invitation"]
        assert sorted(message.to for message in mail.outbox) == [["ada@example.com"], [INVITEE]]
        assert "Nothing is wrong" in page_of(as_admin, booking)
    assert again(booking).arranged_revision == 1
    assert (len(sandbox.meetings()), len(mail.outbox)) == (1, 2)
