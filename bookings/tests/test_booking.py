"""Booking, moving and cancelling: what is offered is accepted, what is taken is not, and one form books once."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError
from django.utils import timezone

from bookings.availability import offered
from bookings.models import Booking, EventType, Message, Organizer
from bookings.services import NotChangeable, SlotTaken, cancel, reschedule
from bookings.tests.world import Many, booked, next_weekday


def intro(organizer: Organizer) -> EventType:
    return EventType.objects.select_related("organizer__user", "schedule").get(organizer=organizer)


def offered_around(start: datetime, organizer: Organizer) -> list[datetime]:
    half_a_day = timedelta(hours=12)
    return offered(intro(organizer), start=start - half_a_day, end=start + half_a_day, now=timezone.now())


@pytest.mark.django_db
def test_a_booked_time_is_no_longer_offered(ada: Organizer) -> None:
    start = next_weekday(10)
    assert start in offered_around(start, ada)
    booked(ada, start=start)
    assert start not in offered_around(start, ada)
    with pytest.raises(SlotTaken):
        booked(ada, start=start, key="form-2")


@pytest.mark.django_db
def test_buffers_keep_their_distance_from_other_bookings(ada: Organizer) -> None:
    EventType.objects.update(buffer_before_minutes=15, buffer_after_minutes=15)
    start = next_weekday(10)
    booked(ada, start=start)
    free = offered_around(start, ada)
    assert start + timedelta(minutes=30) not in free
    assert start + timedelta(minutes=60) in free


@pytest.mark.django_db
def test_times_that_were_never_offered_are_refused(ada: Organizer) -> None:
    for start in (next_weekday(10) + timedelta(minutes=7), next_weekday(3), next_weekday(10, days=-7)):
        with pytest.raises(SlotTaken):
            booked(ada, start=start)


@pytest.mark.django_db
def test_a_full_day_is_not_offered(ada: Organizer) -> None:
    EventType.objects.update(daily_limit=1)
    start = next_weekday(10)
    booked(ada, start=start)
    assert not offered_around(start, ada)


@pytest.mark.django_db
def test_the_same_form_twice_is_the_same_booking(ada: Organizer) -> None:
    assert booked(ada).pk == booked(ada).pk


@pytest.mark.django_db
def test_a_cancelled_booking_frees_its_time_and_cannot_be_moved(ada: Organizer) -> None:
    booking = booked(ada)
    cancel(booking=booking, by="invitee")
    again = booked(ada, key="form-2")
    assert again.start == booking.start
    with pytest.raises(NotChangeable):
        reschedule(booking=booking, start=next_weekday(14), by="invitee")


@pytest.mark.django_db
def test_cancelling_twice_changes_nothing_more(ada: Organizer) -> None:
    booking = cancel(booking=booked(ada), by="invitee")
    assert cancel(booking=booking, by="organizer").revision == booking.revision == 2


@pytest.mark.django_db
def test_a_booking_does_not_stand_in_its_own_way(ada: Organizer) -> None:
    EventType.objects.update(duration_minutes=60, interval_minutes=30)
    booking = booked(ada, start=next_weekday(10))
    moved = reschedule(booking=booking, start=next_weekday(10) + timedelta(minutes=30), by="invitee")
    assert (moved.start, moved.revision) == (next_weekday(10) + timedelta(minutes=30), 2)


@pytest.mark.django_db
def test_unsent_mail_of_an_earlier_revision_is_dropped(ada: Organizer) -> None:
    booking = booked(ada)
    message = Message.objects.create(
        booking=booking, revision=1, kind="confirmed", role="invitee", to_email="ida@example.org"
    )
    reschedule(booking=booking, start=next_weekday(14), by="invitee")
    message.refresh_from_db()
    assert message.state == Message.State.DROPPED


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_the_time(ada: Organizer, at_once: Many) -> None:
    start = next_weekday(10)
    outcomes = at_once(12, lambda number: booked(ada, start=start, key=f"form-{number}"))
    assert sum(isinstance(outcome, Booking) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, SlotTaken) for outcome in outcomes) == 11
    assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_overlapping_lengths_at_once_none_overlap(ada: Organizer, at_once: Many) -> None:
    event_type = intro(ada)
    EventType.objects.update(duration_minutes=45, interval_minutes=15, buffer_after_minutes=10)
    start = next_weekday(10)
    at_once(12, lambda number: booked(ada, start=start + timedelta(minutes=15 * number), key=f"form-{number}"))
    taken = sorted(Booking.objects.filter(event_type=event_type).values_list("blocked_from", "blocked_until"))
    assert len(taken) >= 2
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(taken))


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_many_times_at_once_books_once(ada: Organizer, at_once: Many) -> None:
    outcomes = at_once(8, lambda _number: booked(ada))
    assert len({outcome.pk for outcome in outcomes if isinstance(outcome, Booking)}) == 1
    assert Booking.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_database_itself_refuses_an_overlap(ada: Organizer) -> None:
    booking = booked(ada)
    copy = Booking.objects.get(pk=booking.pk)
    copy.pk, copy.uid = None, uuid.uuid4()
    copy.token = copy.form_key = copy.event_key = "another"
    with pytest.raises(IntegrityError, match="bookings_do_not_overlap"):
        copy.save(force_insert=True)
