"""What is asked of a meeting's row: who can make it, with which account, and whether lost calls may be looked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange.situation import Situation
from bookings.models import Meeting
from bookings.problems import MEETING_LEFT
from bookings.words import service_name
from integrations import providers
from integrations.errors import ProviderError
from integrations.models import Connection
from integrations.oauth import call_with_token
from integrations.providers import MeetingDraft, MeetingInfo, MeetingProvider


def capability_of(meeting: Meeting) -> MeetingProvider:
    """What makes such meetings."""
    capability = providers.get(meeting.provider).meetings
    if capability is None:
        raise LookupError(f"{meeting.provider} makes no meetings")
    return capability


def connection_of(meeting: Meeting) -> Connection:
    """The account that hosts it; ProviderError when that is gone."""
    if meeting.connection is None:
        raise ProviderError(_("The account that hosts the meeting is no longer connected."))
    return meeting.connection


def said(meeting: Meeting, words: str) -> str:
    """``words`` with the name of the meeting's service."""
    return words % {"service": service_name(meeting.provider)}


def written(draft: MeetingDraft) -> dict[str, Any]:
    """The columns that say what the provider was told of a meeting."""
    return {"written_start": draft.start, "written_minutes": draft.minutes, "written_topic": draft.topic}


def may_look(meeting: Meeting) -> bool:
    """Whether the account's scheduled meetings may be listed."""
    return providers.get(meeting.provider).permits(connection_of(meeting).scope_set, "list")


def look_is_due(s: Situation, meeting: Meeting) -> bool:
    """No sooner than one timeout after a lost call: until then the provider may still be carrying it out."""
    if not meeting.lost_calls or meeting.attempted_at is None:
        return True
    earliest = meeting.attempted_at + timedelta(seconds=settings.PROVIDER_TIMEOUT_SECONDS)
    if timezone.now() < earliest:
        s.later(meeting, earliest)
        return False
    return True


def marked(s: Situation, meeting: Meeting) -> list[MeetingInfo]:
    """Every meeting with our marker that the provider lists. Raises ProviderError."""
    capability = capability_of(meeting)
    s.lease.hold()
    return call_with_token(connection_of(meeting), lambda token: capability.find(token, meeting.marker))


def note_left(s: Situation, meeting: Meeting) -> None:
    """Where the host's list may not be read, nobody but the host can look."""
    words = _("An answer of %(service)s was lost, so that a meeting may be left over there.")
    s.note(MEETING_LEFT, said(meeting, words), problem=True)


def close_unmanaged(s: Situation, meeting: Meeting) -> None:
    """The connection was removed before the meeting was made, or before we saw whether it was."""
    if meeting.lost_calls:
        words = _("A meeting may be left over in %(service)s: it was removed here while the meeting was being made.")
        s.note(MEETING_LEFT, said(meeting, words), problem=True)
    s.write(meeting, state=Meeting.State.UNMANAGED if meeting.lost_calls else Meeting.State.NEVER_MADE)
    s.meetings.remove(meeting)
