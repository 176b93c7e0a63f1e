"""A booking's page in admin: what happened, step by step, what is wrong, and what mends it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bookings.models import Booking, Organizer
from bookings.tests.people import announced, booked
from bookings.tests.world import LIST, connect, page_of, settle
from bookings.tests.world import booked as booked_by_ida
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db


def rows(page: str) -> list[list[str]]:
    """The story's table: of each step its name, moment, state, failed tries, error and what comes next."""
    body = page[page.index('id="story"') :].split("<tbody")[1].split("</tbody>", maxsplit=1)[0]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("</tr>")]
    return [row for row in cells if row]


def test_a_booking_that_went_well_reads_from_held_to_mail(ada: Organizer, sandbox: Sandbox, as_admin: Client) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked_by_ida(ada))
    page = page_of(as_admin, booking)
    story = rows(page)
    assert [row[0] for row in story] == ["Held", "Booked", "Event", "Meeting", "Announced", "Mail", "Mail"]
    assert [row[2] for row in story] == [
        "Not needed: confirmed at once.",
        f"Confirmed. Revision 1 (booked), by invitee at {booking.revised_at:%Y-%m-%d %H:%M:%S} UTC.",
        "Live in “Organizer One”, showing revision 1.",
        "Zoom: Live.",
        "Zoom, told by: The calendar's own invitation.",
        "Confirmed to ida@example.org: Sent.",
        "Confirmed to ada@example.com: Sent.",
    ]
    assert {(row[3], row[4]) for row in story} == {("0", "–")}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row[1]) for row in story)
    assert "Nothing is wrong: calendar, meeting and mail follow the booking." in page


def test_what_failed_shows_its_tries_its_error_and_the_next_try(
    ada: Organizer, sandbox: Sandbox, as_admin: Client
) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="status", times=None, params={"status": 503})
    booking = settle(booked_by_ida(ada))
    meeting, (_name, _at, state, tries, error, following) = booking.meetings.get(), rows(page_of(as_admin, booking))[3]
    assert (state, tries) == ("Zoom: Being made.", "1")
    assert error == meeting.last_error != ""
    assert meeting.next_attempt_at is not None
    assert f"{meeting.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC" in following
    assert "“Arrange now”" in page_of(as_admin, booking)


def test_a_booking_that_waits_for_its_organizer_says_until_when(ada: Organizer, as_admin: Client) -> None:
    until = timezone.now() + timedelta(hours=5)
    booking = booked(ada, status=Booking.Status.PENDING, hold_until=until)
    held = rows(page_of(as_admin, booking))[0]
    assert held[2] == "Waits for the organizer."
    assert held[5] == f"Declined by itself at {until:%Y-%m-%d %H:%M:%S} UTC."


def test_a_lost_account_is_said_with_what_mends_it(ada: Organizer, as_admin: Client) -> None:
    Connection.objects.create(
        user=ada.user, provider="zoom", status=Connection.Status.NEEDS_RECONNECT, last_error="It was taken away."
    )
    page = page_of(as_admin, booked(ada))
    assert "Zoom needs to be reconnected: It was taken away." in page
    assert "The organizer presses Connect under Apps → Integrations" in page


def test_what_waits_for_a_lost_account_is_not_promised_a_try(ada: Organizer, as_admin: Client) -> None:
    zoom = Connection.objects.create(user=ada.user, provider="zoom", status=Connection.Status.NEEDS_RECONNECT)
    soon = timezone.now() + timedelta(minutes=5)
    booking = booked(ada, arranged_revision=0, next_attempt_at=soon, last_error="It was taken away.")
    booking.meetings.create(
        provider="zoom",
        connection=zoom,
        generation=1,
        marker="m1",
        last_error="It was taken away.",
        failed_for_good=True,
    )
    page = page_of(as_admin, booking)
    assert "It follows when the account is connected again." in page
    assert "It is tried again by itself" not in page


def test_work_that_nobody_takes_up_is_said(ada: Organizer, as_admin: Client) -> None:
    waiting = booked(ada, arranged_revision=0, next_attempt_at=timezone.now() - timedelta(minutes=2))
    fresh = booked(ada, days=4, arranged_revision=0, next_attempt_at=timezone.now())
    assert "no worker has taken it up" in page_of(as_admin, waiting)
    assert "Start workers and beat" in page_of(as_admin, waiting)
    assert "no worker has taken it up" not in page_of(as_admin, fresh)
    assert "Nothing is wrong so far: it is being arranged." in page_of(as_admin, fresh)


def test_what_was_given_up_is_said(ada: Organizer, as_admin: Client) -> None:
    given_up = booked(ada, arranged_revision=0, gave_up_at=timezone.now())
    assert "The tries ended at" in page_of(as_admin, given_up)


def test_the_story_is_escaped_and_holds_no_key(ada: Organizer, as_admin: Client) -> None:
    booking = booked(ada, arranged_revision=0, last_error="<script>alert(1)</script>")
    raw = as_admin.get(f"{LIST}{booking.pk}/change/").content.decode()
    assert "<script>alert(1)" not in raw
    assert "&lt;script&gt;alert(1)" in raw
    for secret in (booking.token, booking.form_key, booking.event_key):
        assert secret not in raw


def test_the_story_costs_the_same_for_many_rows(
    ada: Organizer, as_admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    booking = booked(ada)
    for number in range(30):
        booking.messages.create(
            revision=1, kind="confirmed", role="guest", to_email=f"g{number}@example.org", state="sent"
        )
        booking.meetings.create(provider="zoom", generation=1, marker=f"m{number}")
    with django_assert_max_num_queries(30):
        page_of(as_admin, booking)


@pytest.mark.parametrize(
    ("choice", "found"),
    [("reconnect", {"Rita"}), ("meet", {"Mel"}), ("mail", {"Fritz"}), ("", {"Rita", "Mel", "Fritz"})],
)
def test_trouble_is_found_by_a_filter(
    ada: Organizer, grace: Organizer, as_admin: Client, choice: str, found: set[str]
) -> None:
    booked(grace, name="Rita")
    Connection.objects.create(user=grace.user, provider="zoom", status=Connection.Status.NEEDS_RECONNECT)
    announced(booked(ada, name="Mel"), provider="google_meet", why="Zoom did not deliver a meeting in time.")
    announced(refused := booked(ada, name="Fritz", days=4), provider="google_meet")
    refused.messages.create(revision=1, kind="confirmed", role="invitee", to_email="f@example.org", state="failed")
    page = as_admin.get(f"{LIST}?trouble={choice}").content.decode()
    assert {name for name in ("Rita", "Mel", "Fritz") if f">{name}<" in page} == found
