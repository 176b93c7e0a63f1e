"""The steps of a booking that was cancelled: event and meeting go, everybody is told once."""

from __future__ import annotations

from django.utils import timezone

from bookings.arrange import event, meeting, messages
from bookings.arrange.situation import Situation
from bookings.models import Announcement

_CALENDAR, _MAIL = Announcement.Channel.CALENDAR, Announcement.Channel.MAIL


def follow(s: Situation) -> None:
    """Take back what was made, as far as it goes now. A meeting that is no longer managed is left alone."""
    a = s.announcement or _decide(s)
    if s.entry is not None and s.entry_reachable:
        event.remove(s, s.entry, a)
    waiting = s.entry if s.entry is not None and s.entry_reachable else None
    if a.done_at is None:
        if a.channel == _CALENDAR and not a.in_doubt and (waiting is None or s.out_of_time(waiting)):
            s.write(a, channel=_MAIL)
        # With nothing left to ask, a deletion in doubt counts as told: nobody is told twice.
        if waiting is None or a.channel == _MAIL:
            s.write(a, done_at=timezone.now())
    if a.done_at is not None:
        messages.tell(s, a)
    elif waiting is not None and not s.is_unfinished(waiting):
        s.later("announcement", s.deadline)
    meeting.keep_in_step(s)


def _decide(s: Situation) -> Announcement:
    """Who told people of the booking tells them of its end."""
    last = s.booking.announcements.exclude(revision=s.revision).order_by("-revision").first()
    told_by_calendar = last is not None and last.channel == _CALENDAR and (last.done_at is not None or last.in_doubt)
    calendar_can = s.entry is not None and s.entry_reachable
    s.lease.require(s.revision)
    s.announcement = Announcement.objects.create(
        booking=s.booking, revision=s.revision, channel=_CALENDAR if told_by_calendar and calendar_can else _MAIL
    )
    return s.announcement
