"""In which language people read."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.translation import override

from bookings import services
from bookings.models import Booking, Organizer
from bookings.services import departures, provider_side
from bookings.tests.world import INVITEE, booked, calendar_part, connect, live_event, next_weekday, settle
from integrations.sandbox.testing import Sandbox
from zinnect.tests.fixtures import PASSWORD


@pytest.mark.django_db
def test_a_browsers_language_is_spoken(client: Client) -> None:
    page = client.get("/", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert '<html lang="de">' in page.content.decode()
    assert page["Content-Language"] == "de"


@pytest.mark.django_db
def test_the_language_asked_for_in_the_address_is_kept(client: Client) -> None:
    client.get("/?lang=de")
    assert '<html lang="de">' in client.get("/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["xx", "", "../de", "de\r\nSet-Cookie: a=b"])
def test_a_language_that_nobody_speaks_here_changes_nothing(client: Client, asked: str) -> None:
    page = client.get("/", {"lang": asked})
    assert '<html lang="en">' in page.content.decode()
    assert "django_language" not in page.cookies


def test_the_organizers_language_is_theirs_in_every_browser(as_ada: Client, ada: Organizer) -> None:
    settings = {"name": "Ada", "handle": "ada", "timezone": "Europe/Berlin", "language": "de"}
    assert as_ada.post(reverse("organizer:settings"), settings).status_code == 302
    ada.refresh_from_db()
    assert ada.language == "de"
    assert '<html lang="de">' in as_ada.get(reverse("organizer:settings")).content.decode()
    elsewhere = Client()
    elsewhere.post(reverse("account_login"), {"login": ada.user.email, "password": PASSWORD})
    assert '<html lang="de">' in elsewhere.get(reverse("organizer:settings")).content.decode()


def test_the_timeline_is_in_the_organizers_language_whoever_acts(ada: Organizer) -> None:
    ada.language = "de"
    ada.save()
    booking = booked(ada)
    services.cancel(booking=booking, by="invitee")
    assert booking.timeline.get(kind="cancelled").text == "Vom Gast abgesagt."


# --- Mail and invitations --------------------------------------------------------------------------------------------


def mail_to(address: str) -> EmailMessage:
    """The last mail to somebody."""
    return [message for message in mail.outbox if message.to == [address]][-1]


@pytest.fixture
def german_guest(ada: Organizer) -> Booking:
    """A phone call of Ada, who reads English, with Ida, who booked in German."""
    ada.event_types.update(location="phone", title="Intro")
    return settle(booked(ada, language="de"))


def test_each_reads_the_confirmation_in_their_own_language(german_guest: Booking) -> None:
    theirs, hers = mail_to(INVITEE), mail_to("ada@example.com")
    assert theirs.subject.startswith("Bestätigt: Intro mit Ada Ambrose, ")
    assert "Ihr Termin ist gebucht." in theirs.body
    assert "Ort: Telefonat" in theirs.body
    assert hers.subject.startswith("Confirmed: Intro with Ida Invitee, ")
    assert "Where: Phone call" in hers.body


def test_dates_in_mail_are_written_as_their_reader_does(german_guest: Booking) -> None:
    start = german_guest.start
    with override("de"):
        assert format_date(start, "l, j. F Y") in mail_to(INVITEE).body
    with override("en"):
        assert format_date(start, "l, j F Y") in mail_to("ada@example.com").body


def test_the_invitation_speaks_to_the_guest(german_guest: Booking) -> None:
    assert "LOCATION:Telefonat" in calendar_part(mail_to(INVITEE))
    assert "LOCATION:Phone call" in calendar_part(mail_to("ada@example.com"))


def test_the_guests_language_stays_when_the_organizer_moves_and_cancels(german_guest: Booking) -> None:
    with override("en"):
        services.reschedule(booking=german_guest, start=next_weekday(14), by="organizer")
        settle(german_guest)
        assert mail_to(INVITEE).subject.startswith("Neue Zeit: ")
        services.cancel(booking=german_guest, by="organizer")
        settle(german_guest)
    assert mail_to(INVITEE).subject.startswith("Abgesagt: ")
    assert mail_to("ada@example.com").subject.startswith("Cancelled: ")


def test_the_organizers_language_stays_when_the_guest_cancels(ada: Organizer) -> None:
    speak_german(ada)
    booking = settle(booked(ada, language="en"))
    with override("en"):
        services.cancel(booking=booking, by="invitee")
        settle(booking)
    assert mail_to("ada@example.com").subject.startswith("Abgesagt: ")
    assert mail_to(INVITEE).subject.startswith("Cancelled: ")


def test_the_calendar_event_speaks_to_the_guest(ada: Organizer, sandbox: Sandbox) -> None:
    ada.event_types.update(location="phone")
    connect(ada, sandbox, "google")
    settle(booked(ada, language="de", notes="Bis bald"))
    event = live_event(sandbox)
    assert event["location"] == "Telefonat"
    assert event["description"] == "Telefonat\n\nAnmerkungen von Ida Invitee:\nBis bald"


def test_why_there_is_a_new_link_is_told_in_each_readers_language(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, language="de"))
    provider_side.lose_meeting(booking.meetings.get())
    settle(booking)
    assert "Das bisherige Meeting wurde im Konto des Gastgebers gelöscht." in mail_to(INVITEE).body
    assert "The earlier meeting was deleted by its host." in mail_to("ada@example.com").body


def test_why_an_organizer_who_left_cancelled_is_told_in_the_guests_language(ada: Organizer) -> None:
    booking = settle(booked(ada, language="de"))
    departures.depart(user=ada.user, by="organizer")
    settle(booking)
    assert "Nachricht: Das Konto des Gastgebers wurde geschlossen." in mail_to(INVITEE).body


# --- What organizers read later --------------------------------------------------------------------------------------


def speak_german(organizer: Organizer) -> None:
    organizer.language = "de"
    organizer.save()


def test_what_goes_wrong_side_by_side_is_said_in_the_organizers_language(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    speak_german(ada)
    sandbox.fault(service="google", call="events.insert", kind="status", times=1, params={"status": 503})
    sandbox.fault(service="zoom", call="meetings.create", kind="status", times=1, params={"status": 503})
    booking = settle(booked(ada))
    assert {entry.text for entry in booking.timeline.filter(is_problem=True)} == {
        "Google Calendar hat gerade selbst ein Problem (Fehler 503).",
        "Zoom hat gerade selbst ein Problem (Fehler 503).",
    }


def test_what_a_new_organizer_starts_with_is_named_in_their_language(db: None) -> None:
    user = User.objects.create_user("hanna@example.com", "hanna@example.com", PASSWORD)
    hanna = services.set_up_organizer(user=user, handle="hanna", timezone="UTC", name="Hanna", language="de")
    assert hanna.schedules.get().name == "Arbeitszeiten"
    assert hanna.event_types.get().title == "Erstgespräch"


# --- Dates, times and weeks ------------------------------------------------------------------------------------------

FRIDAY = datetime(2026, 12, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(("language", "words"), [("de", "Fr, 4. Dez. 2026"), ("en", "Fri 4 Dec 2026")])
def test_an_organizer_reads_dates_as_their_language_writes_them(
    as_ada: Client, ada: Organizer, language: str, words: str
) -> None:
    with time_machine.travel(datetime(2026, 11, 30, tzinfo=UTC), tick=False):
        booked(ada, start=FRIDAY)
        page = as_ada.get(f"/bookings/?lang={language}").content.decode()
    assert words in page


@pytest.mark.parametrize(
    ("browser", "begins", "words"),
    [
        ("de-DE,de;q=0.9", "Mo", "09:00"),
        ("de-US", "Mo", "09:00"),
        ("en-US,en;q=0.9", "Sun", "9:00 AM"),
        ("en-GB,en;q=0.9", "Mon", "09:00"),
        ("fr-FR,fr;q=0.9,en;q=0.5", "Mon", "09:00"),
    ],
)
def test_weeks_and_clocks_are_the_readers(ada: Organizer, browser: str, begins: str, words: str) -> None:
    with time_machine.travel(datetime(2026, 11, 30, tzinfo=UTC), tick=False):
        page = Client().get("/ada/intro/?date=2026-12-04", headers={"Accept-Language": browser}).content.decode()
    weekdays = re.findall(r"<abbr title=[^>]+>(\w+)</abbr>", page)
    assert weekdays[0] == begins
    assert re.search(rf'data-slot="2026-12-04T08:00:00Z"[^>]*>{words}<', page)
