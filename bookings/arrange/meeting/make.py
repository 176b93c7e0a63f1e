"""Making the meeting: the intent, the look for what a lost call may have made, and the call itself."""

from __future__ import annotations

import secrets

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
    said,
    written,
)
from bookings.arrange.situation import Situation
from bookings.arrange.together import Job, ready
from bookings.models import Meeting
from integrations import quota
from integrations.errors import ProviderError
from integrations.models import Connection
from integrations.providers import MeetingInfo


def intend(s: Situation) -> None:
    """Write down that a meeting is to be made, or that one is no longer to be."""
    for meeting in [m for m in s.meetings if m.state == Meeting.State.CREATING and not s.manages(m)]:
        close_unmanaged(s, meeting)
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
        s.all_meetings.append(meeting)


def create_job(s: Situation) -> Job | None:
    """The call that makes the meeting; None: nothing to do, or what an earlier try made was found."""
    meeting = s.chosen
    if not s.wants_meeting or meeting is None or meeting.state != Meeting.State.CREATING or not s.is_due(meeting):
        return None
    if not look_is_due(s, meeting):
        return None
    lost = meeting.lost_calls
    try:
        connection = ready(connection_of(meeting), meeting.generation)
        found = marked(s, meeting) if lost and may_look(meeting) else []
        spent = None if found else quota.spend(meeting.provider, meeting.host_id, new=True)
    except ProviderError as error:
        s.failed(meeting, error)
        return None
    if spent is None:
        _made(s, meeting, found[0], lost)
        return None
    return _job(s, meeting, connection, spent)


def _job(s: Situation, meeting: Meeting, connection: Connection, spent: quota.Spent) -> Job:
    capability, lost = capability_of(meeting), meeting.lost_calls
    s.lease.hold()
    # Intent before deed: from here on until an answer is recorded, a meeting may exist, and it shows this.
    draft = meeting_draft(s.booking, meeting)
    s.write(meeting, attempted_at=timezone.now(), lost_calls=lost + 1, **written(draft))

    def not_made(error: ProviderError) -> None:
        spent.failed(error)
        s.failed(meeting, error, lost_calls=lost + 1 if error.in_doubt else lost)

    return Job(
        connection,
        lambda access_token: capability.create(access_token, draft),
        lambda info: _made(s, meeting, info, lost),
        not_made,
    )


def _made(s: Situation, meeting: Meeting, info: MeetingInfo, lost: int) -> None:
    """Save id and join URL before anything else. ``lost``: how many answers never came."""
    s.succeeded(
        meeting,
        state=Meeting.State.LIVE,
        external_id=info.external_id,
        join_url=info.join_url,
        lost_calls=lost,
        look_again_at=meeting.attempted_at + Meeting.SECOND_LOOK if lost and meeting.attempted_at else None,
    )
    s.note("meeting_made", said(meeting, _("The %(service)s meeting was made.")))
