"""The calendar event: inserted without telling anybody, then announced once, moved, and deleted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange.content import REVISION_KEY, event_body
from bookings.arrange.reasons import why_no_meeting
from bookings.arrange.situation import Situation
from bookings.arrange.together import Job, token_for
from bookings.models import Announcement, CalendarEntry, Meeting
from bookings.models.booking import new_event_key
from bookings.words import MEET
from calendars import busy, google
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
    used = s.booking.calendar_entries.exists()
    s.entry = CalendarEntry.objects.create(
        booking=s.booking, calendar=s.calendar, event_id=new_event_key() if used else s.booking.event_key
    )


def _connection(entry: CalendarEntry) -> Connection:
    return entry.calendar.connection


def _external_id(s: Situation, join_url: str) -> str:
    meeting = Meeting.objects.filter(booking=s.booking, join_url=join_url).exclude(join_url="").first()
    return meeting.external_id if meeting else ""


def _body(s: Situation, *, provider: str, join_url: str, with_people: bool, meet: str) -> dict[str, Any]:
    return event_body(
        s.booking,
        provider=provider,
        join_url=join_url,
        external_id=_external_id(s, join_url),
        with_people=with_people,
        meet=meet,
    )


# --- Insert --------------------------------------------------------------------------------------------------------


def insert_job(s: Situation) -> Job | None:
    """The call that inserts the event, or finds the one that an earlier try inserted; None: nothing to do."""
    entry = s.entry
    if entry is None or entry.state != CalendarEntry.State.INSERTING or not s.entry_reachable or not s.is_due(entry):
        return None
    try:
        token = token_for(_connection(entry))
    except ProviderError as error:
        s.failed(entry, error)
        return None
    announcement = _announced_by_insert(s, entry)
    tell = announcement is not None and announcement.channel == Announcement.Channel.CALENDAR
    provider, join_url = (announcement.provider, announcement.join_url) if announcement else ("", "")
    ask = s.booking.is_video and entry.calendar.allows_meet and provider in ("", MEET)
    body = _body(
        s,
        provider=provider,
        join_url=join_url,
        with_people=announcement is not None,
        meet=entry.event_id if ask else "",
    )
    body["id"] = entry.event_id
    was_in_doubt, calendar_id = entry.in_doubt, entry.calendar.external_id
    s.lease.require(s.revision)
    s.write(entry, in_doubt=True)
    if announcement is not None and tell:
        s.write(announcement, in_doubt=True)

    def call(access_token: str) -> Event:
        found = google.get_event(access_token, calendar_id, entry.event_id) if was_in_doubt else None
        return found or _insert(access_token, calendar_id, body, tell=tell)

    def fail(error: ProviderError) -> None:
        if announcement is not None and not announcement.done_at:
            s.write(announcement, in_doubt=announcement.in_doubt and (was_in_doubt or error.in_doubt))
        if ask and error.status == 400 and "conference" in str(error).lower():
            error = _without_meet(s, entry, error)
        s.failed(entry, error, in_doubt=was_in_doubt or error.in_doubt)

    return Job(_connection(entry), token, call, lambda event: _inserted(s, entry, event), fail)


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


def _insert(access_token: str, calendar_id: str, body: dict[str, Any], *, tell: bool) -> Event:
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
        _gone(s, entry)
        return
    s.succeeded(entry, state=CalendarEntry.State.LIVE, in_doubt=False, **_seen(event))
    s.note("event_inserted", _("The calendar event was inserted."))
    busy.outdate(s.booking.organizer.user_id)
    if s.announcement is not None:
        _one_link(s, entry, s.announcement, event)
    _complete_if_announced(s, entry)


def _seen(event: Event) -> dict[str, Any]:
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


def _gone(s: Situation, entry: CalendarEntry) -> None:
    """Somebody deleted the event in the calendar: the next round inserts another one."""
    s.write(entry, state=CalendarEntry.State.GONE, in_doubt=False)
    s.note(
        "event_gone", _("The calendar event had been deleted in the calendar. A new one is being made."), problem=True
    )
    s.entry = None
    s.later("new event", timezone.now())


def refresh_conference(s: Situation) -> None:
    """While Google is still making the Meet link: wait a moment, look again, and if need be later again."""
    entry = s.entry
    for wait in (0.0, _MEET_WAIT_SECONDS):
        if not _is_pending(entry) or entry is None or not s.entry_reachable or not s.is_due(entry):
            return
        time.sleep(wait)
        s.lease.hold()
        event = _get(s, entry)
        if event is None:
            return
        if event.cancelled:
            _gone(s, entry)
            return
        s.succeeded(entry, **_seen(event))
        _complete_if_announced(s, entry)
    if _is_pending(entry):
        s.later("Meet", timezone.now() + timedelta(seconds=2 * _MEET_WAIT_SECONDS))


def _is_pending(entry: CalendarEntry | None) -> bool:
    return (
        entry is not None
        and entry.state == CalendarEntry.State.LIVE
        and entry.conference == CalendarEntry.Conference.PENDING
    )


def _get(s: Situation, entry: CalendarEntry) -> Event | None:
    """The event as it is now; None after a failure, which is recorded."""
    try:
        event = call_with_token(
            _connection(entry), lambda token: google.get_event(token, entry.calendar.external_id, entry.event_id)
        )
    except ProviderError as error:
        s.failed(entry, error)
        return None
    if event is None:
        _gone(s, entry)
    return event


# --- Announce ------------------------------------------------------------------------------------------------------


def _complete_if_announced(s: Situation, entry: CalendarEntry) -> None:
    """Mark this revision's announcement as made once the event shows it and its link is known."""
    a = s.announcement
    if a is None or a.done_at is not None or a.channel != Announcement.Channel.CALENDAR:
        return
    if entry.written_revision != a.revision or (a.provider == MEET and _is_pending(entry)):
        return
    fields: dict[str, Any] = {"done_at": timezone.now(), "in_doubt": False}
    if a.provider == MEET and not a.join_url:
        fields |= {"join_url": entry.meet_url, "provider": MEET if entry.meet_url else ""}
    s.write(a, **fields)
    s.note("announced", _("The calendar sent the invitation."))


def announce(s: Situation) -> None:
    """Bring the event to this revision: once with everybody told, or silently where our mail tells them."""
    entry, a = s.entry, s.announcement
    if entry is None or a is None or entry.state != CalendarEntry.State.LIVE or not s.entry_reachable:
        return
    _complete_if_announced(s, entry)
    if entry.written_revision >= s.revision or not s.is_due(entry):
        return
    tell = a.channel == Announcement.Channel.CALENDAR
    if (a.in_doubt or not entry.etag) and not _look_before_patch(s, entry, a):
        return
    try:
        event = _patch(s, entry, a, tell=tell)
    except _Stale:
        event = _patch(s, entry, a, tell=tell) if _look_before_patch(s, entry, a) else None
    if event is None:
        return
    s.succeeded(entry, **_seen(event))
    s.note("event_written", _("The calendar event shows the new state."))
    busy.outdate(s.booking.organizer.user_id)
    _one_link(s, entry, a, event)
    _complete_if_announced(s, entry)


class _Stale(Exception):
    """The event was changed since it was read (412)."""


def _look_before_patch(s: Situation, entry: CalendarEntry, a: Announcement) -> bool:
    """Find out how far an earlier try came; False where nothing is left to patch in this round."""
    s.lease.hold()
    event = _get(s, entry)
    if event is None or s.entry is None:
        if s.entry is None and not a.done_at:
            s.write(a, in_doubt=False)
        return False
    if event.cancelled:
        s.write(a, in_doubt=False)
        _gone(s, entry)
        return False
    seen = _seen(event)
    if a.in_doubt and seen["written_revision"] == s.revision:
        s.succeeded(entry, **seen)
        _one_link(s, entry, a, event)
        _complete_if_announced(s, entry)
        return False
    s.write(entry, etag=event.etag)
    return True


def _patch(s: Situation, entry: CalendarEntry, a: Announcement, *, tell: bool) -> Event | None:
    """One patch; None after a failure, which is recorded. Raises _Stale once when the event was changed meanwhile."""
    body = _body(s, provider=a.provider, join_url=a.join_url, with_people=True, meet=_meet(s, entry, a))
    s.lease.require(s.revision)
    if tell:
        s.write(a, in_doubt=True)
    try:
        return call_with_token(
            _connection(entry),
            lambda token: google.patch_event(
                token, entry.calendar.external_id, entry.event_id, body, etag=entry.etag, tell=tell
            ),
        )
    except ProviderError as error:
        if tell:
            s.write(a, in_doubt=error.in_doubt)
        if error.status == 412 and entry.etag:
            s.write(entry, etag="")
            raise _Stale from error
        if error.status not in (404, 410):
            s.failed(entry, error)
        elif not _is_gone(s, entry):
            s.failed(entry, ProviderError(str(error), retryable=True, status=error.status))
        return None


def _excludes_meet(s: Situation, a: Announcement) -> bool:
    """Whether no Meet link may be in the event: another service's link stands there, or it is held without any."""
    return a.provider not in ("", MEET) or not s.booking.is_video


def _meet(s: Situation, entry: CalendarEntry, a: Announcement) -> str:
    """What the announcing patch does about Meet, as ``event_body`` takes it."""
    if _excludes_meet(s, a):
        return "remove"
    missing = entry.conference == CalendarEntry.Conference.NONE and entry.calendar.allows_meet
    return f"{entry.event_id}r{s.revision}" if a.provider == MEET and missing else ""


def _is_gone(s: Situation, entry: CalendarEntry) -> bool:
    """Ask once more before a second event is made: a 404 to a patch may be a passing one."""
    s.lease.hold()
    event = _get(s, entry)
    if event is not None and event.cancelled:
        _gone(s, entry)
    return s.entry is None


def _one_link(s: Situation, entry: CalendarEntry, a: Announcement, event: Event) -> None:
    """Check the answer: where another service's link stands, no Meet link may stand beside it."""
    if not event.meet_url or not _excludes_meet(s, a):
        return
    body = {"conferenceData": None}
    for _attempt in range(2):
        s.lease.hold()
        try:
            event = call_with_token(
                _connection(entry),
                lambda token, etag=event.etag: google.patch_event(  # type: ignore[misc]
                    token, entry.calendar.external_id, entry.event_id, body, etag=etag, tell=False
                ),
            )
        except ProviderError as error:
            s.failed(entry, error, written_revision=s.revision - 1)
            return
        s.succeeded(entry, **_seen(event))
        if not event.meet_url:
            return
    s.note(
        "two_links",
        _("The calendar puts its own video link back into the event. Switch that off in the calendar."),
        problem=True,
    )


# --- Delete --------------------------------------------------------------------------------------------------------


def remove(s: Situation, entry: CalendarEntry, a: Announcement) -> None:
    """Take the event out of the calendar; with an insert in doubt it is inserted first, for it may still arrive.

    Where somebody deleted it before us, the calendar has told nobody: our mail does.
    """
    if entry.state == CalendarEntry.State.INSERTING and not entry.in_doubt:
        s.write(entry, state=CalendarEntry.State.NEVER_MADE)
        s.entry = None
        return
    if not s.is_due(entry):
        return
    tell = a.channel == Announcement.Channel.CALENDAR
    maybe_told = a.in_doubt
    call = _deletion(s, entry, tell=tell)
    s.lease.hold()
    if tell:
        s.write(a, in_doubt=True)
    try:
        was_there = call_with_token(_connection(entry), call)
    except ProviderError as error:
        s.write(a, in_doubt=maybe_told or (tell and error.in_doubt))
        s.failed(entry, error)
        return
    # The entry first: once the doubt is taken from the announcement, a 410 would mean that somebody else was faster.
    s.succeeded(entry, state=CalendarEntry.State.DELETED, in_doubt=False)
    s.entry = None
    if tell:
        told = was_there or maybe_told
        s.write(a, in_doubt=False, channel=Announcement.Channel.CALENDAR if told else Announcement.Channel.MAIL)
    busy.outdate(s.booking.organizer.user_id)
    s.note("event_deleted", _("The calendar event was deleted."))


def _deletion(s: Situation, entry: CalendarEntry, *, tell: bool) -> Callable[[str], bool]:
    calendar_id, event_id, in_doubt = entry.calendar.external_id, entry.event_id, entry.in_doubt
    body = _body(s, provider="", join_url="", with_people=False, meet="") | {"id": event_id}

    def call(token: str) -> bool:
        if in_doubt and google.get_event(token, calendar_id, event_id) is None:
            _insert(token, calendar_id, body, tell=False)
        return google.delete_event(token, calendar_id, event_id, tell=tell)

    return call
