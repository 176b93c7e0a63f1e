"""The video meeting: made or found, moved, deleted. At most one live one for a booking."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange.content import meeting_draft
from bookings.arrange.situation import Situation
from bookings.arrange.together import Job, token_for
from bookings.models import Meeting
from bookings.services.provider_side import lose_meeting
from bookings.words import service_name
from integrations import providers
from integrations.errors import MeetingGone, ProviderError
from integrations.models import Connection, with_connection
from integrations.oauth import call_with_token
from integrations.providers import MeetingInfo, MeetingProvider


def _capability(meeting: Meeting) -> MeetingProvider:
    capability = providers.get(meeting.provider).meetings
    if capability is None:
        raise LookupError(f"{meeting.provider} makes no meetings")
    return capability


def _connection(meeting: Meeting) -> Connection:
    if meeting.connection is None:
        raise ProviderError(_("The account that hosts the meeting is no longer connected."))
    return meeting.connection


def _said(meeting: Meeting, words: str) -> str:
    return words % {"service": service_name(meeting.provider)}


def intend(s: Situation) -> None:
    """Write down that a meeting is to be made, or that one is no longer to be."""
    for meeting in [m for m in s.meetings if m.state == Meeting.State.CREATING and not s.manages(m)]:
        _close_unmanaged(s, meeting)
    if s.wants_meeting and s.chosen is None and s.provider and s.connection and s.connection.usable:
        s.lease.hold()
        meeting = Meeting.objects.create(
            booking=s.booking,
            provider=s.provider.slug,
            connection=s.connection,
            generation=s.connection.generation,
            host_id=s.connection.external_id,
            marker=f"zinnect-{secrets.token_hex(16)}",
        )
        s.meetings.append(meeting)


def _close_unmanaged(s: Situation, meeting: Meeting) -> None:
    """The connection was removed before the meeting was made, or before we saw whether it was."""
    if meeting.lost_calls:
        s.note(
            "meeting_left",
            _said(
                meeting,
                _("A meeting may be left over in %(service)s: it was removed here while the meeting was being made."),
            ),
        )
    s.write(meeting, state=Meeting.State.UNMANAGED if meeting.lost_calls else Meeting.State.NEVER_MADE)
    s.meetings.remove(meeting)


def create_job(s: Situation) -> Job | None:
    """The call that makes the meeting, or finds the one that an earlier try made; None: nothing to do."""
    meeting = s.chosen
    if not s.wants_meeting or meeting is None or meeting.state != Meeting.State.CREATING or not s.is_due(meeting):
        return None
    if not _look_is_due(s, meeting):
        return None
    connection, capability = _connection(meeting), _capability(meeting)
    try:
        token = token_for(connection, meeting.generation)
    except ProviderError as error:
        s.failed(meeting, error)
        return None
    lost, marker = meeting.lost_calls, meeting.marker
    look = lost > 0 and _may_look(meeting)
    s.lease.hold()
    # Intent before deed: from here on until an answer is recorded, a meeting may exist.
    s.write(meeting, attempted_at=timezone.now(), lost_calls=lost + 1)
    draft = meeting_draft(s.booking, meeting)

    def call(access_token: str) -> list[MeetingInfo]:
        found = capability.find(access_token, marker) if look else []
        return found or [capability.create(access_token, draft)]

    return Job(
        connection,
        token,
        call,
        lambda found: _made(s, meeting, found),
        lambda error: _not_made(s, meeting, error, lost),
    )


def _look_is_due(s: Situation, meeting: Meeting) -> bool:
    """No sooner than one timeout after a lost call: until then the provider may still be carrying it out."""
    if not meeting.lost_calls or meeting.attempted_at is None:
        return True
    earliest = meeting.attempted_at + timedelta(seconds=settings.PROVIDER_TIMEOUT_SECONDS)
    if timezone.now() < earliest:
        s.later(meeting, earliest)
        return False
    return True


def _may_look(meeting: Meeting) -> bool:
    return providers.get(meeting.provider).permits(_connection(meeting).scope_set, "list")


def _made(s: Situation, meeting: Meeting, found: list[MeetingInfo]) -> None:
    """Save id and join URL before anything else."""
    lost = meeting.lost_calls - 1  # this call's own answer is here
    info = found[0]
    s.succeeded(
        meeting,
        state=Meeting.State.LIVE,
        external_id=info.external_id,
        join_url=info.join_url,
        written_start=s.booking.start,
        written_minutes=s.booking.duration_minutes,
        lost_calls=lost,
        look_again_at=meeting.attempted_at + Meeting.SECOND_LOOK if lost and meeting.attempted_at else None,
    )
    s.note("meeting_made", _said(meeting, _("The %(service)s meeting was made.")))
    if lost and not _may_look(meeting):
        s.write(meeting, look_again_at=None, lost_calls=0)
        s.note(
            "meeting_left",
            _said(meeting, _("An answer of %(service)s was lost, so that a meeting may be left over there.")),
        )


def _not_made(s: Situation, meeting: Meeting, error: ProviderError, lost: int) -> None:
    s.failed(meeting, error, lost_calls=lost + 1 if error.in_doubt else lost)


def keep_in_step(s: Situation) -> None:
    """Move the meeting people hold, delete every other, and look once more for what lost calls may have left."""
    keep = _kept(s)
    for meeting in list(s.meetings):
        if meeting is keep:
            _follow_time(s, meeting)
        elif s.announcement is not None or not s.booking.is_live:
            drop(s, meeting)
    for meeting in with_connection(s.booking.meetings.filter(look_again_at__isnull=False)):
        _second_look(s, meeting)


def _kept(s: Situation) -> Meeting | None:
    """The meeting that is not to be deleted: the one whose link was given, or may still be."""
    if not s.booking.is_live:
        return None
    if s.wants_meeting:
        return s.chosen
    link = s.held or s.announcement
    return next((m for m in s.meetings if link and m.join_url and m.join_url == link.join_url), None)


def _follow_time(s: Situation, meeting: Meeting) -> None:
    moved = (meeting.written_start, meeting.written_minutes) != (s.booking.start, s.booking.duration_minutes)
    if meeting.state != Meeting.State.LIVE or not moved or not s.manages(meeting) or not s.is_due(meeting):
        return
    capability, draft = _capability(meeting), meeting_draft(s.booking, meeting)
    s.lease.require(s.revision)
    try:
        call_with_token(_connection(meeting), lambda token: capability.update(token, meeting.external_id, draft))
    except MeetingGone:
        gone(s, meeting)
    except ProviderError as error:
        s.failed(meeting, error)
    else:
        s.succeeded(meeting, written_start=s.booking.start, written_minutes=s.booking.duration_minutes)
        s.note("meeting_moved", _said(meeting, _("The %(service)s meeting was moved.")))


def gone(s: Situation, meeting: Meeting) -> None:
    """Its host deleted it: people hold a dead link, so a new one is announced as a new revision."""
    s.lease.hold()
    lose_meeting(meeting)
    # Looked for once more later, in case it is still there: two live meetings would be one too many.
    s.write(meeting, look_again_at=timezone.now() + Meeting.SECOND_LOOK)
    s.finished(meeting)


def drop(s: Situation, meeting: Meeting) -> None:
    """Delete a meeting that is not to be there, whatever state it is in. What is no longer managed is left alone."""
    if not s.manages(meeting):
        if meeting.state == Meeting.State.LIVE:
            s.write(meeting, state=Meeting.State.UNMANAGED)
            s.note(
                "meeting_unmanaged",
                _said(
                    meeting, _("The meeting stays in %(service)s, which was removed here after the meeting was made.")
                ),
            )
            s.meetings.remove(meeting)
        else:
            _close_unmanaged(s, meeting)
        return
    if meeting.state == Meeting.State.CREATING:
        _drop_unseen(s, meeting)
        return
    if not s.is_due(meeting):
        return
    capability = _capability(meeting)
    s.lease.hold()
    try:
        call_with_token(_connection(meeting), lambda token: capability.delete(token, meeting.external_id))
    except ProviderError as error:
        s.failed(meeting, error)
        return
    s.succeeded(meeting, state=Meeting.State.DELETED)
    s.meetings.remove(meeting)
    s.note("meeting_deleted", _said(meeting, _("The %(service)s meeting was deleted.")))


def _drop_unseen(s: Situation, meeting: Meeting) -> None:
    """A create whose answer was lost: look for it and delete it; look once more later."""
    if not meeting.lost_calls:
        s.write(meeting, state=Meeting.State.NEVER_MADE)
        s.meetings.remove(meeting)
        return
    if meeting.look_again_at is None:
        # What was refused so far was the create; from here on it is the look.
        again = (meeting.attempted_at or timezone.now()) + Meeting.SECOND_LOOK
        s.write(meeting, look_again_at=again, failed_for_good=False, next_attempt_at=None)
    if not _look_is_due(s, meeting) or not s.is_due(meeting):
        return
    if not _may_look(meeting):
        s.note(
            "meeting_left",
            _said(meeting, _("An answer of %(service)s was lost, so that a meeting may be left over there.")),
            problem=True,
        )
        s.write(meeting, state=Meeting.State.NEVER_MADE, look_again_at=None)
        s.meetings.remove(meeting)
        return
    try:
        deleted = _sweep_up(s, meeting, keep="")
    except ProviderError as error:
        s.failed(meeting, error)
        return
    left = max(meeting.lost_calls - deleted, 0)
    s.succeeded(meeting, state=Meeting.State.DELETED, lost_calls=left)
    if not left:
        s.write(meeting, look_again_at=None)
    s.meetings.remove(meeting)


def _sweep_up(s: Situation, meeting: Meeting, *, keep: str) -> int:
    """Delete every meeting with our marker but the one with id ``keep``; how many there were. Raises ProviderError."""
    capability, connection = _capability(meeting), _connection(meeting)
    s.lease.hold()
    found = call_with_token(connection, lambda token: capability.find(token, meeting.marker))
    surplus = [info for info in found if info.external_id != keep]
    for info in surplus:
        s.lease.hold()
        call_with_token(connection, lambda token, info=info: capability.delete(token, info.external_id))  # type: ignore[misc]
        s.note(
            "meeting_deleted", _said(meeting, _("A %(service)s meeting that a lost answer had left over was deleted."))
        )
    return len(surplus)


def _second_look(s: Situation, meeting: Meeting) -> None:
    if not s.manages(meeting):
        s.write(meeting, look_again_at=None)
        return
    if meeting.look_again_at and meeting.look_again_at > timezone.now():
        s.later(meeting, meeting.look_again_at)
        return
    if not s.is_due(meeting):
        return
    keep = meeting.external_id if meeting.state == Meeting.State.LIVE else ""
    try:
        _sweep_up(s, meeting, keep=keep)
    except ProviderError as error:
        s.failed(meeting, error)
    else:
        s.succeeded(meeting, look_again_at=None, lost_calls=0)
