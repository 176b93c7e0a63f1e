"""Bookings that wait for their organizer: held, asked about once, then confirmed, declined, or free by the clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from bookings import services
from bookings.arrange import arrange_due
from bookings.availability import offered
from bookings.models import Booking, EventType, Organizer
from bookings.services.confirmation import end_of_hold
from bookings.status import current_link, page_status
from bookings.tests.world import (
    INVITEE,
    Many,
    booked,
    calendar_part,
    connect,
    live_event,
    live_meeting,
    next_weekday,
    settle,
)
from bookings.trouble_mail import in_hand
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db
ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def _ada_confirms_herself(ada: Organizer) -> None:
    ada.event_types.update(requires_confirmation=True)


def intro(organizer: Organizer) -> EventType:
    return EventType.objects.select_related("organizer__user", "schedule").get(organizer=organizer)


def is_offered(organizer: Organizer, start: datetime) -> bool:
    return start in offered(intro(organizer), start=start, end=start + timedelta(minutes=1), now=timezone.now())


def lapse(booking: Booking) -> Booking:
    """Its hold ended a minute ago, and nobody has looked since."""
    Booking.objects.filter(pk=booking.pk).update(hold_until=timezone.now() - timedelta(minutes=1))
    booking.refresh_from_db()
    return booking


def told() -> list[tuple[str, str]]:
    """Whom our mails told what, in order of address."""
    return sorted((message.to[0], message.subject.split(":")[0]) for message in mail.outbox)


# --- Waiting ---------------------------------------------------------------------------------------------------------


def test_a_request_holds_its_time_and_nothing_outside_knows_of_it(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    calls = len(sandbox.calls("events.insert") + sandbox.calls("meetings.create"))
    booking = settle(booked(ada, guests=("gus@example.org",)))

    assert (booking.status, page_status(booking), current_link(booking)) == ("pending", "pending", ("", ""))
    assert not is_offered(ada, booking.start)
    with pytest.raises(services.SlotTaken):
        booked(ada, key="form-2")
    assert (sandbox.events(), sandbox.meetings(), sandbox.ledger()) == ([], [], [])
    assert len(sandbox.calls("events.insert") + sandbox.calls("meetings.create")) == calls
    assert (booking.arranged_revision, booking.next_attempt_at) == (1, None)


def test_organizer_and_invitee_have_one_mail_each_and_guests_none(ada: Organizer) -> None:
    booking = settle(booked(ada, guests=("gus@example.org",)))
    settle(booking)
    services.retry(booking=booking)
    settle(booking)
    assert told() == [(ADA, "Please confirm"), (INVITEE, "Waits for confirmation")]
    by_reader = {message.to[0]: message for message in mail.outbox}
    assert f"/bookings/{booking.uid}/answer/" in by_reader[ADA].body
    assert f"/b/{booking.token}/" in by_reader[INVITEE].body
    assert booking.token not in by_reader[ADA].body
    assert "Ada Ambrose has yet to confirm it" in by_reader[INVITEE].body
    for message in mail.outbox:
        assert "text/calendar" not in message.message().as_string()


def test_a_request_of_somebody_who_cannot_be_written_to_needs_the_organizer_once(ada: Organizer, refused: str) -> None:
    booking = settle(booked(ada, email=refused))
    settle(booking)
    assert told() == [(ADA, "Needs you"), (ADA, "Please confirm")]
    assert any("has not heard of this yet" in message.body for message in mail.outbox)


def test_mail_about_trouble_says_what_the_invitee_knows(ada: Organizer) -> None:
    booking = settle(booked(ada))
    assert in_hand(booking) == "Ida Invitee waits for your answer."
    assert in_hand(settle(services.decline(booking=booking, seen=1))) == "Ida Invitee knows that it was declined."


@pytest.mark.parametrize(
    ("ahead", "notice", "held"),
    [
        (timedelta(days=7), 60, timedelta(hours=24)),
        (timedelta(hours=20), 60, timedelta(hours=19)),
        (timedelta(hours=20), 19 * 60 + 59, timedelta(hours=1)),
        (timedelta(minutes=30), 0, timedelta(minutes=30)),
    ],
)
def test_the_hold_is_a_day_and_ends_with_the_notice(
    ada: Organizer, ahead: timedelta, notice: int, held: timedelta
) -> None:
    now = timezone.now()
    event_type = EventType(minimum_notice_minutes=notice)
    assert end_of_hold(event_type, start=now + ahead, now=now) - now == held


def test_a_booking_waits_for_a_time_and_never_without_end(ada: Organizer) -> None:
    booking = booked(ada)
    with pytest.raises(IntegrityError, match="pending_is_held_for_a_time"), transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(hold_until=None)


def test_a_request_counts_towards_the_days_limit(ada: Organizer) -> None:
    ada.event_types.update(daily_limit=1)
    booking = booked(ada, start=next_weekday(10))
    assert not is_offered(ada, next_weekday(14))
    lapse(booking)
    assert is_offered(ada, next_weekday(14))


# --- Confirmed -------------------------------------------------------------------------------------------------------


def test_a_confirmed_request_is_arranged_like_any_booking(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, guests=("gus@example.org",)))
    booking = settle(services.confirm(booking=booking, seen=1))

    meeting, event = live_meeting(sandbox), live_event(sandbox)
    assert event["location"] == meeting["join_url"]
    assert sorted((entry["to"], entry["kind"]) for entry in sandbox.ledger()) == [
        ("gus@example.org", "invitation"),
        (INVITEE, "invitation"),
    ]
    assert told() == [
        (ADA, "Confirmed"),
        (ADA, "Please confirm"),
        (INVITEE, "Confirmed"),
        (INVITEE, "Waits for confirmation"),
    ]
    assert (booking.status, booking.revision, page_status(booking)) == ("confirmed", 2, "ready")
    assert booking.confirmed_at is not None
    assert current_link(booking) == ("zoom", meeting["join_url"])


def test_a_confirmed_request_that_is_moved_before_anybody_heard_is_told_as_confirmed(ada: Organizer) -> None:
    booking = settle(booked(ada))
    services.confirm(booking=booking, seen=1)
    settle(services.reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert (INVITEE, "Confirmed") in told()
    assert (INVITEE, "New time") not in told()


def test_confirming_twice_is_refused_in_words_and_changes_nothing(ada: Organizer) -> None:
    booking = booked(ada)
    confirmed = services.confirm(booking=booking, seen=1)
    for answer in (services.confirm, services.decline):
        with pytest.raises(services.NotChangeable, match="confirmed already"):
            answer(booking=booking, seen=1)
    booking.refresh_from_db()
    assert (booking.status, booking.revision) == ("confirmed", confirmed.revision)


def test_what_the_invitee_cancelled_cannot_be_confirmed(ada: Organizer) -> None:
    booking = booked(ada)
    services.cancel(booking=booking, by="invitee")
    with pytest.raises(services.NotChangeable, match="was cancelled"):
        services.confirm(booking=booking, seen=1)


def test_an_answer_to_another_time_than_was_shown_is_refused(ada: Organizer) -> None:
    booking = booked(ada)
    services.reschedule(booking=booking, start=next_weekday(14), by="invitee")
    for answer in (services.confirm, services.decline):
        with pytest.raises(services.NotChangeable, match="Look at it again"):
            answer(booking=booking, seen=1)
    assert services.confirm(booking=booking, seen=2).start == next_weekday(14)


# --- Declined --------------------------------------------------------------------------------------------------------


def test_declining_frees_the_time_and_tells_the_invitee_once_with_the_message(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, guests=("gus@example.org",)))
    mail.outbox.clear()
    booking = settle(services.decline(booking=booking, seen=1, reason="I am away."))
    services.retry(booking=booking)
    settle(booking)

    assert told() == [(INVITEE, "Declined")]
    assert "I am away." in mail.outbox[0].body
    assert page_status(booking) == "declined"
    assert is_offered(ada, booking.start)
    assert booked(ada, key="form-2").start == booking.start
    assert (sandbox.events(), sandbox.meetings(), sandbox.ledger()) == ([], [], [])


def test_what_was_declined_cannot_be_moved_or_cancelled(ada: Organizer) -> None:
    booking = services.decline(booking=booked(ada), seen=1)
    with pytest.raises(services.NotChangeable, match="was declined"):
        services.reschedule(booking=booking, start=next_weekday(14), by="invitee")
    with pytest.raises(services.NotChangeable, match="was declined"):
        services.cancel(booking=booking, by="invitee")


# --- Nobody answers --------------------------------------------------------------------------------------------------


def test_a_hold_that_ends_declines_and_tells_the_invitee_once(ada: Organizer) -> None:
    booking = lapse(settle(booked(ada)))
    mail.outbox.clear()
    arrange_due()
    arrange_due()
    booking.refresh_from_db()
    assert (booking.status, booking.changed_by, booking.revision) == ("declined", "system", 2)
    assert told() == [(INVITEE, "Declined")]
    assert "Ada Ambrose did not answer in time" in mail.outbox[0].body
    assert "Not confirmed in time" in booking.timeline.get(kind="declined").text


def test_a_hold_that_has_not_ended_is_left_alone(ada: Organizer) -> None:
    booking = settle(booked(ada))
    arrange_due()
    booking.refresh_from_db()
    assert (booking.status, booking.revision) == ("pending", 1)


def test_a_lapsed_time_is_offered_and_booked_before_any_sweep(ada: Organizer) -> None:
    earlier = lapse(settle(booked(ada)))
    assert page_status(earlier) == "declined"
    assert is_offered(ada, earlier.start)
    later = booked(ada, key="form-2", email="second@example.org")
    earlier.refresh_from_db()
    assert (earlier.status, later.status, later.start) == ("declined", "pending", earlier.start)


def test_another_booking_can_be_moved_to_a_lapsed_time(ada: Organizer) -> None:
    lapsed, other = booked(ada), booked(ada, start=next_weekday(14), key="form-2")
    lapse(lapsed)
    assert services.reschedule(booking=other, start=lapsed.start, by="invitee").start == lapsed.start
    lapsed.refresh_from_db()
    assert lapsed.status == "declined"


def test_an_answer_after_the_hold_has_ended_is_refused_in_words(ada: Organizer) -> None:
    for answer in (services.confirm, services.decline):
        booking = lapse(booked(ada, key=answer.__name__))
        with pytest.raises(services.NotChangeable, match="not confirmed in time"):
            answer(booking=booking, seen=1)
        booking.refresh_from_db()
        assert (booking.status, booking.changed_by) == ("declined", "system")


def test_the_invitee_cannot_change_what_lapsed(ada: Organizer) -> None:
    booking = lapse(booked(ada))
    with pytest.raises(services.NotChangeable, match="not confirmed in time"):
        services.reschedule(booking=booking, start=next_weekday(14), by="invitee")
    with pytest.raises(services.NotChangeable, match="not confirmed in time"):
        services.cancel(booking=booking, by="invitee")


# --- The invitee changes their mind ----------------------------------------------------------------------------------


def test_a_request_that_is_moved_goes_on_waiting_and_is_asked_about_anew(ada: Organizer) -> None:
    booking = settle(booked(ada))
    Booking.objects.update(hold_until=timezone.now() + timedelta(hours=2))
    mail.outbox.clear()
    before = booking.start
    booking = settle(services.reschedule(booking=booking, start=next_weekday(14), by="invitee"))
    assert (booking.status, booking.start) == ("pending", next_weekday(14))
    assert booking.hold_until is not None
    assert booking.hold_until > timezone.now() + timedelta(hours=23)
    assert is_offered(ada, before)
    assert not is_offered(ada, booking.start)
    assert told() == [(ADA, "Please confirm"), (INVITEE, "Waits for confirmation")]


def test_a_request_that_is_withdrawn_is_free_and_guests_never_hear_of_it(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, guests=("gus@example.org",)))
    mail.outbox.clear()
    booking = settle(services.cancel(booking=booking, by="invitee"))
    assert told() == [(ADA, "Cancelled"), (INVITEE, "Cancelled")]
    assert all("text/calendar" not in message.message().as_string() for message in mail.outbox)
    assert is_offered(ada, booking.start)
    assert (sandbox.events(), sandbox.ledger()) == ([], [])


# --- The organizer's message -----------------------------------------------------------------------------------------


def test_a_move_carries_its_message_into_mail_and_calendar(ada: Organizer, sandbox: Sandbox) -> None:
    ada.event_types.update(requires_confirmation=False)
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, guests=("gus@example.org",)))
    mail.outbox.clear()
    reason = "A <b>train</b> was late."
    settle(services.reschedule(booking=booking, start=next_weekday(14), by="organizer", reason=reason))
    description = live_event(sandbox)["description"]
    assert "Message from Ada Ambrose:\nA &lt;b&gt;train&lt;/b&gt; was late." in description
    assert all(reason in message.body for message in mail.outbox)
    assert "Message: A <b>train</b> was late." in booking.timeline.get(kind="moved").text


def test_guests_without_a_calendars_invitation_have_the_message_by_mail(ada: Organizer) -> None:
    ada.event_types.update(requires_confirmation=False)
    booking = settle(booked(ada, guests=("gus@example.org",)))
    for verb, where in ((services.reschedule, {"start": next_weekday(14)}), (services.cancel, {})):
        mail.outbox.clear()
        settle(verb(booking=booking, by="organizer", reason="A cold.", **where))
        to_gus = next(message for message in mail.outbox if message.to == ["gus@example.org"])
        assert "A cold." in to_gus.body
        assert "COMMENT:A cold." in calendar_part(to_gus)


def test_an_invitees_message_holds_no_link(ada: Organizer, sandbox: Sandbox) -> None:
    ada.event_types.update(requires_confirmation=False)
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    mail.outbox.clear()
    reason = "See https://evil.example/now"
    settle(services.reschedule(booking=booking, start=next_weekday(14), by="invitee", reason=reason))
    written = [live_event(sandbox)["description"], *(str(message.message()) for message in mail.outbox)]
    assert not [text for text in written if re.search(r"https://evil|evil\.example", text)]
    assert "Message from Ida Invitee:\nSee https: //evil. example/now" in written[0]


# --- At once ---------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_answers_at_once_one_counts(ada: Organizer, at_once: Many) -> None:
    booking = booked(ada)
    answers = (services.confirm, services.decline)
    outcomes = at_once(8, lambda number: answers[number % 2](booking=booking, seen=1))
    (decided,) = [outcome for outcome in outcomes if isinstance(outcome, Booking)]
    booking.refresh_from_db()
    assert (booking.status, booking.revision) == (decided.status, 2)
    assert booking.timeline.filter(kind__in=("confirmed", "declined")).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_withdrawal_at_once_never_leave_both(ada: Organizer, at_once: Many) -> None:
    booking = booked(ada)

    def act(number: int) -> Booking:
        if number % 2:
            return services.cancel(booking=booking, by="invitee")
        return services.confirm(booking=booking, seen=1)

    at_once(6, act)
    settle(booking)
    kinds = list(booking.timeline.filter(kind__in=("confirmed", "cancelled")).values_list("kind", flat=True))
    assert booking.status == "cancelled"
    assert kinds in (["cancelled"], ["confirmed", "cancelled"])
    assert booking.revision == 1 + len(kinds)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_lapsed_time_goes_to_one_of_many_and_its_invitee_is_told_once(ada: Organizer, at_once: Many) -> None:
    lapsed = lapse(settle(booked(ada)))
    mail.outbox.clear()

    def act(number: int) -> object:
        if number == 0:
            return arrange_due()
        if number == 1:
            return services.confirm(booking=lapsed, seen=1)
        return booked(ada, key=f"form of {number}", email=f"person{number}@example.org")

    outcomes = at_once(8, act)
    assert len([outcome for outcome in outcomes if isinstance(outcome, Booking)]) == 1
    arrange_due()
    lapsed.refresh_from_db()
    assert (lapsed.status, lapsed.revision, lapsed.changed_by) == ("declined", 2, "system")
    assert len([message for message in mail.outbox if message.to == [INVITEE]]) == 1
