"""The public pages: what they show, in which zone, by which clock; and that they stay small."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from bookings.models import DateOverride, EventType, Organizer
from bookings.tests.public import NINE_IN_BERLIN, PAGE, slots_in
from zinnect.tests.fixtures import OrganizerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_a_monday_morning")]


def test_an_organizers_page_lists_what_is_active(stranger: Client, intro: EventType) -> None:
    intro.pk, intro.slug, intro.title, intro.active = None, "hidden", "Hidden hour", False
    intro.save()

    page = stranger.get("/ada/")

    assert 'href="/ada/intro/"' in page.content.decode()
    assert "Hidden hour" not in page.content.decode()
    assert stranger.get("/ada/hidden/").status_code == 404


@pytest.mark.parametrize(
    ("minutes", "words"), [(30, "30 minutes"), (60, "1 hour"), (90, "90 minutes"), (720, "12 hours")]
)
def test_whole_hours_are_said_as_hours(stranger: Client, intro: EventType, minutes: int, words: str) -> None:
    intro.duration_minutes = minutes
    intro.save()

    for path in ("/ada/", PAGE):
        assert words in stranger.get(path).content.decode()


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
