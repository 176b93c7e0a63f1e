"""The patch that brings the event to a revision: once, with everybody told, or silently."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bookings.arrange.event.entry import body_of, complete_if_announced, connection_of, fetch, fields_of, note_gone
from bookings.arrange.event.one_link import excludes_meet, keep_one_link
from bookings.arrange.situation import Situation
from bookings.models import Announcement, CalendarEntry
from bookings.words import MEET
from calendars import busy, google
from calendars.google import Event
from integrations.errors import ProviderError
from integrations.oauth import call_with_token


def announce(s: Situation) -> None:
    """Bring the event to this revision: once with everybody told, or silently where our mail tells them."""
    entry, a = s.entry, s.announcement
    if entry is None or a is None or entry.state != CalendarEntry.State.LIVE or not s.entry_reachable:
        return
    complete_if_announced(s, entry)
    if entry.written_revision >= s.revision or not s.is_due(entry):
        return
    tell = a.channel == Announcement.Channel.CALENDAR
    if (a.in_doubt or not entry.etag) and not _look_before_patch(s, entry, a):
        return
    event = _patch_unless_stale(s, entry, a, tell=tell)
    if event is None:
        return
    s.succeeded(entry, **fields_of(event))
    if s.revision > 1:  # else it stands where it was inserted
        busy.outdate(s.booking.organizer.user_id)
    keep_one_link(s, entry, a, event)
    if not complete_if_announced(s, entry):
        s.note("event_written", _("The calendar event shows the new state."))


def _patch_unless_stale(s: Situation, entry: CalendarEntry, a: Announcement, *, tell: bool) -> Event | None:
    """The patch; once more on what stands there now, where somebody changed the event in between."""
    try:
        return _patch(s, entry, a, tell=tell)
    except _Stale:
        if not _look_before_patch(s, entry, a):
            return None
    try:
        return _patch(s, entry, a, tell=tell)
    except _Stale:
        s.failed(entry, ProviderError(_("The calendar event is being changed by somebody else."), retryable=True))
        return None


class _Stale(Exception):
    """The event was changed since it was read (412)."""


def _look_before_patch(s: Situation, entry: CalendarEntry, a: Announcement) -> bool:
    """Find out how far an earlier try came; False where nothing is left to patch in this round."""
    s.lease.hold()
    event = fetch(s, entry)
    if event is None or s.entry is None:
        if s.entry is None and not a.done_at:
            s.write(a, in_doubt=False)
        return False
    if event.cancelled:
        s.write(a, in_doubt=False)
        note_gone(s, entry)
        return False
    seen = fields_of(event)
    if a.in_doubt and seen["written_revision"] == s.revision:
        s.succeeded(entry, **seen)
        keep_one_link(s, entry, a, event)
        complete_if_announced(s, entry)
        return False
    s.write(entry, etag=event.etag)
    return True


def _patch(s: Situation, entry: CalendarEntry, a: Announcement, *, tell: bool) -> Event | None:
    """One patch; None after a failure, which is recorded. Raises _Stale once when the event was changed meanwhile."""
    body = body_of(s, provider=a.provider, join_url=a.join_url, with_people=True, meet=_meet(s, entry, a))
    if tell:
        s.write_ahead(a, in_doubt=True)
    else:
        s.lease.require(s.revision)
    try:
        return call_with_token(
            connection_of(entry),
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


def _meet(s: Situation, entry: CalendarEntry, a: Announcement) -> str:
    """What the announcing patch does about Meet, as ``event_body`` takes it."""
    if excludes_meet(s, a):
        return "remove"
    missing = entry.conference == CalendarEntry.Conference.NONE and entry.calendar.allows_meet
    return f"{entry.event_id}r{s.revision}" if a.provider == MEET and missing else ""


def _is_gone(s: Situation, entry: CalendarEntry) -> bool:
    """Ask once more before a second event is made: a 404 to a patch may be a passing one."""
    s.lease.hold()
    event = fetch(s, entry)
    if event is not None and event.cancelled:
        note_gone(s, entry)
    return s.entry is None
