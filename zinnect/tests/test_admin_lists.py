"""A list of a hundred rows in admin costs no more queries than one of three would."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bookings.models import Booking, CalendarEntry, EventType, Meeting, Message, Organizer
from bookings.tests.people import announced, booked
from calendars.models import Calendar
from integrations.models import Connection
from zinnect.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HUNDRED = range(100)


def _bookings(ada: Organizer) -> list[Booking]:
    made = [booked(ada, name=f"Guest {number}", days=number + 1) for number in HUNDRED]
    for booking in made:
        announced(booking)
    return made


def _connections(ada: Organizer) -> list[Connection]:
    people = User.objects.bulk_create(User(username=f"person{number}") for number in HUNDRED)
    return Connection.objects.bulk_create(Connection(user=user, provider="zoom") for user in people)


def _calendars(ada: Organizer) -> list[Calendar]:
    rows = (Calendar(connection=each, external_id=f"c{each.pk}", name="Work") for each in _connections(ada))
    return Calendar.objects.bulk_create(rows)


def _meetings(ada: Organizer) -> list[Meeting]:
    pairs = zip(_bookings(ada), _connections(ada), strict=True)
    rows = (Meeting(booking=b, connection=c, provider="zoom", generation=1, marker=str(b.pk)) for b, c in pairs)
    return Meeting.objects.bulk_create(rows)


def _entries(ada: Organizer) -> list[CalendarEntry]:
    pairs = zip(_bookings(ada), _calendars(ada), strict=True)
    return CalendarEntry.objects.bulk_create(CalendarEntry(booking=b, calendar=c, event_id=str(b.pk)) for b, c in pairs)


def _messages(ada: Organizer) -> list[Message]:
    common = {"revision": 1, "kind": "confirmed", "role": "invitee"}
    rows = (Message(booking=each, to_email=each.invitee_email, **common) for each in _bookings(ada))
    return Message.objects.bulk_create(rows)


def _event_types(ada: Organizer) -> list[EventType]:
    schedule, names = ada.schedules.get(), [f"type-{number}" for number in HUNDRED]
    rows = (EventType(organizer=ada, schedule=schedule, title=name, slug=name) for name in names)
    return EventType.objects.bulk_create(rows)


def _audit_entries(ada: Organizer) -> list[AuditEntry]:
    people = User.objects.bulk_create(User(username=f"admin{number}") for number in HUNDRED)
    rows = (AuditEntry(actor_id=user.pk, action="Add", model="auth.group", object_id="1") for user in people)
    return AuditEntry.objects.bulk_create(rows)


LISTS: dict[str, Callable[[Organizer], object]] = {
    "bookings/booking": _bookings,
    "bookings/calendarentry": _entries,
    "bookings/eventtype": _event_types,
    "bookings/meeting": _meetings,
    "bookings/message": _messages,
    "calendars/calendar": _calendars,
    "integrations/connection": _connections,
    "zinnect/auditentry": _audit_entries,
}


@pytest.mark.parametrize("model", LISTS)
def test_a_hundred_rows_take_few_queries(
    ada: Organizer, admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, model: str
) -> None:
    LISTS[model](ada)
    with django_assert_max_num_queries(12):
        page = admin_client.get(f"/admin/{model}/").content.decode()
    assert len(set(re.findall(rf"/admin/{model}/(\d+)/change/", page))) >= 100
