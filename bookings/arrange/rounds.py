"""One booking: take the lease, go round until its revision stands still, and say when to try again."""

from __future__ import annotations

import logging
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.arrange import ended, live, retry, situation
from bookings.arrange.lease import Lease, LeaseLost, RevisionMoved
from bookings.arrange.situation import Situation
from bookings.models import Booking
from bookings.services import record

logger = logging.getLogger(__name__)


def arrange(booking_id: int) -> None:
    """Bring everything outside in line with the booking, as far as it goes now.

    Does nothing while another worker is at it. What is left undone stays in the rows with the time when it is due.
    """
    lease = Lease.claim(booking_id)
    if lease is None:
        return
    try:
        while not _round(lease):
            pass
    except LeaseLost:
        logger.warning("booking %s was taken over by another worker", booking_id)
    except Exception as error:
        # A fault of our own: the row says so and is due again; the error itself goes on to the log.
        booking = Booking.objects.get(pk=booking_id)
        record(
            booking,
            "fault",
            _("Something went wrong on our side (%(error)s).") % {"error": type(error).__name__},
            problem=True,
        )
        lease.abandon(
            next_attempt_at=retry.backoff(booking.attempts + 1, timezone.now()),
            last_error=_("Something went wrong on our side. We try again."),
        )
        raise


def _round(lease: Lease) -> bool:
    """One look at the booking and everything that follows from it. False: its revision moved, go round again."""
    booking = Booking.objects.select_related("organizer__user", "event_type").get(pk=lease.booking_id)
    if booking.status in (Booking.Status.PENDING, Booking.Status.DECLINED):
        return lease.release(revision=booking.revision, next_attempt_at=None, arranged_revision=booking.revision)
    if booking.arranged_revision >= booking.revision:
        return lease.release(revision=booking.revision)
    s = situation.read(booking, lease)
    if s.last_moment <= s.now:
        return _give_up(s)
    try:
        (live if booking.is_live else ended).follow(s)
    except RevisionMoved:
        return False
    return lease.release(revision=s.revision, **_outcome(s))


def _outcome(s: Situation) -> dict[str, Any]:
    if not s.unfinished:
        return {"arranged_revision": s.revision, "next_attempt_at": None, "attempts": 0, "last_error": ""}
    trouble = next((words for _due, words in s.unfinished.values() if words), "")
    return {
        "next_attempt_at": min(s.last_moment, *(due for due, _words in s.unfinished.values())),
        "attempts": F("attempts") + 1 if trouble else 0,
        "last_error": trouble,
    }


def _give_up(s: Situation) -> bool:
    """The chain of tries ends here, in a row that says so."""
    s.note(
        "gave_up",
        _("Not everything could be done in time. Last problem: %(why)s") % {"why": s.booking.last_error or "–"},
        problem=True,
    )
    return s.lease.release(revision=s.revision, next_attempt_at=None, gave_up_at=timezone.now())
