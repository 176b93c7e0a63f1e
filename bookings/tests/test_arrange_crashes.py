"""A worker that dies between any two steps of arranging: the next one finishes, and nothing is lost or done twice.

A first, healthy run says which steps there are: each statement that writes to the database, each call to a provider,
each mail. Then the same is done again for each of them with a worker that dies just there, and another one takes over.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import product

import pytest
from django.core import mail
from django.db.models import F
from django.utils import timezone

from bookings import services
from bookings.arrange import arrange
from bookings.models import Announcement, Booking, CalendarEntry, Guest, Meeting, Message, Organizer, TimelineEntry
from bookings.services import cancel, reschedule
from bookings.tests.dying import Died, Steps, every_point_is_passed, watched
from bookings.tests.world import booked, connect
from integrations.models import Connection, DailyUse
from integrations.sandbox.mailbox import parse
from integrations.sandbox.testing import Sandbox
from zinnect.tests.faults.verdict import Facts, faults

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]


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
# With both accounts in `make test`; all of them in `make faults`.
REST = [*product((confirm, move, end), (("google",), ())), *product((confirm_and_cancel,), (BOTH, ("google",), ()))]


@pytest.mark.parametrize(
    ("change", "accounts"),
    [
        *product((confirm, move, end), (BOTH,)),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in [*REST, (ask, BOTH), (accept, ()), (turn_down, BOTH)]
        ),
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

    assert len(every_point_is_passed(go_through)) >= 9


@pytest.mark.slow
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

    assert len(every_point_is_passed(go_through)) >= 10


@pytest.mark.slow
def test_a_worker_may_die_while_it_finds_the_event_deleted_by_somebody_else(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, *BOTH)

    def go_through(fatal: str) -> Steps:
        steps = Steps(fatal)
        anew(sandbox)
        arrange((booking := booked(ada)).pk)
        (event,) = sandbox.events(live=True)
        sandbox.act("delete_event", id=event["id"])
        booking = arrange_dying(cancel(booking=booking, by="organizer"), steps)
        assert booking.arranged_revision == booking.revision, f"{fatal}: {booking.last_error or 'stuck'}"
        assert faults(facts(sandbox)) == [], fatal
        return steps

    assert len(every_point_is_passed(go_through)) >= 10
