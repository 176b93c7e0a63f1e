"""What is known of an invitee: handed out, and forgotten. Both look for the address, in whatever case it was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from bookings.models import Booking, Guest
from bookings.services.retention import forget_people


@dataclass(frozen=True)
class Forgotten:
    """How many bookings name nobody any more, and how many were left: to come, or still being worked at."""

    bookings: int
    left: int


def export(email: str) -> dict[str, Any]:
    """All bookings of ``email``, and those it was a guest of, as JSON takes it. No token and no key of a form."""
    theirs = Booking.objects.filter(invitee_email__iexact=email).select_related("organizer", "event_type")
    as_guest = Booking.objects.filter(guests__email__iexact=email).select_related("organizer")
    return {
        "email": email,
        "exported_at": timezone.now().isoformat(),
        "bookings": [_booking(booking) for booking in theirs.prefetch_related("guests", "messages", "announcements")],
        "guest_of": [_facts(booking) for booking in as_guest.distinct()],
    }


def _facts(booking: Booking) -> dict[str, Any]:
    return {
        "id": str(booking.uid),
        "organizer": booking.organizer.name,
        "title": booking.title,
        "status": booking.status,
        "start": booking.start.isoformat(),
        "end": booking.end.isoformat(),
    }


def _booking(booking: Booking) -> dict[str, Any]:
    mails = [row for row in booking.messages.all() if row.to_email.lower() == booking.invitee_email.lower()]
    return _facts(booking) | {
        "location": booking.location,
        "location_detail": booking.location_detail,
        "name": booking.invitee_name,
        "timezone": str(booking.invitee_timezone),
        "language": booking.invitee_language,
        "notes": booking.notes,
        "answers": booking.answers,
        "guests": [guest.email for guest in booking.guests.all()],
        "message": booking.reason if booking.changed_by == "invitee" else "",
        "booked_at": booking.created_at.isoformat(),
        "links": sorted({row.join_url for row in booking.announcements.all() if row.done_at and row.join_url}),
        "mails": [{"kind": row.kind, "sent_at": row.sent_at.isoformat()} for row in mails if row.sent_at],
    }


@transaction.atomic
def forget(email: str) -> Forgotten:
    """Erase the person from what is over or cancelled, as retention does. What is to come is left, and counted.

    A booking to come needs its invitee: whoever wants it gone cancels it first, which tells both sides.
    """
    theirs = Booking.objects.filter(invitee_email__iexact=email)
    forgotten = forget_people(_ended().filter(invitee_email__iexact=email))
    Guest.objects.filter(email__iexact=email, booking__in=_ended()).delete()
    return Forgotten(bookings=forgotten, left=theirs.count() + _as_guest(email).count())


def _ended() -> QuerySet[Booking]:
    """Over, cancelled or declined, and nothing is being done about it any more."""
    return Booking.objects.settled().filter(Q(end__lte=timezone.now()) | ~Q(status__in=Booking.HOLDING))


def _as_guest(email: str) -> QuerySet[Guest]:
    return Guest.objects.filter(email__iexact=email)
