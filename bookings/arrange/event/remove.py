"""The event goes when its booking was cancelled."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange.event.entry import body_of, connection_of
from bookings.arrange.event.insert import insert
from bookings.arrange.situation import Situation
from bookings.models import Announcement, CalendarEntry
from calendars import busy, google
from integrations.errors import ProviderError
from integrations.oauth import call_with_token


def remove(s: Situation, entry: CalendarEntry, a: Announcement) -> None:
    """Take the event out of the calendar; with an insert in doubt it is inserted first, for it may still arrive.

    Where somebody deleted it before us, or where nobody was on it yet, the calendar tells nobody: our mail does. So it
    is looked at first: once a deletion is in doubt, an event that is gone looks as if we had deleted it.
    """
    if entry.state == CalendarEntry.State.INSERTING and not entry.in_doubt:
        s.write(entry, state=CalendarEntry.State.NEVER_MADE)
        s.entry = None
        return
    if not s.is_due(entry):
        return
    s.lease.hold()
    try:
        if a.channel == Announcement.Channel.CALENDAR and not a.in_doubt and not _can_tell(entry):
            s.write(a, channel=Announcement.Channel.MAIL)
    except ProviderError as error:
        s.failed(entry, error)
        return
    tell = a.channel == Announcement.Channel.CALENDAR
    maybe_told = a.in_doubt
    call = _deletion(s, entry, tell=tell)
    s.lease.hold()
    if tell:
        s.write(a, in_doubt=True)
    try:
        was_there = call_with_token(connection_of(entry), call)
    except ProviderError as error:
        s.write(a, in_doubt=maybe_told or (tell and error.in_doubt))
        s.failed(entry, error)
        return
    # Together: either half alone would say that people were told who were not, or were not told who were.
    with transaction.atomic():
        s.succeeded(entry, state=CalendarEntry.State.DELETED, in_doubt=False)
        if tell:
            told = was_there or maybe_told
            channel = Announcement.Channel.CALENDAR if told else Announcement.Channel.MAIL
            s.write(a, in_doubt=False, channel=channel, done_at=a.done_at or timezone.now())
    s.entry = None
    busy.outdate(s.booking.organizer.user_id)
    s.note("event_deleted", _("The calendar event was deleted."))


def _can_tell(entry: CalendarEntry) -> bool:
    """Whether the event is there, with people on it whom its deletion is told. Raises ProviderError."""
    calendar_id, event_id = entry.calendar.external_id, entry.event_id
    event = call_with_token(connection_of(entry), lambda token: google.get_event(token, calendar_id, event_id))
    return event is not None and not event.cancelled and bool(event.attendees)


def _deletion(s: Situation, entry: CalendarEntry, *, tell: bool) -> Callable[[str], bool]:
    calendar_id, event_id, in_doubt = entry.calendar.external_id, entry.event_id, entry.in_doubt
    body = body_of(s, provider="", join_url="", with_people=False, meet="") | {"id": event_id}

    def call(token: str) -> bool:
        if in_doubt and google.get_event(token, calendar_id, event_id) is None:
            insert(token, calendar_id, body, tell=False)
        return google.delete_event(token, calendar_id, event_id, tell=tell)

    return call
