"""Any time that is shown can be booked, by anybody, without cookie or JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import signing
from django.test import Client
from pytest_django import Settings

from bookings import availability
from bookings.models import Booking, EventType
from bookings.tests.public import NINE_IN_BERLIN, NOW, PAGE, filled, form_key_in, slots_in
from calendars.busy import BusyUnknown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_a_monday_morning")]


def test_a_stranger_books_without_a_cookie(stranger: Client, intro: EventType) -> None:
    answer = stranger.post(PAGE, filled(stranger, notes="Line one\r\nLine two"))

    booking = Booking.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/b/{booking.token}/")
    assert booking.start == datetime(2026, 12, 3, 8, tzinfo=UTC)
    assert (booking.invitee_name, booking.invitee_email) == ("Ines Ibarra", "ines@example.com")
    assert booking.invitee_timezone == ZoneInfo("America/New_York")
    assert (booking.invitee_language, booking.notes) == ("en", "Line one\nLine two")
    assert not stranger.cookies


def test_the_invitees_language_is_kept(stranger: Client, intro: EventType, settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    stranger.post(PAGE, filled(stranger), headers={"Accept-Language": "de"})

    assert Booking.objects.get().invitee_language == "de"


def test_the_same_form_twice_books_once(stranger: Client, intro: EventType) -> None:
    form = filled(stranger)

    answers = [stranger.post(PAGE, form) for _ in range(2)]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert Booking.objects.count() == 1


@pytest.mark.parametrize(
    "guests",
    ["jo@example.com, kim@example.com", "jo@example.com\r\nkim@example.com", ["jo@example.com", "kim@example.com"]],
)
def test_guests_come_in_any_shape(stranger: Client, intro: EventType, guests: str | list[str]) -> None:
    stranger.post(PAGE, filled(stranger, guests=guests))

    assert {guest.email for guest in Booking.objects.get().guests.all()} == {"jo@example.com", "kim@example.com"}


def test_nobody_is_their_own_guest_or_a_guest_twice(stranger: Client, intro: EventType) -> None:
    stranger.post(PAGE, filled(stranger, guests="Ines@example.com jo@example.com JO@example.com"))

    assert [guest.email.lower() for guest in Booking.objects.get().guests.all()] == ["jo@example.com"]


def test_when_somebody_was_faster_other_times_are_offered_and_the_form_stays_filled(
    stranger: Client, intro: EventType
) -> None:
    late = filled(stranger, notes="See you")
    stranger.post(PAGE, filled(stranger, name="Quick Quentin", email="quentin@example.com"))

    answer = stranger.post(PAGE, late)

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "That time has just gone" in html
    assert 'value="Ines Ibarra"' in html
    assert "See you</textarea>" in html
    others = re.findall(r'type="radio" name="slot" value="([^"]+)"', html)
    assert len(others) == 8
    assert NINE_IN_BERLIN not in others
    assert stranger.post(PAGE, late | {"slot": others[0], "form_key": form_key_in(answer.content)}).status_code == 303


@pytest.mark.parametrize(
    "slot",
    [
        "2026-12-03T08:10:00Z",
        "2026-12-05T08:00:00Z",
        "2026-11-30T08:30:00Z",
        "2026-11-27T08:00:00Z",
        "2027-03-03T08:00:00Z",
        "0002-01-01T00:00:00Z",
        "9998-12-31T23:59:59Z",
    ],
    ids=["unaligned", "weekend", "within the notice", "past", "beyond the window", "first", "last"],
)
def test_what_was_never_offered_is_not_booked(stranger: Client, intro: EventType, slot: str) -> None:
    answer = stranger.post(PAGE, filled(stranger, slot=slot))

    assert answer.status_code == 409
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    "slot", ["", "soon", "2026-12-03", "2026-12-03T09:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"]
)
def test_a_slot_that_is_no_moment_is_answered_with_times_to_choose_from(
    stranger: Client, intro: EventType, slot: str
) -> None:
    answer = stranger.post(PAGE, filled(stranger, slot=slot))

    assert answer.status_code == 422
    assert 'type="radio" name="slot"' in answer.content.decode()
    assert 'value="Ines Ibarra"' in answer.content.decode()


def invalid_fields(html: str) -> list[str]:
    inputs = re.findall(r"<(?:input|textarea) [^>]*aria-invalid[^>]*>", html)
    return [match[1] for text in inputs if (match := re.search(r'name="(\w+)"', text))]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "Ines\r\nBcc: all@example.com"}, "name"),
        ({"email": "ines"}, "email"),
        ({"email": "ines@example.com\nBcc: all@example.com"}, "email"),
        ({"guests": "jo@example.com, nobody"}, "guests"),
        ({"guests": " ".join(f"guest{number}@example.com" for number in range(11))}, "guests"),
        ({"notes": "x" * 2001}, "notes"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": ""}, "tz"),
    ],
)
def test_a_wrong_field_gets_its_message_and_the_focus(
    stranger: Client, intro: EventType, changes: dict[str, str], field: str
) -> None:
    answer = stranger.post(PAGE, filled(stranger, **changes))

    html = answer.content.decode()
    assert answer.status_code == 422
    assert invalid_fields(html) == [field]
    marked = re.search(rf'<(?:input|textarea) [^>]*name="{field}"[^>]*>', html)
    assert marked is not None
    assert re.search(rf'aria-describedby="[^"]*id_{field}_error"', marked[0])
    assert re.search(r"\bautofocus\b", marked[0])
    assert f'id="id_{field}_error"' in html
    assert not Booking.objects.exists()


def test_the_first_of_several_wrong_fields_has_the_focus(stranger: Client, intro: EventType) -> None:
    html = stranger.post(PAGE, filled(stranger, name="", email="ines")).content.decode()

    assert invalid_fields(html) == ["name", "email"]
    assert html.count("autofocus") == 1


def test_two_thousand_characters_of_notes_may_have_line_breaks(stranger: Client, intro: EventType) -> None:
    assert stranger.post(PAGE, filled(stranger, notes="x\r\n" * 1000)).status_code == 303


def test_a_program_that_fills_in_everything_is_refused(stranger: Client, intro: EventType) -> None:
    assert stranger.post(PAGE, filled(stranger, website="https://example.com")).status_code == 422
    assert not Booking.objects.exists()


def test_a_form_that_stood_open_for_a_day_is_shown_again(stranger: Client, intro: EventType) -> None:
    form = filled(stranger)

    with time_machine.travel(NOW + timedelta(hours=25)):
        answer = stranger.post(PAGE, form)
        again = stranger.post(PAGE, form | {"form_key": form_key_in(answer.content)})

    assert answer.status_code == 422
    assert "This page was open for too long" in answer.content.decode()
    assert again.status_code == 303


def test_another_forms_key_is_refused(stranger: Client, intro: EventType) -> None:
    foreign = signing.dumps(["book:0", "nonce"], salt="bookings.form")

    for key in (foreign, "", "forged"):
        assert stranger.post(PAGE, filled(stranger, form_key=key)).status_code == 422


# --- When the calendar does not answer ------------------------------------------------------------------------------


@pytest.fixture
def silent_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada's busy times are not known."""

    def silence(*args: object, **kwargs: object) -> None:
        raise BusyUnknown

    monkeypatch.setattr(availability, "busy_times", silence)


@pytest.mark.usefixtures("silent_calendar")
def test_the_page_says_that_times_cannot_be_shown(stranger: Client, intro: EventType) -> None:
    page = stranger.get(PAGE)

    assert page.status_code == 200
    assert "Times cannot be shown right now" in page.content.decode()
    assert not slots_in(page.content)
    assert stranger.get("/ada/intro/slots.json", {"start": "2026-12-03", "end": "2026-12-03"}).status_code == 503


def test_booking_waits_for_the_calendar_with_the_form_kept(
    stranger: Client, intro: EventType, request: pytest.FixtureRequest
) -> None:
    form = filled(stranger)
    request.getfixturevalue("silent_calendar")

    answer = stranger.post(PAGE, form)

    assert answer.status_code == 503
    assert 'value="Ines Ibarra"' in answer.content.decode()
    assert f'name="slot" value="{NINE_IN_BERLIN}"' in answer.content.decode()
    assert not Booking.objects.exists()
