"""Meetings on the days the clocks change, meetings in a few minutes, and tries that come after the end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests

from zinnect.tests.faults.harness import PATH, Stage, until

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]

ORGANIZER = ZoneInfo("Europe/Berlin")


@contextmanager
def open_always(product: Stage, *, interval: int, notice: int = 60) -> Iterator[None]:
    """Bookable at any time of any day of the coming year."""
    was = product.rows("SELECT schedule_id, weekday, from_minute, to_minute FROM bookings_weeklyhours")
    change = "UPDATE bookings_eventtype SET interval_minutes = %s, minimum_notice_minutes = %s, window_days = %s"
    product.open_day_and_night()
    product.execute(change, interval, notice, 365)
    try:
        yield
    finally:
        product.execute("DELETE FROM bookings_weeklyhours")
        for row in was:
            product.execute(
                "INSERT INTO bookings_weeklyhours (schedule_id, weekday, from_minute, to_minute)"
                " VALUES (%s, %s, %s, %s)",
                *row.values(),
            )
        product.execute(change, 30, 60, 60)


def next_change(zone: ZoneInfo, day: date) -> date:
    """The next day whose local midnights are not twenty-four hours apart."""

    def offset(at: date) -> timedelta | None:
        return datetime.combine(at, time(), zone).utcoffset()

    while offset(day) == offset(day + timedelta(days=1)):
        day += timedelta(days=1)
    return day


def offered(product: Stage, first: date, last: date) -> list[str]:
    asked = {"start": str(first), "end": str(last), "tz": "UTC"}
    found: list[str] = until(
        lambda: requests.get(f"{product.base_url}{PATH}slots.json", params=asked, timeout=20).json().get("slots"),
        seconds=20,
    )
    return found


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_meetings_on_the_day_the_clocks_change(product: Stage, zone: str) -> None:
    """Before, around and after the hour that is missing or there twice: one time in all places, and moved across it."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    day = next_change(ZoneInfo(zone), tomorrow)
    with open_always(product, interval=30):
        slots = offered(product, day, day)
        before, moved, after = (product.book("clocks", slot=slot) for slot in (slots[0], slots[8], slots[-1]))
        product.comes_to_rest_unharmed()
        product.move(moved, slots[20])
        product.comes_to_rest_unharmed()
    assert {product.shown(booked) for booked in (before, moved, after)} == {("ready", "zoom")}


def test_a_meeting_in_two_minutes_does_not_wait_for_zoom(product: Stage) -> None:
    """Zoom is down: people have Meet when a quarter of the time that is left has gone, and a little."""
    with open_always(product, interval=1, notice=0):
        product.fault("zoom", "meetings.create", "status", times=None, status=503)
        now = datetime.now(UTC)
        starts = offered(product, now.date(), now.date() + timedelta(days=1))
        soon = next(start for start in starts if datetime.fromisoformat(start) >= now + timedelta(seconds=100))
        left = (datetime.fromisoformat(soon) - now).total_seconds()
        assert left <= 160
        booked = product.book("soon", slot=soon)
        until(lambda: product.shown(booked) == ("ready", "google_meet"), seconds=left / 4 + 10)
        product.sandbox.clear_faults()
        product.comes_to_rest_unharmed()


def test_what_comes_after_the_end_is_a_row_and_no_mail(product: Stage) -> None:
    """The workers were away until the meeting was over: it is given up, visibly, and nobody is invited to the past."""
    for worker in product.workers:
        for pid in [worker.popen.pid, *product.pool(worker)]:
            product.signal(pid, signal.SIGSTOP)
    try:
        booked = product.book("too.late")
        product.execute(
            "UPDATE bookings_booking SET start = start - interval '300 days', \"end\" = \"end\" - interval '300 days',"
            " blocked_from = blocked_from - interval '300 days', blocked_until = blocked_until - interval '300 days'"
            " WHERE token = %s",
            booked.token,
        )
    finally:
        for worker in product.workers:
            for pid in [*product.pool(worker), worker.popen.pid]:
                product.signal(pid, signal.SIGCONT)
    query = "SELECT id, gave_up_at FROM bookings_booking WHERE token = %s AND gave_up_at IS NOT NULL"
    (row,) = until(lambda: product.rows(query, booked.token), seconds=30)
    product.comes_to_rest_unharmed()
    assert not product.sandbox.mails(booked.email)
    assert not product.sandbox.ledger(booked.email)
    assert not product.rows("SELECT 1 FROM bookings_message WHERE booking_id = %s", row["id"])
    said = product.rows("SELECT text FROM bookings_timelineentry WHERE booking_id = %s AND kind = 'gave_up'", row["id"])
    assert len(said) == 1
