"""What people are shown of a booking: read from the rows, never guessed."""

from __future__ import annotations

from django.db.models import Q

from bookings.models import Announcement, Booking, Meeting, Message


def last_announcement(booking: Booking) -> Announcement | None:
    """The newest announcement that was made, if any."""
    return booking.announcements.filter(done_at__isnull=False).order_by("-revision").first()


def page_status(booking: Booking) -> str:
    """``pending``, ``declined``, ``cancelled``, ``ready`` (people know how to join) or ``arranging``."""
    if booking.status != Booking.Status.CONFIRMED:
        return booking.status
    announced = booking.announcements.filter(revision=booking.revision, done_at__isnull=False)
    mailed = booking.messages.filter(revision=booking.revision, role=Message.Role.INVITEE, state=Message.State.SENT)
    return "ready" if announced.exists() or mailed.exists() else "arranging"


def current_link(booking: Booking) -> tuple[str, str]:
    """``(provider, join URL)`` of the link that people hold; two empty strings while there is none."""
    if not booking.is_live:
        return "", ""
    told = Q(done_at__isnull=False) | Q(in_doubt=True)
    announced = booking.announcements.filter(told).exclude(join_url="").order_by("-revision").first()
    return (announced.provider, announced.join_url) if announced else ("", "")


def is_managed(meeting: Meeting) -> bool:
    """Whether the meeting is still ours to move and delete: the connection that made it was not removed since."""
    connection = meeting.connection
    return connection is not None and connection.generation == meeting.generation


def unmanaged_meetings(booking: Booking) -> list[Meeting]:
    """Meetings of this booking that stay at their provider untouched (product.md, rule 9)."""
    live = booking.meetings.filter(state__in=(Meeting.State.LIVE, Meeting.State.UNMANAGED)).select_related("connection")
    return [meeting for meeting in live if meeting.state == Meeting.State.UNMANAGED or not is_managed(meeting)]
