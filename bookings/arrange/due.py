"""The unfinished work whose time has come. The database is the outbox: a lost task loses nothing."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bookings.arrange.rounds import arrange
from bookings.models import Booking
from bookings.services import release_all_lapsed

AT_MOST = 200


def claim_due(limit: int = AT_MOST) -> list[int]:
    """The ids of up to ``limit`` bookings that are due, each claimed by putting off its next attempt by a lease.

    A hold that ends makes work too: the invitee is to be told.
    """
    release_all_lapsed(limit)
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    with transaction.atomic():
        due = (
            Booking.objects.behind()
            .select_for_update(skip_locked=True, no_key=True)
            .filter(free, next_attempt_at__lte=now)
            .order_by("next_attempt_at")
        )
        ids = list(due.values_list("pk", flat=True)[:limit])
        again = now + timedelta(seconds=settings.ARRANGE_LEASE_SECONDS)
        Booking.objects.filter(pk__in=ids).update(next_attempt_at=again)
    return ids


def arrange_due(limit: int = AT_MOST) -> int:
    """Arrange what is due, here and now; how many bookings that were."""
    ids = claim_due(limit)
    for booking_id in ids:
        arrange(booking_id)
    return len(ids)
