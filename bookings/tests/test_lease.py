"""One worker at a time for a booking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from bookings.arrange import arrange
from bookings.arrange.lease import Lease, LeaseLost, RevisionMoved
from bookings.arrange.situation import Situation
from bookings.models import Booking, Organizer
from bookings.services import retry, send_again
from bookings.tests.world import booked

pytestmark = pytest.mark.django_db


def claimed(booking: Booking) -> Lease:
    lease = Lease.claim(booking.pk)
    assert lease is not None
    return lease


def taken_over(booking: Booking) -> None:
    """By another worker, which is possible only when the time has run out."""
    Booking.objects.filter(pk=booking.pk).update(lease_owner="somebody else")


def test_a_lease_with_its_time_left_is_held_without_asking(ada: Organizer, django_assert_num_queries: Any) -> None:
    lease = claimed(booked(ada))
    with django_assert_num_queries(0):
        lease.hold()


def test_a_lease_that_lasted_a_while_is_written_anew(ada: Organizer, settings: Settings) -> None:
    lease = claimed(booking := booked(ada))
    lease.until = timezone.now() + timedelta(seconds=settings.ARRANGE_LEASE_SECONDS * 0.8)
    Booking.objects.filter(pk=booking.pk).update(lease_until=lease.until)
    lease.hold()
    booking.refresh_from_db()
    assert booking.lease_until == lease.until
    assert lease.until - timezone.now() > timedelta(seconds=settings.ARRANGE_LEASE_SECONDS * 0.95)


def test_whoever_lost_the_lease_neither_holds_nor_writes(ada: Organizer) -> None:
    lease = claimed(booking := booked(ada))
    taken_over(booking)
    lease.until = timezone.now()
    with pytest.raises(LeaseLost):
        lease.hold()
    with pytest.raises(LeaseLost):
        lease.require(booking.revision)
    note = booking.timeline.get()
    with pytest.raises(LeaseLost):
        lease.write(note, kind="changed")
    with pytest.raises(LeaseLost):
        lease.write_ahead(note, at=booking.revision, kind="changed")
    note.refresh_from_db()
    assert note.kind == "booked"


def test_a_revision_that_moved_is_noticed_and_the_lease_stays(ada: Organizer) -> None:
    lease = claimed(booking := booked(ada))
    Booking.objects.filter(pk=booking.pk).update(revision=2)
    with pytest.raises(RevisionMoved):
        lease.require(1)
    lease.require(2)
    note = booking.timeline.get()
    with pytest.raises(RevisionMoved):
        lease.write_ahead(note, at=1, kind="changed")
    assert booking.timeline.get().kind == "booked"
    lease.write_ahead(note, at=2, kind="changed")
    assert booking.timeline.get().kind == "changed"


def test_a_write_reaches_the_row_of_its_own_booking_alone(ada: Organizer) -> None:
    lease = claimed(booking := booked(ada))
    moved = booking.timeline.get()
    lease.write(moved, text="Other words.", is_problem=True)
    stored = booking.timeline.get()
    assert (stored.text, stored.is_problem) == (moved.text, moved.is_problem) == ("Other words.", True)
    other = booked(ada, start=booking.start + timedelta(hours=1), key="form-2")
    with pytest.raises(LeaseLost):
        lease.write(other.timeline.get(), text="Not mine.")


def test_it_is_not_let_go_as_done_where_somebody_asked_for_another_look(ada: Organizer) -> None:
    lease = claimed(booking := booked(ada))
    booking.refresh_from_db()
    retry(booking=booking)
    assert not lease.release(booking, arranged_revision=1)
    booking.refresh_from_db()
    assert booking.arranged_revision == 0
    assert lease.release(booking, arranged_revision=1)


def test_mails_that_are_asked_for_again_while_it_is_arranged_are_sent_again(
    ada: Organizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = booked(ada)
    asked: list[int] = []

    def told(_situation: Situation) -> None:
        if not asked:
            asked.append(send_again(booking=booking))

    monkeypatch.setattr("bookings.arrange.rounds.trouble.tell", told)
    arrange(booking.pk)
    booking.refresh_from_db()
    assert booking.arranged_revision == booking.revision
    assert {message.state for message in booking.messages.all()} == {"sent"}
    ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert [ids.count(each) for each in set(ids)] == [2, 2]
