"""After RETENTION_DAYS a booking names nobody any more; what is younger, or still under way, is left alone."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core.serializers import serialize
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from bookings.models import (
    Announcement,
    Booking,
    CalendarEntry,
    Guest,
    Meeting,
    Message,
    Organizer,
    TimelineEntry,
)
from bookings.services import retention
from bookings.tasks import forget_old
from bookings.tests.people import booked as row_of_booking
from bookings.tests.world import booked, connect, settle
from integrations.models import AuthorizationRequest, Connection, ConnectionEvent
from integrations.sandbox.testing import Sandbox

# What of a booking names nobody, and so stays. A field that is in neither list fails the test: decide.
KEPT = """
    id uid token form_key event_key organizer event_type status title location location_detail start end blocked_from
    blocked_until change changed_by created_at confirmed_at revision revised_at arranged_revision next_attempt_at
    attempts gave_up_at hold_until erased_at lease_owner lease_until
""".split()


@pytest.fixture
def long_ago(ada: Organizer, sandbox: Sandbox) -> Booking:
    """A booking of a month ago, that went all the way."""
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, notes="Please ring twice", guests=("gus@example.org",)))
    ago = timezone.now() - timedelta(days=30)
    times = {"blocked_from": ago, "start": ago, "end": ago + timedelta(minutes=30)}
    Booking.objects.filter(pk=booking.pk).update(**times, blocked_until=times["end"])
    booking.refresh_from_db()
    return booking


def everything() -> str:
    """All that the database holds of bookings."""
    rows = (Booking, Guest, Message, TimelineEntry, Meeting, Announcement, CalendarEntry)
    text: str = serialize("json", itertools.chain.from_iterable(model._default_manager.all() for model in rows))
    return text


def test_what_is_old_enough_names_nobody_any_more(
    long_ago: Booking, settings: Settings, sandbox: Sandbox, client: Client
) -> None:
    (meeting,) = sandbox.meetings()
    secrets = ["Ida", "ida@example.org", "gus@example.org", "ring twice", meeting["join_url"], str(meeting["id"])]
    assert [word for word in secrets if word not in everything()] == []
    settings.RETENTION_DAYS = 29

    assert retention.forget_old() == 1
    assert [word for word in secrets if word in everything()] == []
    assert client.get(f"/b/{long_ago.token}/").status_code == 404
    assert retention.forget_old() == 0


def test_its_row_and_its_times_stay(long_ago: Booking, settings: Settings, as_ada: Client) -> None:
    settings.RETENTION_DAYS = 29
    retention.forget_old()
    after = Booking.objects.get()

    assert (after.start, after.status, after.arranged_revision) == (long_ago.start, "confirmed", long_ago.revision)
    assert after.erased_at is not None
    for page in ("/bookings/", f"/bookings/{after.uid}/"):
        assert as_ada.get(page).status_code == 200


def test_every_field_of_a_booking_is_either_erased_or_kept_on_purpose() -> None:
    fields = {field.name for field in Booking._meta.concrete_fields}

    assert fields == set(KEPT) | set(retention.ERASED)
    assert not set(KEPT) & set(retention.ERASED)


@pytest.mark.parametrize("days", [0, 31])
def test_what_is_younger_stays_and_by_default_everything(long_ago: Booking, settings: Settings, days: int) -> None:
    settings.RETENTION_DAYS = days

    assert retention.forget_old() == 0
    assert "Ida" in everything()


def test_nothing_is_forgotten_where_nothing_is_set() -> None:
    assert (configured.RETENTION_DAYS, configured.LOG_RETENTION_DAYS) == (0, 0)


def test_what_is_still_being_worked_at_waits(ada: Organizer, settings: Settings) -> None:
    settings.RETENTION_DAYS = 1
    row_of_booking(ada, days=-9, revision=2, arranged_revision=1)
    assert retention.forget_old() == 0

    Booking.objects.update(gave_up_at=timezone.now())
    assert retention.forget_old() == 1


def test_many_are_forgotten_batch_by_batch(ada: Organizer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RETENTION_DAYS = 1
    monkeypatch.setattr(retention, "AT_A_TIME", 2)
    for number in range(5):
        row_of_booking(ada, days=-9 - number)

    assert retention.forget_old() == 5
    assert not Booking.objects.filter(erased_at=None).exists()


def test_old_history_trips_and_sessions_go(ada: Organizer, settings: Settings) -> None:
    settings.LOG_RETENTION_DAYS = 90
    connection = Connection.objects.create(user=ada.user, provider="zoom")
    now = timezone.now()
    for days in (91, 89):
        ConnectionEvent.objects.create(connection=connection, kind="x", text=f"{days}", at=now - timedelta(days=days))
    for hours in (25, 23):
        AuthorizationRequest.objects.create(
            user=ada.user,
            provider="zoom",
            state_digest=f"{hours}",
            session_digest="-",
            code_verifier="-",
            created_at=now - timedelta(hours=hours),
        )
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(days=1))

    forget_old()

    assert [event.text for event in ConnectionEvent.objects.all()] == ["89"]
    assert [trip.state_digest for trip in AuthorizationRequest.objects.all()] == ["23"]
    assert not Session.objects.exists()
