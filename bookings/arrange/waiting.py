"""The step of a booking that waits for its organizer, or was declined: mail, and nothing outside.

Neither calendar nor video service hears of it before it is confirmed, and guests do not either.
"""

from __future__ import annotations

from bookings.arrange import messages
from bookings.arrange.situation import Situation
from bookings.models import Announcement, Booking, Message


def follow(s: Situation) -> None:
    """Ask the organizer and tell the invitee that it waits; or tell the invitee that it was declined."""
    people = [(Message.Role.INVITEE, s.booking.invitee_email)]
    kind = Message.Kind.DECLINED
    if s.booking.status == Booking.Status.PENDING:
        people.append((Message.Role.ORGANIZER, s.booking.organizer.email))
        kind = Message.Kind.REQUESTED
    # No row: nobody is told a link, and what is confirmed later counts as told for the first time.
    no_link = Announcement(booking=s.booking, revision=s.revision, channel=Announcement.Channel.MAIL)
    messages.tell_each(s, no_link, kind, people)
