"""Forgetting people: after a booking's time is long over (``RETENTION_DAYS``), or because somebody asked.

The row itself stays, with its times and states, so that what was counted is still counted; it names nobody any more.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bookings.models import Booking, Guest, Meeting, Message, TimelineEntry
from bookings.models.booking import new_token

AT_A_TIME = 200

# What of a booking speaks of the people in it, and what stands there afterwards.
ERASED = {
    "invitee_name": "",
    "invitee_email": "",
    "invitee_timezone": "UTC",
    "invitee_language": "",
    "notes": "",
    "answers": [],
    "reason": "",
    "last_error": "",
}


def forget_old() -> int:
    """Erase the people of bookings that ended ``RETENTION_DAYS`` ago, in batches; how many bookings that were.

    What is still being worked at is left for later: its chain of tries ends by itself.
    """
    if not settings.RETENTION_DAYS:
        return 0
    before = timezone.now() - timedelta(days=settings.RETENTION_DAYS)
    old = Booking.objects.settled().filter(end__lt=before, erased_at=None).order_by("end")
    forgotten = 0
    while batch := list(old.values_list("pk", flat=True)[:AT_A_TIME]):
        forgotten += forget_people(Booking.objects.filter(pk__in=batch))
    return forgotten


@transaction.atomic
def forget_people(bookings: QuerySet[Booking]) -> int:
    """Erase who took part and what they wrote, and the meeting's ids and links; how many bookings that were.

    For bookings that are over or cancelled, since nobody can be told anything afterwards. The link in an invitee's mail
    leads nowhere from then on.
    """
    ids = list(bookings.select_for_update(no_key=True).values_list("pk", flat=True))
    Guest.objects.filter(booking__in=ids).delete()
    Message.objects.filter(booking__in=ids).delete()
    TimelineEntry.objects.filter(booking__in=ids).update(text="")
    known = dict.fromkeys(("external_id", "join_url", "host_id", "last_error", "written_topic"), "")
    Meeting.objects.filter(booking__in=ids).update(**known)
    for booking in Booking.objects.filter(pk__in=ids):
        booking.announcements.update(join_url="")
        booking.calendar_entries.update(meet_url="", last_error="")
        Booking.objects.filter(pk=booking.pk).update(token=new_token(), erased_at=timezone.now(), **ERASED)
    return len(ids)
