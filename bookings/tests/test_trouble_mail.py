"""The one mail about what gave up or needs a person: when it is sent, when it is not, and what it says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from bookings.arrange import live
from bookings.models import Booking, Meeting, Message, Organizer
from bookings.services import cancel, reschedule, retry
from bookings.status import current_link
from bookings.tests.world import INVITEE, again, booked, connect, live_meeting, next_weekday, settle
from calendars.models import Calendar
from integrations.models import Connection
from integrations.oauth import remove
from integrations.sandbox.testing import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

NOT_ALLOWED = {"status": 403, "reason": "insufficientPermissions"}
DOWN = {"status": 503}
ALL_BUT_THE_LIST = ["user:read:user", *(f"meeting:{verb}:meeting" for verb in ("read", "write", "update", "delete"))]


@pytest.fixture(autouse=True)
def _short_timeouts(settings: Any) -> None:
    settings.PROVIDER_TIMEOUT_SECONDS = 0.5


def told() -> list[EmailMessage]:
    """The mails about trouble."""
    return [message for message in mail.outbox if message.subject.startswith("Needs you")]


def html_of(message: EmailMessage) -> str:
    assert isinstance(message, EmailMultiAlternatives)
    return str(message.alternatives[0][0])


def refuse(sandbox: Sandbox, service: str, call: str, **params: Any) -> None:
    """From now on, every such call gets this answer."""
    sandbox.fault(service=service, call=call, kind="status", times=None, params=params)


def hours_ago(booking: Booking, hours: float) -> Booking:
    """As if the revision had begun so long ago, and all waiting were over."""
    then = timezone.now() - timedelta(hours=hours)
    Booking.objects.filter(pk=booking.pk).update(revised_at=then, confirmed_at=then)
    return again(booking)


def moved(booking: Booking) -> Booking:
    return settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))


# --- At once, when no further try will help -------------------------------------------------------------------------


def test_a_meeting_that_zoom_will_not_move_is_told_once(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    refuse(sandbox, "zoom", "meetings.patch", status=400, code=300)
    booking = moved(booking)
    (message,) = told()
    assert message.to == ["ada@example.com"]
    assert "Zoom did not accept the meeting's details." in message.body
    assert "In Zoom the meeting still has its earlier time" in message.body
    assert f"Ida Invitee knows the time and has this link: {live_meeting(sandbox)['join_url']}" in message.body
    assert f"http://localhost:8000/bookings/{booking.uid}/" in message.body
    assert "http://localhost:8000/apps/integrations/zoom/" in message.body
    for _time in range(3):
        again(booking)
    retry(booking=booking)
    settle(booking)
    assert len(told()) == 1


def test_an_event_that_google_will_not_delete_is_told_once(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    refuse(sandbox, "google", "events.delete", **NOT_ALLOWED)
    booking = again(settle(cancel(booking=booking, by="invitee")))
    (message,) = told()
    assert "Google Calendar does not allow this" in message.body
    assert "The event is still in your calendar." in message.body
    assert "Ida Invitee knows that it was cancelled." in message.body
    assert "When you have mended it" in message.body


def test_a_meeting_that_zoom_will_not_move_before_it_is_over_is_told_at_once(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    headers = {"Retry-After": (timezone.now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    refuse(sandbox, "zoom", "meetings.patch", status=429, message="per-day rate limit", headers=headers)
    moved(booking)
    (message,) = told()
    assert "daily limit" in message.body


def test_a_mail_that_the_invitees_server_refuses_is_told_once(ada: Organizer, refused: str) -> None:
    booking = again(settle(booked(ada, email=refused)))
    (message,) = told()
    assert f"The mail to {refused} could not be delivered" in message.body
    assert f"mailto:{refused}" in message.body
    assert "Ida Invitee has not heard of this yet." in message.body
    assert booking.arranged_revision == 1


def test_a_meeting_that_may_be_left_over_in_zoom_is_told_once(ada: Organizer, sandbox: Sandbox) -> None:
    sandbox.act("set_scopes", service="zoom", scopes=ALL_BUT_THE_LIST)
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    Meeting.objects.update(attempted_at=timezone.now() - timedelta(minutes=1))
    booking = again(booking)
    (message,) = told()
    assert "a meeting may be left over there" in message.body
    assert (current_link(booking)[0], booking.arranged_revision) == ("zoom", 1)


def test_a_meeting_left_over_by_a_remove_is_told_once(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    remove(Connection.objects.get(user=ada.user, provider="zoom"), by="organizer")
    booking = again(again(booking))
    (message,) = told()
    assert "it was removed here while the meeting was being made" in message.body
    assert "knows the time and has this link: https://meet.google.com/" in message.body


# --- After a while, when tries go on and on -------------------------------------------------------------------------


def test_what_fails_for_an_hour_is_told_once_and_tried_all_the_same(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    refuse(sandbox, "zoom", "meetings.patch", **DOWN)
    booking = again(again(moved(booking)))
    assert not told()
    booking = hours_ago(booking, 1)
    assert not told()
    assert booking.next_attempt_at is not None
    assert booking.next_attempt_at <= timezone.now() + timedelta(minutes=5)
    booking = again(hours_ago(booking, 1.1))
    (message,) = told()
    assert "We go on trying." in message.body
    sandbox.clear_faults()
    booking = again(booking)
    assert booking.arranged_revision == booking.revision
    assert len(told()) == 1


def test_where_the_meeting_is_near_the_organizer_hears_of_it_in_time(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    refuse(sandbox, "zoom", "meetings.patch", **DOWN)
    booking = moved(booking)
    start = timezone.now() + timedelta(minutes=20)
    Booking.objects.filter(pk=booking.pk).update(
        start=start, end=start + timedelta(minutes=30), blocked_from=start, blocked_until=start + timedelta(minutes=30)
    )
    again(booking)
    assert not told()
    hours_ago(booking, 0.5)
    assert len(told()) == 1


def test_a_clean_up_that_gave_up_after_seven_days_is_told_once(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, start=next_weekday(10, days=20)))
    sandbox.act("revoke_grant", service="google")
    booking = settle(cancel(booking=booking, by="invitee"))
    assert not told()
    booking = hours_ago(booking, 7 * 24 + 1)
    assert booking.gave_up_at is not None
    (message,) = told()
    assert "We have stopped trying." in message.body
    assert booking.next_attempt_at is None
    settle(booking)
    assert len(told()) == 1
    assert booking.timeline.filter(kind="gave_up").count() == 1


def test_a_fault_of_our_own_is_told_after_an_hour(ada: Organizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(live, "follow", broken)
    booking = booked(ada)
    for hours in (0, 2, 3):
        with pytest.raises(ZeroDivisionError):
            hours_ago(booking, hours)
        assert len(told()) == bool(hours)
    assert "Something went wrong on our side. We try again." in told()[0].body
    booking.refresh_from_db()
    assert booking.next_attempt_at is not None
    assert booking.lease_owner == ""


# --- Not at all -----------------------------------------------------------------------------------------------------


def test_a_fallback_to_meet_is_told_by_the_confirmation_alone(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    refuse(sandbox, "zoom", "meetings.create", status=400, code=3161)
    again(settle(booked(ada)))
    assert sorted(message.to for message in mail.outbox) == [["ada@example.com"], [INVITEE]]


def test_an_invitation_by_our_mail_is_told_by_the_confirmation_alone(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    refuse(sandbox, "google", "events.insert", **NOT_ALLOWED)
    hours_ago(settle(booked(ada)), 3)
    (to_organizer,) = [message for message in mail.outbox if message.to == ["ada@example.com"]]
    assert "Google Calendar does not allow this" in to_organizer.body


def test_what_only_waits_for_a_lost_connection_is_not_told_again(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.act("revoke_grant", service="zoom")
    booking = hours_ago(moved(booking), 3)
    assert booking.arranged_revision < booking.revision
    assert not told()


def test_a_booking_made_while_the_calendar_is_lost_is_not_told_either(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    booking = booked(ada)
    Calendar.objects.all().delete()
    sandbox.act("revoke_grant", service="google")
    booking = hours_ago(settle(booking), 3)
    assert booking.arranged_revision < booking.revision
    assert booking.next_attempt_at == booking.end
    assert not told()


def test_after_the_meeting_there_is_a_row_and_no_mail(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    refuse(sandbox, "zoom", "meetings.patch", **DOWN)
    booking = moved(booking)
    ago = timezone.now() - timedelta(days=1)
    Booking.objects.filter(pk=booking.pk).update(
        start=ago, end=ago + timedelta(minutes=30), blocked_from=ago, blocked_until=ago + timedelta(minutes=30)
    )
    booking = again(booking)
    assert booking.gave_up_at is not None
    assert not told()


def test_what_is_mended_before_the_mail_could_be_sent_is_not_told(
    ada: Organizer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    refuse(sandbox, "google", "events.delete", **NOT_ALLOWED)

    def unreachable(self: EmailMessage, fail_silently: bool = False) -> int:
        raise OSError("no route to the mail server")

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", unreachable)
        booking = settle(cancel(booking=booking, by="organizer"))
    assert booking.messages.get(kind=Message.Kind.TROUBLE).state == Message.State.SENDING
    sandbox.clear_faults()
    retry(booking=booking)
    booking = again(booking)
    assert not told()
    assert booking.messages.get(kind=Message.Kind.TROUBLE).state == Message.State.DROPPED


# --- In the organizer's words ---------------------------------------------------------------------------------------


def test_it_is_in_the_organizers_language_and_zone(ada: Organizer, refused: str) -> None:
    Organizer.objects.update(language="de", timezone="Asia/Tokyo")
    settle(booked(ada, email=refused))
    (message,) = [message for message in mail.outbox if message.subject.startswith("Sie sind gefragt")]
    assert 'lang="de"' in html_of(message)
    assert "(Asia/Tokyo, UTC+09:00)" in message.body


def test_it_says_what_the_page_says(as_ada: Client, ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    refuse(sandbox, "zoom", "meetings.patch", status=400, code=300)
    booking = moved(booking)
    words = "Zoom did not accept the meeting's details. In Zoom the meeting still has its earlier time"
    page = as_ada.get(f"/bookings/{booking.uid}/").content.decode().replace("&#x27;", "'")
    assert words in page
    assert words in told()[0].body
    assert words in html_of(told()[0]).replace("&#x27;", "'")


def test_a_new_revision_may_need_a_mail_of_its_own(ada: Organizer, refused: str) -> None:
    booking = settle(booked(ada, email=refused))
    moved(booking)
    assert len(told()) == 2
    assert len({message.extra_headers["Message-ID"] for message in told()}) == 2
