"""Exactly one join link: no Meet link beside another service's."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bookings.arrange.event.entry import connection_of, fields_of
from bookings.arrange.situation import Situation
from bookings.models import Announcement, CalendarEntry
from bookings.problems import TWO_LINKS
from bookings.words import MEET
from calendars import google
from calendars.google import Event
from integrations.errors import ProviderError
from integrations.oauth import call_with_token


def excludes_meet(s: Situation, a: Announcement) -> bool:
    """Whether no Meet link may be in the event: another service's link stands there, or it is held without any."""
    return a.provider not in ("", MEET) or not s.booking.is_video


def keep_one_link(s: Situation, entry: CalendarEntry, a: Announcement, event: Event) -> None:
    """Check the answer: where another service's link stands, no Meet link may stand beside it."""
    if not event.meet_url or not excludes_meet(s, a):
        return
    body = {"conferenceData": None}
    for _attempt in range(2):
        s.lease.hold()
        try:
            event = call_with_token(
                connection_of(entry),
                lambda token, etag=event.etag: google.patch_event(  # type: ignore[misc]
                    token, entry.calendar.external_id, entry.event_id, body, etag=etag, tell=False
                ),
            )
        except ProviderError as error:
            s.failed(entry, error, written_revision=s.revision - 1)
            return
        s.succeeded(entry, **fields_of(event))
        if not event.meet_url:
            return
    s.note(
        TWO_LINKS,
        _("The calendar puts its own video link back into the event. Switch that off in the calendar."),
        problem=True,
    )
