"""The overview in admin: what somebody on call looks at first."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from bookings.models import Announcement, Organizer
from bookings.services import reschedule
from bookings.tests.people import announced
from bookings.tests.people import booked as row_of_booking
from bookings.tests.world import booked, connect, next_weekday, settle
from integrations.models import Connection, DailyUse
from integrations.sandbox.testing import Sandbox
from integrations.utc_days import day_of
from zinnect import counters, heartbeat

pytestmark = pytest.mark.django_db
PAGE = "/admin/overview/"


def overview(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def table(page: str, name: str) -> dict[str, list[str]]:
    """A section's rows by their first cell, as they are read."""
    section = page[page.index(f'id="{name}"') :].split("</section>", maxsplit=1)[0]
    cells = [
        [re.sub(r"<br>", " / ", each) for each in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in section.split("<tr>")[1:]
    ]
    plain = [[" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in row] for row in cells]
    return {row[0]: row[1:] for row in plain}


def test_todays_bookings_by_what_became_of_them(ada: Organizer, admin_client: Client) -> None:
    row_of_booking(ada)
    row_of_booking(ada, name="Paul Plum", days=4)
    row_of_booking(ada, name="Cleo Cancels", days=5, status="cancelled")
    midnight = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    row_of_booking(ada, name="Yesterdays", days=6, created_at=midnight - timedelta(seconds=1))
    found = table(overview(admin_client), "today")
    assert found == {"Waiting for confirmation": ["0"], "Confirmed": ["2"], "Declined": ["0"], "Cancelled": ["1"]}


def test_how_long_people_wait_for_a_link(ada: Organizer, admin_client: Client) -> None:
    now = timezone.now()
    for number in range(1, 21):  # took 1 … 20 seconds; the slowest one days ago
        booking = row_of_booking(ada, days=number)
        announced(booking)
        done = now - timedelta(days=3 if number == 20 else 0, seconds=1)
        Announcement.objects.filter(booking=booking).update(done_at=done)
        type(booking).objects.filter(pk=booking.pk).update(confirmed_at=done - timedelta(seconds=number))
    found = table(overview(admin_client), "links")
    assert (found["24 hours"], found["7 days"]) == (["19", "10.0", "19.0"], ["20", "10.0", "19.0"])


def test_unfinished_work_by_age_and_what_was_given_up(ada: Organizer, admin_client: Client) -> None:
    now = timezone.now()
    ages = [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=6), timedelta(hours=5), timedelta(days=5)]
    for day, age in enumerate(ages, start=1):
        row_of_booking(ada, days=day, arranged_revision=0, revised_at=now - age)
    row_of_booking(ada, days=9, arranged_revision=0, gave_up_at=now, revised_at=now - timedelta(days=2))
    row_of_booking(ada, days=10)
    assert table(overview(admin_client), "unfinished") == {
        "under a minute": ["1"],
        "under 15 minutes": ["2"],
        "under an hour": ["0"],
        "under a day": ["1"],
        "older": ["1"],
        "given up": ["1"],
    }


def test_failures_by_provider_from_rows_and_counters(ada: Organizer, sandbox: Sandbox, admin_client: Client) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    sandbox.fault(service="zoom", call="meetings.patch", kind="status", times=None, params={"status": 503})
    settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    row_of_booking(ada).messages.create(
        revision=1, kind="confirmed", role="invitee", to_email="mary@example.org", state="failed"
    )
    page = overview(admin_client)
    found, counted = table(page, "failures"), counters.totals()
    assert counted is not None
    assert (found["Zoom"][0], found["Google Calendar"][0], found["Mail"]) == ("1", "0", ["1", "0", "0"])
    assert int(found["Zoom"][2]) == counted["calls|Zoom|PATCH|failed"] > 0
    assert "Its calls fail since" in page


def test_connections_that_are_lost_or_about_to_fail(
    ada: Organizer, grace: Organizer, sandbox: Sandbox, admin_client: Client
) -> None:
    now = timezone.now()
    connected = {"status": Connection.Status.CONNECTED, "connected_at": now - timedelta(days=90)}
    rows = [
        {"user": ada.user, "provider": "google", **connected, "last_success_at": now - timedelta(days=61)},
        {"user": ada.user, "provider": "zoom", **connected, "last_success_at": now, "external_id": "yan"},
        {"user": grace.user, "provider": "google", **connected, "last_success_at": now},
        {"user": grace.user, "provider": "zoom", "status": "needs_reconnect", "last_error": "It was taken away."},
    ]
    for row in rows:
        Connection.objects.create(**row)
    DailyUse.objects.create(provider="zoom", external_id="yan", day=day_of(now), calls=85)
    page = overview(admin_client)
    section = page[page.index('id="doubts"') :]
    assert "Lost: It was taken away." in section
    assert "its grant may run out." in section
    assert "85 of the 100 meetings that may be made or changed in a day are used." in section
    assert len(re.findall(r"/admin/integrations/connection/\d+/change/", section)) == 3


def test_what_is_silent_is_named(admin_client: Client) -> None:
    assert "Nothing was heard lately of: workers, beat." in overview(admin_client)
    heartbeat.note()
    assert "Nothing was heard lately of: beat." in overview(admin_client)


def test_it_opens_without_redis_and_says_so(ada: Organizer, admin_client: Client, settings: Settings) -> None:
    announced(row_of_booking(ada))
    settings.REDIS_URL = ""
    page = overview(admin_client)
    assert "Nothing was heard lately of: broker: REDIS_URL is not set." in page
    assert "Redis does not answer or is not set up: there are no numbers of calls." in page
    assert table(page, "today")["Confirmed"] == ["1"]


def test_it_costs_the_same_however_much_there_is(
    ada: Organizer, admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people = User.objects.bulk_create(User(username=f"person{number}") for number in range(60))
    Connection.objects.bulk_create(
        Connection(user=user, provider="zoom", status="needs_reconnect", last_error="Lost.") for user in people
    )
    for number in range(20):
        booking = row_of_booking(ada, days=number + 1, arranged_revision=0)
        announced(booking)
        booking.meetings.create(provider="zoom", generation=1, marker=f"m{number}", last_error="No.")
    with django_assert_max_num_queries(20):
        page = overview(admin_client)
    assert page.count("Lost: Lost.") == 50
    assert "The first 50 are shown." in page


def test_it_is_linked_from_the_first_page_for_whoever_may_read_it(client: Client, admin_client: Client) -> None:
    assert PAGE in admin_client.get("/admin/").content.decode()
    staff = User.objects.create_user("lea", "lea@example.com", is_staff=True)
    client.force_login(staff)
    assert PAGE not in client.get("/admin/").content.decode()
    assert client.get(PAGE).status_code == 403
    staff.user_permissions.set(Permission.objects.filter(codename__in=("view_booking", "view_connection")))
    assert client.get(PAGE).status_code == 200
    assert PAGE in client.get("/admin/").content.decode()


def test_nothing_in_it_is_inline(admin_client: Client) -> None:
    page = overview(admin_client)
    assert " style=" not in page
    assert "<style" not in page
    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)


def test_days_begin_at_midnight_utc(ada: Organizer, admin_client: Client) -> None:
    with time_machine.travel(timezone.now().astimezone(UTC).replace(hour=23, minute=59)):
        row_of_booking(ada)
    with time_machine.travel(timezone.now().astimezone(UTC).replace(hour=0, minute=1) + timedelta(days=1)):
        assert table(overview(admin_client), "today")["Confirmed"] == ["0"]
