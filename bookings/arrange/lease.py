"""One worker at a time for a booking: a lease taken by a conditional UPDATE, named in every later write."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Model, Q
from django.utils import timezone

from bookings.models import Booking


class LeaseLost(Exception):
    """Another worker has taken the booking over: stop without writing anything."""


class RevisionMoved(Exception):
    """The booking was changed meanwhile: go round again before anybody is told."""


def _length() -> timedelta:
    return timedelta(seconds=settings.ARRANGE_LEASE_SECONDS)


def _until() -> datetime:
    return timezone.now() + _length()


# What counts as the full time: a round of a few calls writes the lease once, not before each of them.
_NEARLY = 0.9


@dataclass
class Lease:
    """The right to arrange one booking, until it runs out. Before that nobody else can take it."""

    booking_id: int
    owner: str
    until: datetime

    @classmethod
    def claim(cls, booking_id: int) -> Lease | None:
        """Take the lease; None while another worker holds it or the booking is not there."""
        owner = uuid.uuid4().hex
        free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
        until = _until()
        taken = Booking.objects.filter(free, pk=booking_id).update(lease_owner=owner, lease_until=until)
        return cls(booking_id, owner, until) if taken else None

    def hold(self) -> None:
        """Have nearly the full time. Called before every call to a provider, which is bounded well below it."""
        if self.until - timezone.now() < _NEARLY * _length() and not self._extend():
            raise LeaseLost

    def require(self, revision: int) -> None:
        """Hold, and make sure that ``revision`` is still the booking's: asked right before anybody is told."""
        if self._extend(revision=revision):
            return
        if not self._extend():
            raise LeaseLost
        raise RevisionMoved

    def _extend(self, *, revision: int | None = None) -> bool:
        """Have the full time again, if the lease is mine and the booking, where one is named, at this revision."""
        mine, until = Booking.objects.filter(pk=self.booking_id, lease_owner=self.owner), _until()
        if not (mine if revision is None else mine.filter(revision=revision)).update(lease_until=until):
            return False
        self.until = until
        return True

    def write(self, row: Model, **fields: Any) -> None:
        """Write ``fields`` (values, not expressions) of a row of the booking, if the lease is still mine."""
        rows = type(row)._default_manager.filter(pk=row.pk, booking=self.booking_id, booking__lease_owner=self.owner)
        if not rows.update(**fields):
            raise LeaseLost
        for name, value in fields.items():
            setattr(row, name, value)

    def release(self, booking: Booking, **fields: Any) -> bool:
        """Let go and write ``fields`` of the booking, if it is still as it was read: as ``booking``.

        False when its revision moved, or somebody asked for another look (every request sets ``next_attempt_at``); the
        lease is still mine then.
        """
        mine = Booking.objects.filter(pk=self.booking_id, lease_owner=self.owner)
        as_read = mine.filter(revision=booking.revision, next_attempt_at=booking.next_attempt_at)
        if as_read.update(lease_owner="", lease_until=None, **fields):
            return True
        if not self._extend():
            raise LeaseLost
        return False

    def abandon(self, **fields: Any) -> None:
        """Let go after a fault of our own, whatever the revision is now."""
        Booking.objects.filter(pk=self.booking_id, lease_owner=self.owner).update(
            lease_owner="", lease_until=None, attempts=F("attempts") + 1, **fields
        )
