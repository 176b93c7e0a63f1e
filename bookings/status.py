"""What people are shown of a booking: read from the rows, never guessed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone

from bookings.models import Announcement, Booking, CalendarEntry, Meeting, Message
from bookings.words import MEET
from integrations.models import with_connection

_MAYBE_TOLD = Q(done_at__isnull=False) | Q(in_doubt=True)


def last_announcement(booking: Booking) -> Announcement | None:
    """The newest announcement that was made, if any."""
    return booking.announcements.filter(done_at__isnull=False).order_by("-revision").first()


def page_status(booking: Booking) -> str:
    """``pending``, ``declined``, ``cancelled``, ``ready`` (people know how to join) or ``arranging``."""
    if booking.has_lapsed(timezone.now()):
        return Booking.Status.DECLINED
    if booking.status != Booking.Status.CONFIRMED:
        return booking.status
    announced = booking.announcements.filter(revision=booking.revision, done_at__isnull=False)
    ours = booking.messages.exclude(kind__in=Message.ASIDE).filter(revision=booking.revision)
    mailed = ours.filter(role=Message.Role.INVITEE, state=Message.State.SENT)
    return "ready" if announced.exists() or mailed.exists() else "arranging"


def told_before(booking: Booking, revision: int) -> bool:
    """Whether people were told, or may have been told unseen, of an earlier revision."""
    return booking.announcements.filter(_MAYBE_TOLD, revision__lt=revision).exists()


def held_link(booking: Booking) -> Announcement | None:
    """The announcement whose link people hold, or may hold; None when there is none or its meeting is gone."""
    last = booking.announcements.filter(_MAYBE_TOLD).exclude(provider="").order_by("-revision").first()
    if last is None:
        return None
    if last.provider == MEET:
        entries = list(booking.calendar_entries.values_list("state", flat=True))
        gone = bool(entries) and not set(entries) & set(CalendarEntry.OPEN)
    else:
        over = (Meeting.State.GONE, Meeting.State.DELETED)
        # A link that was erased here stays in the invitation: nothing says that its meeting is gone.
        gone = bool(last.join_url) and booking.meetings.filter(join_url=last.join_url, state__in=over).exists()
    return None if gone else last


def current_link(booking: Booking) -> tuple[str, str]:
    """``(provider, join URL)`` of the link that people hold; two empty strings while there is none.

    A video service without a URL: the link was erased here and stands in people's invitations only.
    """
    held = held_link(booking) if booking.is_live else None
    if held is None or not (held.join_url or held.link_erased):
        return "", ""
    return held.provider, held.join_url


def is_managed(meeting: Meeting) -> bool:
    """Whether the meeting is still ours to move and delete: the connection that made it was not removed since."""
    connection = meeting.connection
    return connection is not None and connection.generation == meeting.generation


def unmanaged_meetings(booking: Booking) -> list[Meeting]:
    """Meetings of this booking that stay at their provider untouched (product.md, rule 9), as far as we know which."""
    return left_alone(with_connection(booking.meetings.all()))


def left_alone(meetings: Iterable[Meeting]) -> list[Meeting]:
    """Those of a booking's ``meetings`` that stay at their provider untouched."""
    known = [meeting for meeting in meetings if meeting.external_id]
    unmanaged, live = Meeting.State.UNMANAGED, Meeting.State.LIVE
    return [row for row in known if row.state == unmanaged or (row.state == live and not is_managed(row))]
