"""One booking: take the lease, go round until its revision stands still, and say when to try again."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from bookings.arrange import ended, live, retry, situation, trouble, waiting
from bookings.arrange.lease import Lease, LeaseLost, RevisionMoved
from bookings.arrange.situation import Situation
from bookings.models import Booking
from bookings.services import record

logger = logging.getLogger(__name__)

_STEPS = {
    Booking.Status.PENDING: waiting,
    Booking.Status.CONFIRMED: live,
    Booking.Status.DECLINED: waiting,
    Booking.Status.CANCELLED: ended,
}


def arrange(booking_id: int) -> None:
    """Bring everything outside in line with the booking, as far as it goes now.

    Does nothing while another worker is at it. What is left undone stays in the rows with the time when it is due.
    """
    with bound_contextvars(booking_id=booking_id):
        lease = Lease.claim(booking_id)
        if lease is not None:
            _arrange(lease)


def _arrange(lease: Lease) -> None:
    booking_id = lease.booking_id
    try:
        while not _round(lease):
            pass
    except LeaseLost:
        logger.warning("booking %s was taken over by another worker", booking_id)
    except Exception as error:
        _own_fault(lease, error)
        raise


def _own_fault(lease: Lease, error: Exception) -> None:
    """The row says so and is due again; the error goes on to the log, and after a while the organizer hears of it."""
    booking = _read(lease)
    again = retry.backoff(booking.attempts + 1, timezone.now())
    with translation.override(booking.organizer.language):
        words = _("Something went wrong on our side. We try again.")
        kind = _("Something went wrong on our side (%(error)s).") % {"error": type(error).__name__}
        record(booking, "fault", kind, problem=True)
        s = Situation(booking=booking, lease=lease, now=timezone.now())
        s.later("fault", again, words)
        try:
            with suppress(LeaseLost, RevisionMoved):
                trouble.tell(s)
        finally:
            lease.abandon(next_attempt_at=again, last_error=words)


def _read(lease: Lease) -> Booking:
    return Booking.objects.select_related("organizer__user").get(pk=lease.booking_id)


def _round(lease: Lease) -> bool:
    """One look at the booking and everything that follows from it. False: it was changed, go round again."""
    booking = _read(lease)
    if not booking.is_behind:
        return lease.release(booking)
    # What is noted on the way is the organizer's to read.
    with translation.override(booking.organizer.language):
        return _work(situation.read(booking, lease))


def _work(s: Situation) -> bool:
    """Do what is to be done for the revision. False: it moved, or somebody asked for another look; go round again."""
    if s.last_moment <= s.now:
        return _give_up(s)
    try:
        _STEPS[Booking.Status(s.booking.status)].follow(s)
        trouble.tell(s)
    except RevisionMoved:
        return False
    return s.lease.release(s.booking, **_outcome(s))


def _outcome(s: Situation) -> dict[str, Any]:
    if not s.unfinished:
        return {"arranged_revision": s.revision, "next_attempt_at": None, "attempts": 0, "last_error": ""}
    problem = next((words for _due, words in s.unfinished.values() if words), "")
    return {
        "next_attempt_at": min(s.last_moment, *(due for due, _words in s.unfinished.values())),
        "attempts": F("attempts") + 1 if problem else 0,
        "last_error": problem,
    }


def _give_up(s: Situation) -> bool:
    """The chain of tries ends here, in a row that says so; what may be left is the mail that says so."""
    if s.booking.gave_up_at is None:
        words = _("Not everything could be done in time. Last problem: %(why)s")
        s.note("gave_up", words % {"why": s.booking.last_error or "–"}, problem=True)
    try:
        trouble.tell(s, gave_up=True)
    except RevisionMoved:
        return False
    again = min((due for due, _words in s.unfinished.values()), default=None)
    return s.lease.release(s.booking, next_attempt_at=again, gave_up_at=s.booking.gave_up_at or timezone.now())
