"""The invitee's pages: truthful about how far a booking is, and open to whoever holds the token and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from bookings import services
from bookings.models import Booking, EventType
from bookings.tests.invitee import LINK, START, announce, book, page_of, status_of
from integrations.models import Connection

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_a_monday_morning")]


def test_while_it_is_arranged_the_page_says_so_and_asks_again_without_javascript(
    stranger: Client, booking: Booking
) -> None:
    html = page_of(stranger, booking)

    assert status_of(html) == "arranging"
    assert "Your time is booked." in html
    assert "The video link is on its way." in html
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in html
    assert "data-join-url" not in html


def test_the_zoom_link_is_promised_where_zoom_will_make_it(stranger: Client, booking: Booking) -> None:
    for provider in ("zoom", "google"):
        Connection.objects.create(user=booking.organizer.user, provider=provider, status=Connection.Status.CONNECTED)

    assert "The Zoom link is on its way." in page_of(stranger, booking)


@pytest.mark.parametrize(("provider", "name"), [("zoom", "Zoom"), ("google_meet", "Google Meet")])
def test_when_it_is_ready_the_page_carries_the_link(
    stranger: Client, booking: Booking, provider: str, name: str
) -> None:
    announce(booking, provider, LINK)

    html = page_of(stranger, booking)

    assert status_of(html) == "ready"
    assert f'data-join-url="{LINK}" data-provider="{provider}"' in html
    assert f"Join with {name}" in html
    assert "http-equiv" not in html


def test_without_any_link_the_organizer_will_send_one(stranger: Client, booking: Booking) -> None:
    announce(booking)

    html = page_of(stranger, booking)

    assert status_of(html) == "ready"
    assert "Ada Ambrose will send you the link." in html
    assert "data-join-url" not in html


def test_a_phone_call_waits_for_no_link(stranger: Client, intro: EventType) -> None:
    intro.location, intro.location_detail = EventType.Location.PHONE, "+49 30 000000"
    intro.save()

    html = page_of(stranger, book(intro, START, "ines"))

    assert "The confirmation is on its way." in html
    assert "+49 30 000000" in html


def test_times_are_in_the_invitees_zone_with_its_name(stranger: Client, booking: Booking) -> None:
    html = page_of(stranger, booking)

    assert "Thursday, 3 December 2026" in html
    assert "9:00 AM – 9:30 AM" in html
    assert "America/New York (UTC−5)" in html


@pytest.mark.parametrize("status", ["cancelled", "declined", "pending"])
def test_other_states_are_said(stranger: Client, booking: Booking, status: str) -> None:
    Booking.objects.update(status=status, hold_until=timezone.now() + timedelta(hours=1))

    html = page_of(stranger, booking)

    assert status_of(html) == status
    assert "data-join-url" not in html


def test_the_page_is_kept_from_search_engines_caches_and_other_sites(stranger: Client, booking: Booking) -> None:
    for path in ("", "reschedule/", "cancel/"):
        answer = stranger.get(f"/b/{booking.token}/{path}")

        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["", "reschedule/", "cancel/", "invite.ics"])
def test_a_wrong_token_opens_nothing(stranger: Client, booking: Booking, path: str) -> None:
    assert stranger.get(f"/b/{booking.token[:-1]}/{path}").status_code == 404


def test_the_calendar_file_holds_the_meeting(stranger: Client, booking: Booking) -> None:
    announce(booking, "zoom", LINK)

    answer = stranger.get(f"/b/{booking.token}/invite.ics")

    assert answer["Content-Type"].startswith("text/calendar")
    event = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert event.decoded("dtstart") == START
    assert LINK in str(event["location"])


def test_the_calendar_links_name_the_time(stranger: Client, booking: Booking) -> None:
    html = page_of(stranger, booking)

    assert "dates=20261203T140000Z%2F20261203T143000Z" in html
    assert "startdt=2026-12-03T14%3A00%3A00Z" in html


def test_a_cancelled_booking_has_no_calendar_file(stranger: Client, booking: Booking) -> None:
    services.cancel(booking=booking, by="invitee")

    assert stranger.get(f"/b/{booking.token}/invite.ics").status_code == 404


def test_following_a_booking_asks_the_database_little(
    stranger: Client, booking: Booking, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(6):
        page_of(stranger, booking)
