"""What is known of the calendar event, and what the calendar answers about it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange.content import REVISION_KEY, event_body
from bookings.arrange.situation import Situation
from bookings.models import Announcement, CalendarEntry, Message
from bookings.models.booking import new_event_key
from bookings.words import MEET
from calendars import google
from calendars.google import Event
from integrations.errors import ProviderError
from integrations.models import Connection
from integrations.oauth import call_with_token

_MEET_WAIT_SECONDS = 1.0


def intend(s: Situation) -> None:
    """Write down which event in which calendar it will be. The entry keeps its calendar when settings change."""
    if s.entry is not None or s.calendar is None:
        return
    s.lease.hold()
    event_id = new_event_key() if s.event_key_used else s.booking.event_key
    s.entry = CalendarEntry.objects.create(booking=s.booking, calendar=s.calendar, event_id=event_id)
    s.event_key_used = True


def connection_of(entry: CalendarEntry) -> Connection:
    """The account whose calendar the event is in."""
    return entry.calendar.connection


def _external_id(s: Situation, join_url: str) -> str:
    return next((meeting.external_id for meeting in s.all_meetings if join_url and meeting.join_url == join_url), "")


def body_of(s: Situation, *, provider: str, join_url: str, with_people: bool, meet: str) -> dict[str, Any]:
    """The event of this round's revision, as ``content.event_body`` words it."""
    return event_body(
        s.booking,
        provider=provider,
        join_url=join_url,
        external_id=_external_id(s, join_url),
        with_people=with_people,
        meet=meet,
    )


def fields_of(event: Event) -> dict[str, Any]:
    """What an answer of the calendar says, as fields of the entry."""
    revision = event.private.get(REVISION_KEY, "")
    told = int(revision) if revision.isdigit() else 0
    return {
        "etag": event.etag,
        "ical_uid": event.ical_uid,
        "sequence": event.sequence,
        "conference": event.conference,
        "meet_url": event.meet_url,
        "written_revision": told,
        "people_added": told > 0,
    }


def note_gone(s: Situation, entry: CalendarEntry) -> None:
    """Somebody deleted the event in the calendar: the next round inserts another one."""
    s.write(entry, state=CalendarEntry.State.GONE, in_doubt=False)
    s.note(
        "event_gone", _("The calendar event had been deleted in the calendar. A new one is being made."), problem=True
    )
    s.entry = None
    s.later("new event", timezone.now())


def fetch(s: Situation, entry: CalendarEntry) -> Event | None:
    """The event as it is now; None after a failure, which is recorded."""
    try:
        event = call_with_token(
            connection_of(entry), lambda token: google.get_event(token, entry.calendar.external_id, entry.event_id)
        )
    except ProviderError as error:
        s.failed(entry, error)
        return None
    if event is None:
        note_gone(s, entry)
    return event


def is_pending(entry: CalendarEntry | None) -> bool:
    """Whether Google is still making the event's Meet link."""
    return (
        entry is not None
        and entry.state == CalendarEntry.State.LIVE
        and entry.conference == CalendarEntry.Conference.PENDING
    )


def refresh_conference(s: Situation) -> None:
    """While Google is still making the Meet link: wait a moment, look again, and if need be later again."""
    entry = s.entry
    for wait in (0.0, _MEET_WAIT_SECONDS):
        if not is_pending(entry) or entry is None or not s.entry_reachable or not s.is_due(entry):
            return
        time.sleep(wait)
        s.lease.hold()
        event = fetch(s, entry)
        if event is None:
            return
        if event.cancelled:
            note_gone(s, entry)
            return
        s.succeeded(entry, **fields_of(event))
        complete_if_announced(s, entry)
    if is_pending(entry):
        s.later("Meet", timezone.now() + timedelta(seconds=2 * _MEET_WAIT_SECONDS))


def complete_if_announced(s: Situation, entry: CalendarEntry) -> bool:
    """Mark this revision's announcement as made once the event shows it and its link is known; whether it was now."""
    a = s.announcement
    if a is None or a.done_at is not None or a.channel != Announcement.Channel.CALENDAR:
        return False
    if entry.written_revision != a.revision or (a.provider == MEET and is_pending(entry)):
        return False
    fields: dict[str, Any] = {"done_at": timezone.now(), "in_doubt": False}
    if a.provider == MEET and not a.join_url:
        # Where our mails had to go out before the link was known, people are told of it as one that came late.
        known = entry.meet_url if not _mails_are_out(s) else ""
        fields |= {"join_url": known, "provider": MEET if known else ""}
        s.held = s.held if known else None
    s.write(a, **fields)
    s.note("announced", _("The calendar sent the invitation."))
    return True


def _mails_are_out(s: Situation) -> bool:
    """Whether people may have a mail of ours about this revision already."""
    mine = s.booking.messages.filter(revision=s.revision, state__in=(Message.State.SENDING, Message.State.SENT))
    return mine.exclude(kind=Message.Kind.TROUBLE).exists()
