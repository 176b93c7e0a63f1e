"""Busy times: asked, known for a while, and never guessed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from bookings.availability import offered
from bookings.models import EventType, Organizer
from bookings.services import BusyUnknown, SlotTaken, cancel, reschedule
from bookings.tests.world import booked, connect, next_weekday, settle
from calendars.busy import FRESH, busy_times
from calendars.models import Calendar, KnownBusy
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db


def offers(organizer: Organizer, start: datetime) -> list[datetime]:
    event_type = EventType.objects.select_related("organizer__user", "schedule").get(organizer=organizer)
    return offered(
        event_type, start=start - timedelta(hours=12), end=start + timedelta(hours=12), now=timezone.now(), asking=True
    )


def busy(sandbox: Sandbox, start: datetime, calendar: str = "primary", **details: object) -> None:
    end = start + timedelta(hours=1)
    sandbox.act("add_busy", calendar=calendar, start=start.isoformat(), end=end.isoformat(), **details)


def test_what_the_calendar_blocks_is_not_offered(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    start = next_weekday(10)
    busy(sandbox, start)
    found = offers(ada, start)
    assert start not in found
    assert start + timedelta(hours=1) in found
    with pytest.raises(SlotTaken):
        booked(ada, start=start)


def test_events_that_do_not_block_time_are_ignored(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    start = next_weekday(10)
    busy(sandbox, start, transparent=True)
    busy(sandbox, start, declined=True)
    assert start in offers(ada, start)


def test_another_calendar_that_blocks_time_counts(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    start = next_weekday(10)
    assert start in offers(ada, start)
    other = Calendar.objects.get(external_id__startswith="team")
    busy(sandbox, start, calendar=other.external_id)
    assert start in offers(ada, start)
    Calendar.objects.filter(pk=other.pk).update(blocks_time=True)
    assert start not in offers(ada, start)


def test_a_booking_can_be_moved_by_half_its_length_although_its_event_is_in_the_calendar(
    ada: Organizer, sandbox: Sandbox
) -> None:
    EventType.objects.update(duration_minutes=60, interval_minutes=30)
    connect(ada, sandbox, "google")
    booking = settle(booked(ada))
    moved = reschedule(booking=booking, start=booking.start + timedelta(minutes=30), by="invitee")
    assert moved.revision == 2


def test_without_an_answer_what_is_known_counts_until_it_is_too_old(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    start = next_weekday(10)
    busy(sandbox, start)
    offers(ada, start)
    sandbox.fault(service="google", call="events.list", kind="status", times=None, params={"status": 503})
    assert start not in offers(ada, start)
    KnownBusy.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(BusyUnknown):
        offers(ada, start)
    with pytest.raises(BusyUnknown):
        booked(ada, start=start + timedelta(hours=3))


def test_an_answer_that_takes_too_long_is_not_waited_for(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    start = next_weekday(10)
    offers(ada, start)
    sandbox.fault(service="google", call="events.list", kind="timeout_before", params={"seconds": 5})
    began = timezone.now()
    assert start in offers(ada, start)
    assert timezone.now() - began < timedelta(seconds=4)


def test_pages_do_not_ask_again_within_seconds(ada: Organizer, sandbox: Sandbox, settings: Settings) -> None:
    connect(ada, sandbox, "google")
    now = timezone.now()
    for days in (1, 8, 20):
        busy_times(ada.user_id, start=now, end=now + timedelta(days=days), now=timezone.now())
    assert len(sandbox.calls("events.list")) == 1


def test_a_token_endpoint_that_hangs_does_not_hold_the_page(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")
    start = next_weekday(10)
    offers(ada, start)
    sandbox.act("expire_tokens", service="google")
    Connection.objects.update(expires_at=timezone.now())
    sandbox.fault(service="google", call="token.refresh", kind="timeout_before", params={"seconds": 20})
    began = timezone.now()
    assert start in offers(ada, start)
    assert timezone.now() - began < timedelta(seconds=5)


def test_the_calendar_is_asked_anew_after_each_time_that_we_change_it(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google")

    def is_outdated() -> bool:
        """Whether the last answer does not count as fresh any more; from here on it does."""
        (known,) = KnownBusy.objects.all()
        KnownBusy.objects.update(asked_at=timezone.now())
        assert known.asked_at is not None
        return known.asked_at <= timezone.now() - FRESH

    booking = booked(ada)
    assert not is_outdated()
    booking = settle(booking)
    assert is_outdated()
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert is_outdated()
    settle(cancel(booking=booking, by="organizer"))
    assert is_outdated()
