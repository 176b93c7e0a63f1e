"""What every change of a booking goes through: the organizer's lock, the next revision, the timeline."""

from __future__ import annotations

import logging
from datetime import datetime

import structlog
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from bookings.models import Booking, Message, Organizer, TimelineEntry
from bookings.signals import arranging_requested

logger = structlog.stdlib.get_logger(__name__)


class NotChangeable(Exception):
    """The booking cannot be changed any more; the message says why, in words to show."""


def record(booking: Booking, kind: str, text: str, *, problem: bool = False, message: str = "", **values: str) -> None:
    """Append to the booking's timeline, in the organizer's language: they read it, whoever acts.

    ``text`` is a msgid (marked with ``gettext_noop``) with ``values`` to fill in, or words that need neither;
    ``message`` is what was written along. The log gets the kind alone: the words may name people.
    """
    with override(booking.organizer.language):
        words = _(text) % values if values else _(text)
        if message:
            words = _("%(words)s Message: %(message)s") % {"words": words, "message": message}
    TimelineEntry.objects.create(booking=booking, kind=kind, text=words, is_problem=problem)
    logger.log(logging.WARNING if problem else logging.INFO, "timeline", kind=kind, booking_id=booking.pk)


def lock(organizer_id: int) -> Organizer:
    """The organizer's row, locked: decisions about one organizer's time are made one after the other.

    ``no_key`` leaves inserts that reference the organizer free. SQLite ignores it; there the transaction is IMMEDIATE.
    """
    return Organizer.objects.select_for_update(no_key=True).get(pk=organizer_id)


def changeable(booking: Booking, now: datetime) -> Booking:
    """The booking as it is now, under its organizer's lock. Raises NotChangeable."""
    lock(booking.organizer_id)
    current = Booking.objects.select_related("event_type__organizer", "event_type__schedule").get(pk=booking.pk)
    if words := why_ended(current, now):
        raise NotChangeable(words)
    return current


def why_ended(booking: Booking, now: datetime) -> str:
    """Why a booking cannot be changed any more, in words to show; empty when it can."""
    if booking.status == Booking.Status.CANCELLED:
        return _("This booking was cancelled.")
    if booking.went_unanswered(now):
        return _("This booking was not confirmed in time, so it was declined.")
    if booking.status == Booking.Status.DECLINED:
        return _("This booking was declined.")
    return _("This meeting is already over.") if booking.is_over(now) else ""


def revise(booking: Booking, *, change: Booking.Change, by: str, reason: str, now: datetime, **changes: object) -> None:
    """Raise the revision with ``changes``; what is still unsent of earlier ones is dropped. Call it under the lock."""
    Booking.objects.filter(pk=booking.pk).update(
        revision=F("revision") + 1,
        revised_at=now,
        next_attempt_at=now,
        attempts=0,
        gave_up_at=None,
        last_error="",
        change=change,
        changed_by=by,
        reason=reason,
        **changes,
    )
    booking.refresh_from_db()
    Message.objects.filter(
        booking=booking, revision__lt=booking.revision, state__in=(Message.State.QUEUED, Message.State.FAILED)
    ).update(state=Message.State.DROPPED)


def look_again(booking: Booking, *, now: datetime) -> None:
    """Have the booking arranged once more, although nothing of it changes. Call it under the lock."""
    Booking.objects.filter(pk=booking.pk).update(
        next_attempt_at=now, attempts=0, gave_up_at=None, arranged_revision=F("revision") - 1
    )
    arranging_requested.send(sender=Booking, booking=booking)
