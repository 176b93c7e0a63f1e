"""What becomes of a meeting that was made: moved with its booking, or deleted, and a second look after lost calls."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange.content import meeting_draft
from bookings.arrange.meeting.row import (
    capability_of,
    close_unmanaged,
    connection_of,
    look_is_due,
    marked,
    may_look,
    note_left,
    said,
    written,
)
from bookings.arrange.situation import Situation
from bookings.models import Meeting
from bookings.problems import MEETING_LEFT
from bookings.services.provider_side import lose_meeting
from integrations import quota
from integrations.errors import ConnectionUnusable, MeetingGone, ProviderError
from integrations.oauth import call_with_token


def keep_in_step(s: Situation) -> None:
    """Move the meeting people hold, delete every other, and look once more for what lost calls may have left."""
    keep = _kept(s)
    for meeting in list(s.meetings):
        if meeting is keep:
            _follow(s, meeting)
        elif s.announcement is not None or not s.booking.is_live:
            drop(s, meeting)
    for meeting in s.all_meetings:
        if meeting.look_again_at is not None:
            _second_look(s, meeting)


def _kept(s: Situation) -> Meeting | None:
    """The meeting that is not to be deleted: the one whose link was given, or may still be."""
    if not s.booking.is_live:
        return None
    if s.wants_meeting:
        return s.chosen
    link = s.held or s.announcement
    return next((m for m in s.meetings if link and m.join_url and m.join_url == link.join_url), None)


def _follow(s: Situation, meeting: Meeting) -> None:
    """Time and topic as the booking has them now."""
    draft = meeting_draft(s.booking, meeting)
    moved = (meeting.written_start, meeting.written_minutes) != (draft.start, draft.minutes)
    if meeting.state != Meeting.State.LIVE or not (moved or meeting.written_topic not in ("", draft.topic)):
        return
    if not s.manages(meeting) or not s.is_due(meeting):
        return
    capability = capability_of(meeting)

    def update(token: str) -> None:
        with quota.counted(meeting.provider, meeting.host_id, new=False):
            capability.update(token, meeting.external_id, draft)

    s.lease.require(s.revision)
    try:
        call_with_token(connection_of(meeting), update)
    except MeetingGone:
        gone(s, meeting)
    except ProviderError as error:
        s.failed(meeting, error)
    else:
        s.succeeded(meeting, **written(draft))
        words = _("The %(service)s meeting was moved.") if moved else _("The %(service)s meeting shows the new state.")
        s.note("meeting_moved", said(meeting, words))


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
                said(
                    meeting, _("The meeting stays in %(service)s, which was removed here after the meeting was made.")
                ),
            )
            s.meetings.remove(meeting)
        else:
            close_unmanaged(s, meeting)
        return
    if meeting.state == Meeting.State.CREATING:
        _drop_unseen(s, meeting)
        return
    if not s.is_due(meeting):
        return
    capability = capability_of(meeting)
    s.lease.hold()
    try:
        call_with_token(connection_of(meeting), lambda token: capability.delete(token, meeting.external_id))
    except ProviderError as error:
        s.failed(meeting, error)
        return
    s.succeeded(meeting, state=Meeting.State.DELETED)
    s.meetings.remove(meeting)
    s.note("meeting_deleted", said(meeting, _("The %(service)s meeting was deleted.")))


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
    if not look_is_due(s, meeting) or not s.is_due(meeting):
        return
    if not may_look(meeting):
        note_left(s, meeting)
        s.write(meeting, state=Meeting.State.NEVER_MADE, look_again_at=None)
        s.meetings.remove(meeting)
        return
    try:
        deleted = _sweep_up(s, meeting, keep="")
    except ProviderError as error:
        _not_looked(s, meeting, error)
        return
    left = max(meeting.lost_calls - deleted, 0)
    s.succeeded(meeting, state=Meeting.State.DELETED, lost_calls=left)
    if not left:
        s.write(meeting, look_again_at=None)
    s.meetings.remove(meeting)


def _sweep_up(s: Situation, meeting: Meeting, *, keep: str) -> int:
    """Delete every meeting with our marker but the one with id ``keep``; how many there were. Raises ProviderError."""
    capability, connection = capability_of(meeting), connection_of(meeting)
    surplus = [info for info in marked(s, meeting) if info.external_id != keep]
    for info in surplus:
        s.lease.hold()
        call_with_token(connection, lambda token, info=info: capability.delete(token, info.external_id))  # type: ignore[misc]
        s.note(
            "meeting_deleted", said(meeting, _("A %(service)s meeting that a lost answer had left over was deleted."))
        )
    return len(surplus)


def _second_look(s: Situation, meeting: Meeting) -> None:
    if not s.manages(meeting):
        if meeting.lost_calls:
            words = _("A meeting may be left over in %(service)s: it was removed here before we looked again.")
            s.note(MEETING_LEFT, said(meeting, words), problem=True)
        s.write(meeting, look_again_at=None)
        return
    if not may_look(meeting):
        if meeting.lost_calls:
            note_left(s, meeting)
        s.write(meeting, look_again_at=None, lost_calls=0)
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
        _not_looked(s, meeting, error)
    else:
        s.succeeded(meeting, look_again_at=None, lost_calls=0)


def _not_looked(s: Situation, meeting: Meeting, error: ProviderError) -> None:
    """A look that is refused for good is asked for once more by the second one; then it is for the host to look."""
    if error.retryable or isinstance(error, ConnectionUnusable):
        s.failed(meeting, error)
    elif meeting.look_again_at and meeting.look_again_at > timezone.now():
        s.failed(meeting, ProviderError(error.message, retryable=True, retry_at=meeting.look_again_at, code=error.code))
    else:
        note_left(s, meeting)
        unseen = {"state": Meeting.State.NEVER_MADE} if meeting.state == Meeting.State.CREATING else {}
        s.succeeded(meeting, look_again_at=None, lost_calls=0, **unseen)
        if unseen:
            s.meetings.remove(meeting)
