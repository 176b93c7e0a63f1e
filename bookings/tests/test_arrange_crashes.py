"""A worker that dies between any two steps of arranging: the next one finishes, and nothing is lost or done twice.

A first, healthy run says which steps there are: each statement that writes to the database, each call to a provider,
each mail. Then the same is done again for each of them with a worker that dies just there, and another one takes over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from itertools import product
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import F
from django.utils import timezone

from bookings import services
from bookings.arrange import arrange
from bookings.models import Announcement, Booking, CalendarEntry, Guest, Meeting, Message, Organizer, TimelineEntry
from bookings.services import cancel, reschedule
from bookings.tests.world import booked, connect
from integrations import http
from integrations.models import Connection, DailyUse
from integrations.sandbox.mailbox import parse
from integrations.sandbox.testing import Sandbox
from zinnect.tests.faults.verdict import Facts, faults

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

MAIN = threading.main_thread()


class Died(BaseException):
    """The worker was killed: nothing of ours catches this."""


class Steps:
    """Counts the steps of one arranging, and dies before or after the one with a given name."""

    def __init__(self, fatal: str = "") -> None:
        self.fatal = fatal
        self.seen: list[str] = []
        self._lock = threading.Lock()

    def take(self, name: str, deed: Callable[[], Any]) -> Any:
        """Do one step, unless the worker dies before it; or die when it is done."""
        with self._lock:
            number = sum(known.startswith(f"{name} #") for known in self.seen) + 1
            self.seen.append(name := f"{name} #{number}")
        if self.fatal == f"before {name}":
            raise Died
        done = deed()
        if self.fatal == f"after {name}":
            raise Died
        return done

    def names(self) -> list[str]:
        """Every point at which a worker can die: after a write is as good as before the next."""
        points = [f"before {name}" for name in self.seen]
        return points + [f"after {name}" for name in self.seen if not name.startswith("write ")]


@contextmanager
def watched(steps: Steps) -> Iterator[None]:
    """Let every write, call and mail of this process go through ``steps``."""
    exchange, send = http._exchange, EmailMessage.send

    def write(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.split()
        if words[0] not in ("INSERT", "UPDATE", "DELETE") or threading.current_thread() is not MAIN:
            return execute(sql, params, many, context)
        table = next(word.strip('"') for word in words if "_" in word)
        return steps.take(f"write {words[0].lower()} {table}", lambda: execute(sql, params, many, context))

    def call(prepared: Any, **options: Any) -> Any:
        kind = "event" if "/events" in prepared.url else "meeting" if "/meetings" in prepared.url else "token"
        return steps.take(f"call {prepared.method} {kind}", lambda: exchange(prepared, **options))

    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(write))
        stack.enter_context(mock.patch.object(http, "_exchange", call))
        stack.enter_context(
            mock.patch.object(EmailMessage, "send", lambda self: steps.take("mail", lambda: send(self)))
        )
        yield


def time_passes(booking: Booking) -> None:
    """The dead worker's lease runs out, and whatever is put off is due."""
    past = timezone.now() - timedelta(minutes=1)
    Booking.objects.filter(pk=booking.pk).update(next_attempt_at=past)
    Booking.objects.filter(pk=booking.pk, lease_until__isnull=False).update(lease_until=past)
    for rows in (booking.meetings, booking.calendar_entries, booking.messages):
        rows.update(next_attempt_at=None)
    booking.meetings.update(attempted_at=F("attempted_at") - timedelta(minutes=20))
    booking.meetings.filter(look_again_at__isnull=False).update(look_again_at=past)


def arrange_dying(booking: Booking, steps: Steps, *, cancelled: bool = False) -> Booking:
    """Arrange it with a worker that dies at the fatal step; then by others until it is done."""
    with watched(steps), suppress(Died):
        arrange(booking.pk)
    if cancelled:
        cancel(booking=booking, by="invitee")
    booking.refresh_from_db()
    for _worker in range(6):
        if booking.arranged_revision == booking.revision:
            break
        time_passes(booking)
        arrange(booking.pk)
        booking.refresh_from_db()
    return booking


def facts(sandbox: Sandbox) -> Facts:
    """Our rows and the sandbox's, with the mails that Django kept."""
    mails = [parse(message.message().as_bytes(), message.from_email, message.to) for message in mail.outbox]
    return Facts(
        bookings=list(Booking.objects.values()),
        guests=list(Guest.objects.values()),
        meeting_rows=list(Meeting.objects.values()),
        entries=list(CalendarEntry.objects.annotate(connection_id=F("calendar__connection_id")).values()),
        timeline=list(TimelineEntry.objects.values()),
        announcements=list(Announcement.objects.values()),
        messages=list(Message.objects.values()),
        connections=list(Connection.objects.values("id", "user_id", "provider", "status", "generation")),
        organizers=list(Organizer.objects.values("id", "user_id", "timezone", email=F("user__email"))),
        events=sandbox.events(),
        meetings=sandbox.meetings(),
        ledger=sandbox.ledger(),
        mails=mails,
        now=timezone.now(),
    )


def confirm(booking: Booking) -> Booking:
    return booking  # it has just been booked


def move(booking: Booking) -> Booking:
    arrange(booking.pk)
    return reschedule(booking=booking, start=booking.start + timedelta(days=7), by="invitee")


def end(booking: Booking) -> Booking:
    arrange(booking.pk)
    return cancel(booking=booking, by="organizer")


def confirm_and_cancel(booking: Booking) -> Booking:
    return booking  # cancelled when the worker has died


def ask(booking: Booking) -> Booking:
    return booking  # its event type requires confirmation


def accept(booking: Booking) -> Booking:
    arrange(booking.pk)
    return services.confirm(booking=booking, seen=booking.revision)


def turn_down(booking: Booking) -> Booking:
    arrange(booking.pk)
    return services.decline(booking=booking, seen=booking.revision)


def anew(sandbox: Sandbox) -> None:
    """Nothing is booked; the accounts stay connected."""
    Booking.objects.all().delete()
    DailyUse.objects.all().delete()
    mail.outbox.clear()
    sandbox.reset(keep_grants=True)
    sandbox.act("list_lag", seconds=0)
    Connection.objects.update(last_success_at=None)  # which is written once a minute only


BOTH = ("google", "zoom")


@pytest.mark.parametrize(
    ("change", "accounts"),
    [
        *product((confirm, move, end, confirm_and_cancel), (BOTH, ("google",), ())),
        (ask, BOTH),
        (accept, ()),
        (turn_down, BOTH),
    ],
)
def test_a_worker_may_die_at_any_step(
    ada: Organizer, sandbox: Sandbox, change: Callable[[Booking], Booking], accounts: tuple[str, ...]
) -> None:
    ada.event_types.update(requires_confirmation=change in (ask, accept, turn_down))
    connect(ada, sandbox, *accounts)

    def go_through(fatal: str) -> Steps:
        steps = Steps(fatal)
        anew(sandbox)
        booking = arrange_dying(change(booked(ada)), steps, cancelled=change is confirm_and_cancel)
        assert booking.arranged_revision == booking.revision, f"{fatal}: {booking.last_error or 'stuck'}"
        assert faults(facts(sandbox)) == [], fatal
        # Not even for a moment: what is there is found rather than made again and swept up later.
        assert len(sandbox.meetings()) <= 1, f"{fatal}: made twice in Zoom"
        assert len(sandbox.events()) <= 1, f"{fatal}: made twice in Google"
        return steps

    every_point_is_passed(go_through)


def every_point_is_passed(go_through: Callable[[str], Steps]) -> None:
    """A healthy run first, then one for each of its points at which a worker can die."""
    points = go_through("").names()
    for point in points:
        reached = go_through(point).seen
        assert point.partition(" ")[2] in reached, f"{point} was never reached"
    assert len(points) >= 10


def test_a_worker_may_die_while_the_organizer_is_told_what_needs_them(
    ada: Organizer, sandbox: Sandbox, refused: str
) -> None:
    ada.event_types.update(location="phone", location_detail="+49 30 1234567")  # nothing else to be told of

    def go_through(fatal: str) -> Steps:
        steps = Steps(fatal)
        anew(sandbox)
        booking = arrange_dying(booked(ada, email=refused), steps)
        assert booking.arranged_revision == booking.revision, f"{fatal}: {booking.last_error or 'stuck'}"
        assert faults(facts(sandbox)) == [], fatal
        told = {message.extra_headers["Message-ID"] for message in mail.outbox if "Needs you" in message.subject}
        assert len(told) == 1, fatal
        return steps

    every_point_is_passed(go_through)
