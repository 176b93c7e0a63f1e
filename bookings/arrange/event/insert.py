"""The insert: without telling anybody, or announcing at once where no video meeting is awaited."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange.event.entry import body_of, complete_if_announced, connection_of, fields_of, note_gone
from bookings.arrange.event.one_link import keep_one_link
from bookings.arrange.reasons import why_no_meeting
from bookings.arrange.situation import Situation
from bookings.arrange.together import Job, ready
from bookings.models import Announcement, CalendarEntry
from bookings.words import MEET
from calendars import busy, google
from calendars.google import Event
from integrations.errors import ProviderError


def insert_job(s: Situation) -> Job | None:
    """The call that inserts the event, or finds the one that an earlier try inserted; None: nothing to do."""
    entry = s.entry
    if entry is None or entry.state != CalendarEntry.State.INSERTING or not s.entry_reachable or not s.is_due(entry):
        return None
    try:
        connection = ready(connection_of(entry))
    except ProviderError as error:
        s.failed(entry, error)
        return None
    announcement = _announced_by_insert(s, entry)
    tell = announcement is not None and announcement.channel == Announcement.Channel.CALENDAR
    provider, join_url = (announcement.provider, announcement.join_url) if announcement else ("", "")
    ask = s.booking.is_video and entry.calendar.allows_meet and provider in ("", MEET)
    body = body_of(
        s,
        provider=provider,
        join_url=join_url,
        with_people=announcement is not None,
        meet=entry.event_id if ask else "",
    )
    body["id"] = entry.event_id
    was_in_doubt, calendar_id = entry.in_doubt, entry.calendar.external_id
    s.write_ahead(entry, in_doubt=True)
    if announcement is not None and tell:
        s.write(announcement, in_doubt=True)

    def call(access_token: str) -> Event:
        found = google.get_event(access_token, calendar_id, entry.event_id) if was_in_doubt else None
        return found or insert(access_token, calendar_id, body, tell=tell)

    def fail(error: ProviderError) -> None:
        if announcement is not None and not announcement.done_at:
            s.write(announcement, in_doubt=announcement.in_doubt and (was_in_doubt or error.in_doubt))
        if ask and error.status == 400 and "conference" in str(error).lower():
            error = _without_meet(s, entry, error)
        s.failed(entry, error, in_doubt=was_in_doubt or error.in_doubt)

    return Job(connection, call, lambda event: _inserted(s, entry, event), fail)


def _without_meet(s: Situation, entry: CalendarEntry, error: ProviderError) -> ProviderError:
    """The calendar allows no Meet link, whatever its list said: remember it, and insert without one at once."""
    entry.calendar.allows_meet = False
    entry.calendar.save(update_fields=["allows_meet"])
    a = s.announcement
    if a is not None and a.provider == MEET and not a.join_url:
        s.write(a, provider="")
    return ProviderError(str(error), retryable=True, retry_at=timezone.now(), status=error.status)


def _announced_by_insert(s: Situation, entry: CalendarEntry) -> Announcement | None:
    """The announcement that the insert itself carries out: where no video meeting is awaited, one call does it all."""
    if s.announcement is not None:
        return s.announcement
    if s.chosen is not None and s.held is None:
        return None
    held = s.held
    if held is None:
        provider, join_url = (MEET, "") if s.booking.is_video and entry.calendar.allows_meet else ("", "")
    else:
        provider, join_url = held.provider, held.join_url
    s.lease.require(s.revision)
    s.announcement = Announcement.objects.create(
        booking=s.booking,
        revision=s.revision,
        channel=Announcement.Channel.CALENDAR,
        provider=provider,
        join_url=join_url,
        why=why_no_meeting(s),
    )
    return s.announcement


def insert(access_token: str, calendar_id: str, body: dict[str, Any], *, tell: bool) -> Event:
    """Insert, where "there is one already" is success."""
    try:
        return google.insert_event(access_token, calendar_id, body, tell=tell)
    except ProviderError as error:
        if error.status != 409:
            raise
        found = google.get_event(access_token, calendar_id, body["id"])
        if found is None:
            raise ProviderError(str(error), retryable=True, in_doubt=True) from error
        return found


def _inserted(s: Situation, entry: CalendarEntry, event: Event) -> None:
    if event.cancelled:
        note_gone(s, entry)
        return
    s.succeeded(entry, state=CalendarEntry.State.LIVE, in_doubt=False, **fields_of(event))
    s.note("event_inserted", _("The calendar event was inserted."))
    busy.outdate(s.booking.organizer.user_id)
    if s.announcement is not None:
        keep_one_link(s, entry, s.announcement, event)
    complete_if_announced(s, entry)
