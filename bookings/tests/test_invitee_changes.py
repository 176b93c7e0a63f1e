"""What an invitee changes on their own pages: another time, or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from bookings import availability, services
from bookings.models import Booking, EventType
from bookings.tests.invitee import LINK, START, announce, book, page_of, signed, status_of
from bookings.tests.public import NOW
from calendars.busy import BusyUnknown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_a_monday_morning")]


# --- Rescheduling ----------------------------------------------------------------------------------------------------


def test_the_invitee_moves_the_booking(stranger: Client, booking: Booking) -> None:
    path = f"/b/{booking.token}/reschedule/"
    new = "2026-12-04T15:00:00Z"
    assert f'data-slot="{new}"' in stranger.get(path, {"date": "2026-12-04"}).content.decode()

    answer = stranger.post(path, signed(stranger, f"{path}?slot={new}", slot=new, reason="A train"))

    booking.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, f"/b/{booking.token}/")
    assert booking.start == datetime(2026, 12, 4, 15, tzinfo=UTC)
    assert (booking.revision, booking.reason, booking.changed_by) == (2, "A train", "invitee")
    assert "Your new time is booked." in page_of(stranger, booking)


def test_a_moved_booking_keeps_showing_its_link(stranger: Client, booking: Booking) -> None:
    announce(booking, "zoom", LINK)
    services.reschedule(booking=booking, start=START + timedelta(hours=1), by="invitee")

    html = page_of(stranger, booking)

    assert status_of(html) == "arranging"
    assert "The link stays the same." in html
    assert f'data-join-url="{LINK}"' in html


def test_a_booking_does_not_stand_in_its_own_way(stranger: Client, booking: Booking, intro: EventType) -> None:
    EventType.objects.update(interval_minutes=15)

    html = stranger.get(f"/b/{booking.token}/reschedule/", {"date": "2026-12-03"}).content.decode()

    assert 'data-slot="2026-12-03T14:15:00Z"' in html


def test_the_same_move_sent_twice_moves_once(stranger: Client, booking: Booking) -> None:
    path, new = f"/b/{booking.token}/reschedule/", "2026-12-04T15:00:00Z"
    form = signed(stranger, f"{path}?slot={new}", slot=new)

    answers = [stranger.post(path, form) for _ in range(2)]

    booking.refresh_from_db()
    assert [answer.status_code for answer in answers] == [303, 303]
    assert booking.revision == 2


def test_a_move_to_a_taken_time_offers_others(stranger: Client, booking: Booking, intro: EventType) -> None:
    path, new = f"/b/{booking.token}/reschedule/", "2026-12-04T15:00:00Z"
    form = signed(stranger, f"{path}?slot={new}", slot=new, reason="A train")
    book(intro, datetime(2026, 12, 4, 15, tzinfo=UTC), "quentin")

    answer = stranger.post(path, form)

    assert answer.status_code == 409
    assert "A train</textarea>" in answer.content.decode()
    assert 'type="radio" name="slot" value="2026-12-04T14:30:00Z"' in answer.content.decode()


@pytest.mark.parametrize(("slot", "status"), [("soon", 422), ("9998-12-31T23:59:59Z", 409), ("0002-01-01T00:00Z", 409)])
def test_a_move_to_no_time_at_all_is_refused(stranger: Client, booking: Booking, slot: str, status: int) -> None:
    path = f"/b/{booking.token}/reschedule/"
    form = signed(stranger, f"{path}?slot=2026-12-04T15:00:00Z", slot=slot)

    assert stranger.post(path, form).status_code == status


def test_a_move_without_the_forms_key_is_refused(stranger: Client, booking: Booking) -> None:
    answer = stranger.post(f"/b/{booking.token}/reschedule/", {"slot": "2026-12-04T15:00:00Z"})

    booking.refresh_from_db()
    assert (answer.status_code, booking.revision) == (422, 1)


def test_a_move_waits_for_the_calendar(stranger: Client, booking: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
    path, new = f"/b/{booking.token}/reschedule/", "2026-12-04T15:00:00Z"
    form = signed(stranger, f"{path}?slot={new}", slot=new)

    def silence(*args: object, **kwargs: object) -> None:
        raise BusyUnknown

    monkeypatch.setattr(availability, "busy_times", silence)

    assert stranger.post(path, form).status_code == 503
    assert "Times cannot be shown right now" in stranger.get(path, {"slot": new}).content.decode()


# --- Cancelling ------------------------------------------------------------------------------------------------------


def test_cancelling_asks_first_and_then_says_so(stranger: Client, booking: Booking) -> None:
    path = f"/b/{booking.token}/cancel/"
    form = signed(stranger, path, reason="Ill")
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED

    answer = stranger.post(path, form)

    booking.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, f"/b/{booking.token}/")
    assert (booking.status, booking.reason) == (Booking.Status.CANCELLED, "Ill")
    assert "This booking was cancelled" in page_of(stranger, booking)
    assert stranger.post(path, form).status_code == 303


def test_cancelling_without_the_forms_key_is_refused(stranger: Client, booking: Booking) -> None:
    assert stranger.post(f"/b/{booking.token}/cancel/", {}).status_code == 422
    booking.refresh_from_db()
    assert booking.is_live


def _cancelled(booking: Booking) -> None:
    services.cancel(booking=booking, by="organizer")


def _over(booking: Booking) -> None:
    Booking.objects.update(
        start=NOW - timedelta(hours=2),
        end=NOW - timedelta(hours=1),
        blocked_from=NOW - timedelta(hours=2),
        blocked_until=NOW - timedelta(hours=1),
    )


@pytest.mark.parametrize(("happen", "words"), [(_cancelled, "was cancelled"), (_over, "is already over")])
def test_what_cannot_be_moved_any_more_says_why(
    stranger: Client, booking: Booking, happen: Callable[[Booking], None], words: str
) -> None:
    happen(booking)
    path = f"/b/{booking.token}/reschedule/"

    assert words in stranger.get(path).content.decode()
    assert stranger.post(path, {"slot": "2026-12-04T15:00:00Z"}).status_code == 409


def test_a_meeting_that_is_over_cannot_be_cancelled(stranger: Client, booking: Booking) -> None:
    _over(booking)

    assert stranger.post(f"/b/{booking.token}/cancel/", {}).status_code == 409
    booking.refresh_from_db()
    assert booking.is_live
