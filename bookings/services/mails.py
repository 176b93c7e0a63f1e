"""Sending again what was sent, or refused: the mails of the present revision, and of no other."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from bookings.models import Booking, Message
from bookings.services.changes import NotChangeable, lock, look_again, record

_AGAIN = (Message.State.SENT, Message.State.FAILED)


def send_again(*, booking: Booking) -> int:
    """Queue the present revision's mails once more, each under its own Message-ID; how many that are.

    What was dropped stays dropped, reminders are left alone, and mail about trouble has its own rules. Raises
    NotChangeable when there is none to send, or nobody needs it any more.
    """
    now = timezone.now()
    with transaction.atomic():
        lock(booking.organizer_id)
        current = Booking.objects.get(pk=booking.pk)
        if current.last_moment <= now:
            raise NotChangeable(_("It is too late for mail about this booking."))
        mine = current.messages.exclude(kind__in=Message.ASIDE).filter(revision=current.revision, state__in=_AGAIN)
        count = mine.update(
            state=Message.State.QUEUED, next_attempt_at=None, attempts=0, failed_for_good=False, last_error=""
        )
        if not count:
            raise NotChangeable(_("No mail of its present state was sent or refused."))
        record(current, "mail_again", _noop("An administrator had the mails sent again."))
        look_again(current, now=now)
    return count
