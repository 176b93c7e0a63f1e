"""The public pages: any time that is shown can be booked, by anybody, without cookie or JavaScript."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.core import signing
from django.test import Client
from pytest_django import Settings

from bookings import availability
from bookings.models import Booking, DateOverride, EventType, Organizer
from calendars.busy import BusyUnknown
from zinnect.tests.fixtures import OrganizerFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
PAGE = "/ada/intro/"
NINE_IN_BERLIN = "2026-12-03T08:00:00Z"
INES = {"name": "Ines Ibarra", "email": "ines@example.com", "tz": "America/New_York"}


@pytest.fixture(autouse=True)
def _on_a_monday_morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def intro(ada: Organizer) -> EventType:
    """Ada's thirty minutes, Mon–Fri 09:00–17:00 in Berlin."""
    return ada.event_types.get(slug="intro")


@pytest.fixture
def stranger() -> Client:
    """A browser that sends no cookie, against a server that checks for one wherever it wants one."""
    return Client(enforce_csrf_checks=True)


def slots_in(html: bytes) -> list[str]:
    return re.findall(r'data-slot="([^"]+)"', html.decode())


def form_key_in(html: bytes) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', html.decode())
    assert found is not None
    return found[1]


def filled(client: Client, slot: str = NINE_IN_BERLIN, **changes: Any) -> dict[str, Any]:
    """What the form of a slot would send when Ines filled it in."""
    page = client.get(PAGE, {"slot": NINE_IN_BERLIN, "tz": "America/New_York"})
    return {"slot": slot, "form_key": form_key_in(page.content), "website": "", **INES, **changes}


# --- Finding a time --------------------------------------------------------------------------------------------------


def test_an_organizers_page_lists_what_is_active(stranger: Client, intro: EventType) -> None:
    intro.pk, intro.slug, intro.title, intro.active = None, "hidden", "Hidden hour", False
    intro.save()

    page = stranger.get("/ada/")

    assert 'href="/ada/intro/"' in page.content.decode()
    assert "Hidden hour" not in page.content.decode()
    assert stranger.get("/ada/hidden/").status_code == 404


@pytest.mark.parametrize("path", ["/nobody/", "/nobody/intro/", "/ada/nothing/", "/ada/nothing/slots.json"])
def test_what_does_not_exist_is_not_found(stranger: Client, intro: EventType, path: str) -> None:
    assert stranger.get(path).status_code == 404


def test_an_organizer_who_may_not_sign_in_any_more_offers_nothing(stranger: Client, ada: Organizer) -> None:
    ada.user.is_active = False
    ada.user.save()

    assert stranger.get("/ada/").status_code == 404
    assert stranger.get(PAGE).status_code == 404


def test_the_plain_page_shows_the_first_days_times(stranger: Client, intro: EventType) -> None:
    page = stranger.get(PAGE)

    assert slots_in(page.content)[:2] == ["2026-11-30T09:00:00Z", "2026-11-30T09:30:00Z"]
    assert "Europe/Berlin (UTC+1)" in page.content.decode()


def test_a_chosen_day_shows_its_times_in_the_chosen_zone(stranger: Client, intro: EventType) -> None:
    page = stranger.get(PAGE, {"date": "2026-12-03", "tz": "Asia/Tokyo", "clock": "24"})

    assert len(slots_in(page.content)) == 16
    assert slots_in(page.content)[0] == "2026-12-02T15:00:00Z"  # midnight in Tokyo, four in the afternoon in Berlin
    assert re.search(rf'data-slot="{NINE_IN_BERLIN}"[^>]*>17:00', page.content.decode())
    assert "Asia/Tokyo (UTC+9)" in page.content.decode()


def test_days_are_links_that_say_how_many_times_they_have(stranger: Client, intro: EventType) -> None:
    html = stranger.get(PAGE, {"month": "2026-12"}).content.decode()

    assert 'aria-label="Thursday, 3 December 2026, 16 times"' in html
    assert '<th scope="col"><abbr title="Thursday">Thu</abbr></th>' in html
    assert "Saturday, 5 December" not in html


def test_the_page_and_the_json_offer_the_same(stranger: Client, intro: EventType) -> None:
    asked = {"start": "2026-12-03", "end": "2026-12-03", "tz": "Asia/Tokyo"}

    answer = stranger.get("/ada/intro/slots.json", asked)

    assert answer.json() == {"slots": slots_in(stranger.get(PAGE, {"date": "2026-12-03", "tz": "Asia/Tokyo"}).content)}


def test_the_json_includes_both_dates(stranger: Client, intro: EventType) -> None:
    asked = {"start": "2026-12-03", "end": "2026-12-04", "tz": "Europe/Berlin"}

    slots = stranger.get("/ada/intro/slots.json", asked).json()["slots"]

    assert (slots[0], slots[-1], len(slots)) == (NINE_IN_BERLIN, "2026-12-04T15:30:00Z", 32)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"start": "2026-12-03", "end": "tomorrow"},
        {"start": "2026-12-04", "end": "2026-12-03"},
        {"start": "2026-12-01", "end": "2027-02-01"},
        {"start": "9999-12-31", "end": "9999-12-31"},
        {"start": "2026-12-03", "end": "2026-12-03", "tz": "Mars/Olympus"},
    ],
)
def test_the_json_refuses_dates_that_make_no_sense(stranger: Client, intro: EventType, asked: dict[str, str]) -> None:
    answer = stranger.get("/ada/intro/slots.json", asked)

    assert answer.status_code == 422
    assert answer.json()["error"]


def test_sixty_two_days_are_answered(stranger: Client, intro: EventType) -> None:
    answer = stranger.get("/ada/intro/slots.json", {"start": "2026-12-01", "end": "2027-01-31"})

    assert answer.status_code == 200


def test_a_month_without_times_leads_to_the_next_that_has_some(stranger: Client, intro: EventType) -> None:
    days = (date(2026, 12, 1) + timedelta(days=number) for number in range(31))
    DateOverride.objects.bulk_create(
        DateOverride(schedule=intro.schedule, date=day, from_minute=0, to_minute=0) for day in days
    )

    html = stranger.get(PAGE, {"month": "2026-12"}).content.decode()

    assert "No times in December 2026" in html
    assert 'href="/ada/intro/?month=2027-01"' in html


def test_without_a_month_asked_for_the_page_turns_to_one_with_times(stranger: Client, intro: EventType) -> None:
    DateOverride.objects.create(schedule=intro.schedule, date=date(2026, 11, 30), from_minute=0, to_minute=0)

    page = stranger.get(PAGE)

    assert "The next times are in December 2026." in page.content.decode()
    assert slots_in(page.content)[0] == "2026-12-01T08:00:00Z"


@pytest.mark.parametrize("month", ["2020-01", "2026-13", "9999-12", "soon", ""])
def test_no_month_breaks_the_page(stranger: Client, intro: EventType, month: str) -> None:
    assert stranger.get(PAGE, {"month": month}).status_code == 200


@pytest.mark.parametrize("slot", ["2026-12-03T08:10:00Z", "2020-01-01T08:00:00Z", "9999-12-31T23:59:59Z", "soon"])
def test_the_form_of_a_time_that_is_not_offered_is_the_month_again(
    stranger: Client, intro: EventType, slot: str
) -> None:
    page = stranger.get(PAGE, {"slot": slot})

    assert page.status_code == 200
    assert "That time can no longer be booked" in page.content.decode()
    assert slots_in(page.content)


# --- Zones and clocks ------------------------------------------------------------------------------------------------


def test_an_unknown_zone_falls_back_to_the_organizers_and_says_so(stranger: Client, intro: EventType) -> None:
    html = stranger.get(PAGE, {"tz": "Mars/Olympus"}).content.decode()

    assert "We do not know the time zone “Mars/Olympus”" in html
    assert "Europe/Berlin (UTC+1)" in html


@pytest.mark.parametrize("asked", ["America/New_York", "new york", "america/new_york", "New York"])
def test_a_zone_is_found_by_its_place(stranger: Client, intro: EventType, asked: str) -> None:
    assert "America/New York (UTC−5)" in stranger.get(PAGE, {"tz": asked}).content.decode()


def test_times_at_night_are_marked(stranger: Client, intro: EventType) -> None:
    html = stranger.get(PAGE, {"date": "2026-12-03", "tz": "America/New_York"}).content.decode()

    assert re.search(r'data-slot="2026-12-03T11:30:00Z"[^>]*>6:30 AM <small>night</small>', html)
    assert re.search(r'data-slot="2026-12-03T12:00:00Z"[^>]*>7:00 AM</a>', html)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-US,en;q=0.9", "3:30 PM"), ("en-GB,en;q=0.9", "15:30"), ("en", "3:30 PM"), ("de-DE,de;q=0.9", "15:30")],
)
def test_the_clock_follows_the_browsers_language(stranger: Client, intro: EventType, language: str, words: str) -> None:
    html = stranger.get(PAGE, {"date": "2026-12-03"}, headers={"Accept-Language": language}).content.decode()

    assert re.search(rf'data-slot="2026-12-03T14:30:00Z"[^>]*>{words}', html)


def test_the_clock_can_be_switched(stranger: Client, intro: EventType) -> None:
    html = stranger.get(PAGE, {"date": "2026-12-03", "clock": "24"}).content.decode()

    assert re.search(r'data-slot="2026-12-03T14:30:00Z"[^>]*>15:30', html)
    assert 'href="/ada/intro/?clock=12&amp;date=2026-12-03"' in html


def test_times_that_come_twice_when_clocks_go_back_are_told_apart(
    stranger: Client, organizer_named: OrganizerFactory
) -> None:
    grace = organizer_named("grace")
    schedule = grace.schedules.get()
    fall_back = date(2026, 11, 1)
    DateOverride.objects.create(schedule=schedule, date=fall_back, from_minute=0, to_minute=180)

    with time_machine.travel(datetime(2026, 10, 20, tzinfo=UTC)):
        asked = {"date": "2026-11-01", "tz": "America/New_York", "clock": "12"}
        html = stranger.get("/grace/intro/", asked).content.decode()

    assert re.search(r'data-slot="2026-11-01T05:30:00Z"[^>]*>1:30 AM <small>EDT, night</small>', html)
    assert re.search(r'data-slot="2026-11-01T06:30:00Z"[^>]*>1:30 AM <small>EST, night</small>', html)
    assert re.search(r'data-slot="2026-11-01T07:00:00Z"[^>]*>2:00 AM <small>night</small>', html)


# --- Booking ---------------------------------------------------------------------------------------------------------


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


# --- Small and fast --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{}, {"month": "2026-12"}, {"slot": NINE_IN_BERLIN}])
def test_a_page_asks_the_database_six_times_at_most(
    stranger: Client,
    intro: EventType,
    asked: dict[str, str],
    django_assert_max_num_queries: Any,
) -> None:
    with django_assert_max_num_queries(6):
        stranger.get(PAGE, asked)


def test_page_and_style_fit_into_one_round_trip(stranger: Client, intro: EventType) -> None:
    page = stranger.get(PAGE, {"month": "2026-12"}, headers={"Accept-Encoding": "gzip"})
    css = gzip.compress((Path(settings.BASE_DIR) / "static/css/app.css").read_bytes())

    assert page["Content-Encoding"] == "gzip"
    assert len(page.content) + len(css) <= 14 * 1024


def test_the_scripts_are_small(stranger: Client) -> None:
    scripts = sorted((Path(settings.BASE_DIR) / "static/js").glob("*.js"))

    assert scripts
    assert sum(len(gzip.compress(script.read_bytes())) for script in scripts) <= 5 * 1024
