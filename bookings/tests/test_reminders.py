"""Reminders: to the invitee, once, at the right time, with what holds then; and none where there should be none."""

from __future__ import annotations

import smtplib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone

from bookings import invitations, reminders, tasks
from bookings.invitations import when
from bookings.models import Announcement, Booking, EventType, Guest, Message, Organizer
from bookings.services import cancel
from bookings.tests import people
from bookings.tests.dying import Died, Steps, every_point_is_passed, watched
from bookings.tests.people import announced

pytestmark = pytest.mark.django_db

DAY, HOUR = Message.Kind.REMINDER_DAY, Message.Kind.REMINDER_HOUR
LINK = "https://zoom.example/j/1"


def in_hours(ada: Organizer, hours: float, *, told: float = 72, **changes: Any) -> Booking:
    """A booking that begins in ``hours``, of which people were told ``told`` hours ago."""
    start, then = timezone.now() + timedelta(hours=hours), timezone.now() - timedelta(hours=told)
    end = start + timedelta(minutes=30)
    times = {"start": start, "end": end, "blocked_from": start, "blocked_until": end}
    row = {"created_at": then, "confirmed_at": then, "revised_at": then, **times}
    booking = people.booked(ada, **(row | changes))
    announced(booking, url=LINK)
    return booking


def remind_all() -> list[EmailMessage]:
    """One sweep and what came of it."""
    before = len(mail.outbox)
    for booking_id, kind in reminders.due(200):
        reminders.remind(booking_id, kind)
    return mail.outbox[before:]


@pytest.mark.parametrize(("hours", "word"), [(23.9, "Reminder: "), (5, "Reminder: "), (0.9, "Soon: "), (0.1, "Soon: ")])
def test_the_invitee_is_reminded_once(ada: Organizer, hours: float, word: str) -> None:
    booking = in_hours(ada, hours)
    Guest.objects.create(booking=booking, email="gus@example.org")
    (reminder,) = remind_all()
    assert reminder.to == [booking.invitee_email]
    assert reminder.subject.startswith(word)
    assert f"Join with Zoom: {LINK}" in reminder.body
    assert f"/b/{booking.token}/" in reminder.body
    assert reminder.reply_to == ["Ada Ambrose <ada@example.com>"]
    assert remind_all() == []


def test_a_day_and_an_hour_before_are_two_reminders(ada: Organizer) -> None:
    booking = in_hours(ada, 23)
    first = remind_all()
    with time_machine.travel(booking.start - timedelta(minutes=50)):
        second = remind_all()
    assert len(first) == len(second) == 1
    assert set(booking.messages.values_list("kind", flat=True)) == {DAY, HOUR}


@pytest.mark.parametrize("hours", [24.1, -0.1, -3])
def test_it_is_too_early_or_too_late(ada: Organizer, hours: float) -> None:
    in_hours(ada, hours)
    assert remind_all() == []


@pytest.mark.parametrize(("hours", "told"), [(23, 0), (23.9, 0.05), (0.9, 0), (0.5, 0.4)])
def test_who_has_only_just_been_told_is_not_reminded(ada: Organizer, hours: float, told: float) -> None:
    in_hours(ada, hours, told=told)
    assert remind_all() == []


def test_who_was_told_a_few_hours_ahead_is_reminded_an_hour_before(ada: Organizer) -> None:
    in_hours(ada, 0.9, told=3)
    (reminder,) = remind_all()
    assert reminder.subject.startswith("Soon: ")


def test_a_confirmation_of_late_counts_as_telling(ada: Organizer) -> None:
    in_hours(ada, 23, confirmed_at=timezone.now())
    assert remind_all() == []


def test_a_move_of_late_counts_as_telling(ada: Organizer) -> None:
    in_hours(ada, 23, revised_at=timezone.now())
    assert remind_all() == []


@pytest.mark.parametrize("status", ["cancelled", "declined", "pending"])
def test_only_what_is_confirmed_is_reminded_of(ada: Organizer, status: str) -> None:
    held = timezone.now() + timedelta(hours=1) if status == "pending" else None
    in_hours(ada, 23, status=status, hold_until=held)
    assert remind_all() == []


def test_what_is_cancelled_between_the_query_and_the_sending_is_not_reminded_of(
    ada: Organizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = in_hours(ada, 23)
    render = invitations.reminder

    def meanwhile(*args: Any) -> Any:
        cancel(booking=booking, by="invitee")
        return render(*args)

    monkeypatch.setattr(invitations, "reminder", meanwhile)
    assert remind_all() == []
    assert booking.messages.get().state == Message.State.DROPPED


def test_a_move_is_reminded_of_at_the_new_time(ada: Organizer) -> None:
    booking = in_hours(ada, 23)
    (first,) = remind_all()
    start, told = timezone.now() + timedelta(hours=23.5), timezone.now() - timedelta(hours=48)
    times = {"start": start, "blocked_from": start, "end": start + timedelta(minutes=30)}
    Booking.objects.update(revision=2, revised_at=told, blocked_until=times["end"], **times)
    booking.refresh_from_db()
    announced(booking, url=LINK)
    (second,) = remind_all()
    assert when(booking.start, booking.end, ZoneInfo("UTC")) in second.body
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]
    assert booking.messages.get(reminds_of=start).revision == 2


def test_a_new_link_for_the_same_time_does_not_remind_again(ada: Organizer) -> None:
    booking = in_hours(ada, 23)
    assert len(remind_all()) == 1
    Booking.objects.update(revision=2)
    booking.refresh_from_db()
    announced(booking, url="https://zoom.example/j/2")
    assert remind_all() == []


def test_it_has_the_link_that_holds_then(ada: Organizer) -> None:
    booking = in_hours(ada, 23)
    booking.revision = 2
    announced(booking, url="https://zoom.example/j/2")
    (reminder,) = remind_all()
    assert "https://zoom.example/j/2" in reminder.body
    assert LINK not in reminder.body


def test_a_link_that_was_erased_here_is_in_the_invitation(ada: Organizer) -> None:
    in_hours(ada, 23)
    Announcement.objects.update(join_url="")
    (reminder,) = remind_all()
    assert "The Zoom link has not changed: it is in the invitation that you have." in reminder.body


def test_without_a_link_it_says_who_sends_one(ada: Organizer) -> None:
    in_hours(ada, 23)
    Announcement.objects.update(join_url="", provider="")
    (reminder,) = remind_all()
    assert "Ada Ambrose will send you the link to join." in reminder.body


def test_nobody_is_reminded_of_what_nobody_was_told(ada: Organizer) -> None:
    in_hours(ada, 23)
    Announcement.objects.update(done_at=None)
    assert remind_all() == []
    Announcement.objects.update(done_at=timezone.now())
    assert len(remind_all()) == 1


@pytest.mark.parametrize(("choice", "day", "hour"), [("both", 1, 1), ("day", 1, 0), ("hour", 0, 1), ("none", 0, 0)])
def test_the_organizer_chooses(ada: Organizer, choice: str, day: int, hour: int) -> None:
    EventType.objects.update(reminders=choice)
    in_hours(ada, 23)
    assert len(remind_all()) == day
    in_hours(ada, 0.5, name="Paul Plum")
    assert len(remind_all()) == hour


def test_it_is_in_the_invitees_language_and_zone(ada: Organizer) -> None:
    booking = in_hours(ada, 23, invitee_language="de", invitee_timezone="Asia/Tokyo")
    (reminder,) = remind_all()
    assert 'lang="de"' in str(reminder.alternatives[0][0])  # type: ignore[attr-defined]
    assert f"{booking.start.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}" in reminder.body
    assert "(Asia/Tokyo, UTC+09:00)" in reminder.body


# --- Once, whatever happens -----------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_send_one(ada: Organizer) -> None:
    booking = in_hours(ada, 23)
    barrier = Barrier(8)

    def worker(_number: int) -> bool:
        barrier.wait()
        try:
            return reminders.remind(booking.pk, DAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        sent = list(workers.map(worker, range(8)))
    assert sent.count(True) == len(mail.outbox) == 1
    assert booking.messages.get().state == Message.State.SENT


@pytest.mark.django_db(transaction=True)
def test_a_worker_may_die_at_any_step(ada: Organizer) -> None:
    def go_through(fatal: str) -> Steps:
        Booking.objects.all().delete()
        mail.outbox.clear()
        booking, steps = in_hours(ada, 23), Steps(fatal)
        with watched(steps), suppress(Died):
            reminders.remind(booking.pk, DAY)
        Message.objects.filter(state=Message.State.SENDING).update(claimed_at=timezone.now() - timedelta(minutes=5))
        remind_all()
        assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 1, fatal
        assert booking.messages.get().state == Message.State.SENT, fatal
        assert reminders.due(200) == [], fatal
        return steps

    assert len(every_point_is_passed(go_through)) >= 5


def test_what_another_worker_is_sending_is_left_to_it(ada: Organizer) -> None:
    booking = in_hours(ada, 23)
    row = {"kind": DAY, "role": "invitee", "to_email": booking.invitee_email, "reminds_of": booking.start}
    Message.objects.create(booking=booking, revision=1, state="sending", claimed_at=timezone.now(), **row)
    assert not reminders.remind(booking.pk, DAY)
    assert mail.outbox == []


def test_a_reminder_that_could_not_be_sent_is_tried_again_under_its_own_message_id(
    ada: Organizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking, sent = in_hours(ada, 23), []

    def lost(self: EmailMessage, fail_silently: bool = False) -> int:
        sent.append(self.extra_headers["Message-ID"])
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", lost)
        assert remind_all() == []
    assert remind_all() == []  # not before its time
    booking.messages.update(next_attempt_at=timezone.now())
    (reminder,) = remind_all()
    assert [reminder.extra_headers["Message-ID"]] == sent


def test_the_organizer_hears_once_of_a_reminder_that_was_refused(ada: Organizer, refused: str) -> None:
    booking = in_hours(ada, 23, invitee_email=refused, location="phone", location_detail="+49 30 1")
    assert remind_all() == []
    assert booking.messages.get().state == Message.State.FAILED
    for booking_id in (booking.pk, booking.pk):
        tasks.arrange_booking(booking_id)
    to_ada = [message for message in mail.outbox if message.subject.startswith("Needs you")]
    assert [message.to for message in to_ada] == [["ada@example.com"]]
    assert remind_all() == []


def test_the_sweep_hands_each_to_a_worker(ada: Organizer, monkeypatch: pytest.MonkeyPatch) -> None:
    booking = in_hours(ada, 23)
    handed: list[tuple[int, str]] = []
    monkeypatch.setattr(tasks.remind, "apply_async", lambda *, args, **_how: handed.append(args))
    tasks.remind_due()
    assert handed == [(booking.pk, DAY)]
    tasks.remind(*handed[0])
    assert len(mail.outbox) == 1
