"""Reminders for the invitee, a day and an hour before the start.

Nothing is planned ahead: a query finds whoever is to be reminded now, so that a booking that was moved, cancelled or
declined needs no more care. Each reminder is a row of the booking's start, claimed before it is sent; one that may have
been sent by a worker that died is sent again under the same Message-ID.

Guests are not reminded: they have the event in a calendar, and gave us their address through somebody else.
"""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bookings import invitations
from bookings.arrange import retry
from bookings.letters import is_refusal
from bookings.models import Booking, EventType, Message
from bookings.services import record
from bookings.status import current_link, page_status

_CHOICE = EventType.Reminders


@dataclass(frozen=True)
class Lead:
    """One kind of reminder: from how long before the start until how long before it, and for whose choice."""

    kind: Message.Kind
    since: timedelta
    until: timedelta
    choices: tuple[EventType.Reminders, ...]


# The one of a day that comes late is left out once the other's time has come.
LEADS = (
    Lead(Message.Kind.REMINDER_DAY, timedelta(hours=24), timedelta(hours=1), (_CHOICE.BOTH, _CHOICE.DAY)),
    Lead(Message.Kind.REMINDER_HOUR, timedelta(hours=1), timedelta(0), (_CHOICE.BOTH, _CHOICE.HOUR)),
)


def due(limit: int) -> list[tuple[int, str]]:
    """Up to ``limit`` bookings of each kind whose invitee is to be reminded now, as ``(id, kind)``."""
    now = timezone.now()
    return [(pk, lead.kind) for lead in LEADS for pk in _due(lead, now).values_list("pk", flat=True)[:limit]]


def _due(lead: Lead, now: datetime) -> QuerySet[Booking]:
    """Told of this start long enough ago, and not reminded of it yet."""
    reminders = Message.objects.filter(booking=OuterRef("pk"), kind=lead.kind, reminds_of=OuterRef("start"))
    told_by = F("start") - lead.since
    found = Booking.objects.filter(
        ~Exists(reminders.exclude(_free(now))),
        status=Booking.Status.CONFIRMED,
        start__gt=now + lead.until,
        start__lte=now + lead.since,
        revised_at__lte=told_by,
        event_type__reminders__in=lead.choices,
    )
    return found.filter(Q(confirmed_at=None) | Q(confirmed_at__lte=told_by)).order_by("start", "pk")


def _free(now: datetime) -> Q:
    """Rows that may be sent now: nobody has, and whoever began to has been away for a lease."""
    queued = Q(state=Message.State.QUEUED) & (Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
    left = now - timedelta(seconds=settings.ARRANGE_LEASE_SECONDS)
    return queued | Q(state=Message.State.SENDING, claimed_at__lt=left)


def remind(booking_id: int, kind: str) -> bool:
    """Remind the invitee, unless that is not due (any more) or somebody does; whether this call did."""
    now, lead = timezone.now(), next(lead for lead in LEADS if lead.kind == kind)
    booking = _due(lead, now).select_related("organizer__user", "event_type").filter(pk=booking_id).first()
    if booking is None or page_status(booking) != "ready":
        return False
    message = _claim(booking, lead, now)
    if message is None:
        return False
    with translation.override(booking.organizer.language):  # of the timeline
        return _send(message)


def _claim(booking: Booking, lead: Lead, now: datetime) -> Message | None:
    """The row, which from now on is this worker's to send; None where it is another's."""
    row, _made = Message.objects.get_or_create(
        booking=booking,
        kind=lead.kind,
        to_email=booking.invitee_email,
        reminds_of=booking.start,
        defaults={"revision": booking.revision, "role": Message.Role.INVITEE},
    )
    if not Message.objects.filter(_free(now), pk=row.pk).update(state=Message.State.SENDING, claimed_at=now):
        return None
    row.claimed_at = now
    row.booking = booking
    return row


def _send(message: Message) -> bool:
    mail = invitations.reminder(message, current_link(message.booking))
    if not _stands(message):
        _settle(message, state=Message.State.DROPPED)
        return False
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        _not_sent(message, error)
        return False
    _settle(message, state=Message.State.SENT, sent_at=timezone.now(), last_error="")
    record(message.booking, "mail", _("Reminder sent to the invitee."))
    return True


def _stands(message: Message) -> bool:
    """Whether the meeting still is at that time: asked right before the mail goes out."""
    stands = Booking.objects.filter(pk=message.booking_id, status=Booking.Status.CONFIRMED, start=message.booking.start)
    return stands.exists()


def _not_sent(message: Message, error: smtplib.SMTPException | OSError) -> None:
    if not is_refusal(error):
        again = retry.backoff(message.attempts + 1, timezone.now())
        _settle(message, state=Message.State.QUEUED, next_attempt_at=again, attempts=message.attempts + 1)
        return
    words = _("The mail server refused the mail to %(address)s.") % {"address": message.to_email}
    record(message.booking, "problem", words, problem=True)
    _settle(message, state=Message.State.FAILED, failed_for_good=True, last_error=words)
    # Arranging tells the organizer of what needs a person; so the booking is due once more.
    Booking.objects.followed().filter(pk=message.booking_id).update(
        arranged_revision=F("revision") - 1, next_attempt_at=timezone.now()
    )


def _settle(message: Message, **fields: object) -> None:
    """Write what came of it, unless another worker has taken it over."""
    Message.objects.filter(pk=message.pk, claimed_at=message.claimed_at).update(**fields)
