"""The steps of a confirmed booking, in order. Each looks for itself whether there is anything to do."""

from __future__ import annotations

from django.utils import timezone

from bookings.arrange import event, link, meeting, messages, together
from bookings.arrange.situation import Situation
from bookings.models import Announcement, CalendarEntry


def follow(s: Situation) -> None:
    """Bring the outside in line with a confirmed booking, as far as it goes now."""
    event.intend(s)
    meeting.intend(s)
    jobs = [meeting.create_job(s), event.insert_job(s)]
    together.perform([job for job in jobs if job is not None])
    event.refresh_conference(s)
    link.decide(s)
    event.announce(s)
    if s.announcement is not None:
        # A failed announcement may leave the telling to our mail, at once.
        link.decide(s)
        _tell(s, s.announcement)
    meeting.keep_in_step(s)
    _say_what_is_left(s)


def _tell(s: Situation, a: Announcement) -> None:
    if a.done_at is not None or (a.in_doubt and s.is_late):
        messages.tell(s, a)
    if a.done_at is None and not (s.entry and s.is_unfinished(s.entry)):
        s.later("announcement", s.deadline)


def _say_what_is_left(s: Situation) -> None:
    """The event still has to follow where our mail told people first."""
    entry = s.entry
    if entry is None or not s.entry_reachable or s.announcement is None or s.is_unfinished(entry):
        return
    if entry.state == CalendarEntry.State.INSERTING or entry.written_revision < s.revision:
        s.later(entry, timezone.now())
