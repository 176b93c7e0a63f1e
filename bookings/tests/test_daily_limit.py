"""A booking at the end of Zoom's day of a hundred: Meet at once and told why, and what people hold follows tomorrow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from bookings.arrange import arrange
from bookings.models import Booking, Meeting, Organizer
from bookings.services import cancel, reschedule
from bookings.status import current_link
from bookings.tests.world import INVITEE, again, booked, live_event, live_meeting, next_weekday, settle
from integrations import tasks
from integrations.models import Connection, DailyUse
from integrations.sandbox.testing import Sandbox
from integrations.utc_days import day_of, next_day

pytestmark = [pytest.mark.django_db, pytest.mark.faults, pytest.mark.usefixtures("connected_at_noon")]


def use(calls: int) -> None:
    """So many of today's calls are used."""
    host = Connection.objects.get(provider="zoom").external_id
    day = day_of(timezone.now())
    DailyUse.objects.update_or_create(provider="zoom", external_id=host, day=day, defaults={"calls": calls})


def calls() -> int:
    """How many calls of today are counted."""
    return DailyUse.objects.get(day=day_of(timezone.now())).calls


def tomorrow() -> datetime:
    """A minute into the next UTC day."""
    return next_day(timezone.now()) + timedelta(minutes=1)


def sent(sandbox: Sandbox) -> dict[str, int]:
    """How many meetings Zoom was asked to make, and to change."""
    return {name: len(sandbox.calls(f"meetings.{name}")) for name in ("create", "patch")}


def to_organizer() -> str:
    """The last mail to Ada."""
    return str([message for message in mail.outbox if message.to == ["ada@example.com"]][-1].body)


def next_booking(ada: Organizer, hour: int, **more: Any) -> Booking:
    return settle(booked(ada, start=next_weekday(hour), key=f"form-{hour}", email=f"ivy{hour}@example.org", **more))


def test_making_and_moving_count_and_deleting_does_not(ada: Organizer, sandbox: Sandbox) -> None:
    booking = settle(booked(ada))
    assert calls() == 1
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert calls() == 2
    settle(cancel(booking=booking, by="organizer"))
    assert (calls(), sandbox.meetings(live=True)) == (2, [])


def test_a_lost_answer_counts_and_finding_its_meeting_does_not(ada: Organizer, sandbox: Sandbox) -> None:
    sandbox.act("list_lag", seconds=0)
    sandbox.fault(service="zoom", call="meetings.create", kind="drop_after", times=1)
    booking = settle(booked(ada))
    assert calls() == 1
    Meeting.objects.update(attempted_at=timezone.now() - timedelta(minutes=1))
    booking = again(booking)
    assert current_link(booking) == ("zoom", live_meeting(sandbox)["join_url"])
    assert calls() == 1


def test_what_never_reached_zoom_does_not_count(ada: Organizer, sandbox: Sandbox, settings: Settings) -> None:
    settings.ZOOM_API_URL = "http://127.0.0.1:9/v2"  # where nothing listens
    settle(booked(ada))
    assert calls() == 0


def test_a_renewed_token_makes_one_of_two_calls_count(ada: Organizer, sandbox: Sandbox) -> None:
    sandbox.act("expire_tokens", service="zoom")
    settle(booked(ada))
    assert (sent(sandbox)["create"], calls()) == (2, 1)


def test_the_eightieth_tells_the_organizer_once(ada: Organizer, sandbox: Sandbox) -> None:
    use(78)
    subjects = []
    for hour in (9, 10, 11, 12):
        next_booking(ada, hour)
        tasks.sweep()
        subjects.append([m.subject for m in mail.outbox if "limit" in m.subject])
    assert calls() == 82
    assert subjects == [[], *[["Zoom: today's limit of meetings is nearly used up"]] * 3]


def test_the_ninety_first_booking_gets_meet_at_once_and_says_why(ada: Organizer, sandbox: Sandbox) -> None:
    use(89)
    assert current_link(next_booking(ada, 9))[0] == "zoom"
    booking = next_booking(ada, 10)
    assert current_link(booking) == ("google_meet", sandbox.events(live=True)[-1]["hangoutLink"])
    assert booking.arranged_revision == 1
    assert sent(sandbox)["create"] == 1
    assert len(sandbox.ledger("ivy10@example.org")) == 1
    assert "Zoom allows 100 new or changed meetings a day" in to_organizer()
    assert "begins again at 00:00 UTC" in to_organizer()
    assert booking.timeline.filter(kind="fallback", text__contains="Zoom allows 100").exists()
    assert booking.meetings.get().state == Meeting.State.NEVER_MADE


def test_the_day_after_there_is_zoom_again(ada: Organizer, sandbox: Sandbox) -> None:
    use(90)
    held = next_booking(ada, 9)
    with time_machine.travel(tomorrow()):
        assert current_link(next_booking(ada, 10)) == ("zoom", live_meeting(sandbox)["join_url"])
        assert calls() == 1
        # What people hold is not changed behind their backs.
        assert current_link(settle(held))[0] == "google_meet"


def test_a_booking_just_before_midnight_waits_for_the_new_day(ada: Organizer, sandbox: Sandbox) -> None:
    """Its deadline lies beyond the end of the day, so that Zoom can still be in time."""
    with time_machine.travel(next_day(timezone.now()) - timedelta(seconds=30)):
        use(90)
        booking = next_booking(ada, 9)
        assert current_link(booking) == ("", "")
        assert booking.next_attempt_at is not None
    with time_machine.travel(booking.next_attempt_at + timedelta(seconds=1)):
        assert current_link(settle(booking))[0] == "zoom"


def test_what_is_kept_for_changes_moves_a_meeting_that_people_hold(ada: Organizer, sandbox: Sandbox) -> None:
    booking = settle(booked(ada))
    use(99)
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert live_meeting(sandbox)["start_time"] == f"{booking.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert (booking.arranged_revision, calls()) == (2, 100)


def test_a_move_on_a_used_up_day_is_announced_and_its_meeting_follows_the_day_after(
    ada: Organizer, sandbox: Sandbox
) -> None:
    booking = settle(booked(ada))
    use(100)
    before = live_meeting(sandbox)["start_time"]
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert [entry["kind"] for entry in sandbox.ledger(INVITEE)] == ["invitation", "updated invitation"]
    assert live_event(sandbox)["location"] == live_meeting(sandbox)["join_url"]
    assert (sent(sandbox)["patch"], live_meeting(sandbox)["start_time"]) == (0, before)
    assert (booking.arranged_revision, booking.meetings.get().next_attempt_at) == (1, next_day(timezone.now()))
    assert "daily limit of new or changed Zoom meetings (100) is used up" in booking.last_error
    with time_machine.travel(tomorrow()):
        booking = settle(booking)
    assert live_meeting(sandbox)["start_time"] == f"{booking.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert (booking.arranged_revision, booking.last_error) == (2, "")
    assert len(sandbox.ledger(INVITEE)) == 2


def test_a_meeting_that_is_over_before_the_new_day_is_given_up_in_a_row(ada: Organizer, sandbox: Sandbox) -> None:
    booking = settle(booked(ada))
    use(100)
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    soon = timezone.now() + timedelta(minutes=5)
    begun = soon - timedelta(minutes=30)
    Booking.objects.update(start=begun, end=soon, blocked_from=begun, blocked_until=soon)
    booking = settle(booking)
    assert booking.next_attempt_at == soon
    with time_machine.travel(soon):
        arrange(booking.pk)
    booking.refresh_from_db()
    assert booking.gave_up_at is not None
    assert "(100) is used up" in booking.timeline.get(kind="gave_up").text
    assert sent(sandbox)["patch"] == 0


def test_when_zoom_says_it_first_the_next_booking_does_not_even_ask(ada: Organizer, sandbox: Sandbox) -> None:
    sandbox.act("daily_limit", limit=1)
    found = [current_link(next_booking(ada, hour))[0] for hour in (9, 10, 11)]
    assert found == ["zoom", "google_meet", "google_meet"]
    assert sent(sandbox)["create"] == 2
    assert "daily limit" in to_organizer()
    tasks.sweep()
    assert [m.subject for m in mail.outbox if "nearly used up" in m.subject] != []
    sandbox.act("daily_limit", limit=100)
    with time_machine.travel(tomorrow()):
        assert current_link(next_booking(ada, 12))[0] == "zoom"


def test_the_limit_of_a_second_only_puts_zoom_off(ada: Organizer, sandbox: Sandbox) -> None:
    sandbox.act("set", name="medium_per_second", value=0)
    booking = settle(booked(ada))
    assert current_link(booking) == ("", "")
    sandbox.act("set", name="medium_per_second", value=20)
    assert current_link(again(booking))[0] == "zoom"
    assert DailyUse.objects.get().closed_until is None


def test_an_organizer_without_zoom_has_no_limit_of_zooms(ada: Organizer, sandbox: Sandbox) -> None:
    use(100)
    Connection.objects.filter(provider="zoom").update(status=Connection.Status.REMOVED, generation=9)
    booking = settle(booked(ada))
    assert current_link(booking)[0] == "google_meet"
    assert not booking.timeline.filter(kind="fallback").exists()
