"""Mail and ICS: the right method to the right people, one UID, a rising SEQUENCE, each reader's own time."""

from __future__ import annotations

from smtplib import SMTPServerDisconnected
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from icalendar import Calendar
from pytest_django import Settings

from bookings.invitations import ics_for, when
from bookings.models import Booking, Organizer
from bookings.services import cancel, reschedule
from bookings.tests.world import INVITEE, booked, calendar_part, connect, live_event, next_weekday, settle
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db


def mail_to(address: str) -> list[EmailMessage]:
    return [message for message in mail.outbox if message.to == [address]]


def test_without_a_calendar_each_revision_is_one_request_with_one_uid_and_a_rising_sequence(ada: Organizer) -> None:
    booking = settle(booked(ada))
    settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    settle(cancel(booking=booking, by="organizer"))
    parts = [Calendar.from_ical(calendar_part(message)) for message in mail_to(INVITEE)]
    assert [part["METHOD"] for part in parts] == ["REQUEST", "REQUEST", "CANCEL"]
    events = [part.walk("VEVENT")[0] for part in parts]
    assert len({event["UID"] for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [1, 2, 3]
    assert [event.decoded("DTSTART") for event in events] == [next_weekday(10), next_weekday(14), next_weekday(14)]
    assert events[-1]["STATUS"] == "CANCELLED"


def test_where_google_invites_our_mail_is_no_invitation(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    settle(booked(ada))
    for message in mail.outbox:
        types = [part.get_content_type() for part in message.message().walk()]
        assert "text/calendar" not in types


def test_what_is_added_to_a_calendar_by_hand_is_the_same_event(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    part = Calendar.from_ical(ics_for(booking).decode())
    event = part.walk("VEVENT")[0]
    assert part["METHOD"] == "PUBLISH"
    assert event["UID"] == live_event(sandbox)["iCalUID"]
    assert event["LOCATION"] == live_event(sandbox)["location"]


def test_replies_go_to_the_other_person(ada: Organizer) -> None:
    settle(booked(ada))
    assert mail_to(INVITEE)[0].reply_to == ["Ada Ambrose <ada@example.com>"]
    assert mail_to("ada@example.com")[0].reply_to == [f"Ida Invitee <{INVITEE}>"]


def test_each_reads_the_time_in_their_own_zone_with_its_name(ada: Organizer) -> None:
    booking = settle(booked(ada))
    assert when(booking.start, booking.end, ZoneInfo("America/New_York")) in mail_to(INVITEE)[0].body
    assert "(America/New_York, UTC-05:00)" in mail_to(INVITEE)[0].body
    assert when(booking.start, booking.end, ZoneInfo("Europe/Berlin")) in mail_to("ada@example.com")[0].body


def test_only_the_invitee_gets_the_link_that_changes_the_booking(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, guests=("gus@example.org",)))
    assert booking.token in mail_to(INVITEE)[0].body
    assert booking.token not in mail_to("ada@example.com")[0].message().as_string()
    assert booking.token not in str(live_event(sandbox))


def test_what_the_invitee_typed_stays_text(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    settle(booked(ada, name="<b>Ida</b>", notes="<script>alert(1)</script>\nBEGIN:VALARM"))
    html = next(
        part.get_payload(decode=True).decode()  # type: ignore[union-attr]
        for part in mail_to("ada@example.com")[0].message().walk()
        if part.get_content_type() == "text/html"
    )
    assert "<script>" not in html
    assert "<b>Ida" not in html
    assert "<script>" not in live_event(sandbox)["description"]


def test_a_mail_that_failed_is_sent_again_under_its_own_message_id(
    ada: Organizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def lost(self: EmailMessage, fail_silently: bool = False) -> int:
        sent.append(self.extra_headers["Message-ID"])
        raise OSError("the connection broke after the mail was taken")

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", lost)
        booking = settle(booked(ada))
    assert booking.next_attempt_at is not None
    booking.messages.update(next_attempt_at=None)
    settle(booking)
    assert sorted(message.extra_headers["Message-ID"] for message in mail.outbox) == sorted(sent)
    assert Booking.objects.get().arranged_revision == 1


class _Server:
    """What smtplib.SMTP is to Django: its conversations, each a list of those whom mail was for."""

    conversations: ClassVar[list[list[str]]] = []
    breaks_down_for = ""

    def __init__(self, *_address: object, **_options: object) -> None:
        self.conversations.append([])

    def sendmail(self, _sender: str, recipients: list[str], _mail: bytes) -> None:
        self.conversations[-1] += recipients
        if self.breaks_down_for in recipients:
            raise SMTPServerDisconnected

    def quit(self) -> None:
        self.conversations[-1].append("quit")


@pytest.mark.parametrize("broken", [False, True])
def test_the_mail_server_is_greeted_once_for_both_mails_unless_it_breaks_down(
    ada: Organizer, monkeypatch: pytest.MonkeyPatch, settings: Settings, broken: bool
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = ""
    monkeypatch.setattr("smtplib.SMTP", _Server)
    monkeypatch.setattr(_Server, "conversations", [])
    monkeypatch.setattr(_Server, "breaks_down_for", INVITEE if broken else "nobody")
    booking = settle(booked(ada))
    met = [[INVITEE, "quit"], ["ada@example.com", "quit"]] if broken else [[INVITEE, "ada@example.com", "quit"]]
    assert _Server.conversations == met
    assert (booking.arranged_revision == 1) is not broken
