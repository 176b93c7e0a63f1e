"""One worker at a time for a booking: a lease taken by a conditional UPDATE, named in every later write."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.conf import settings
from django.db.models import F, Model, Q, QuerySet
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
    _worded: dict[tuple[type[Model], int | None], QuerySet[Any]] = field(default_factory=dict, repr=False)
    """To word a query costs more than to ask it, and a round asks these again and again."""

    def _mine(self, model: type[Model] = Booking, *, at: int | None = None) -> QuerySet[Any]:
        """The booking while the lease is mine, where ``at`` is given only at that revision; or its rows of a model."""
        if (model, at) not in self._worded:
            if model is Booking:
                conditions: dict[str, Any] = {"pk": self.booking_id, "lease_owner": self.owner}
                conditions |= {} if at is None else {"revision": at}
            else:
                conditions = {"booking__in": self._mine(at=at)}
            self._worded[model, at] = model._default_manager.filter(**conditions)
        return self._worded[model, at]

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
        if not self._extend(revision=revision):
            self._say_why_not()

    def _say_why_not(self) -> NoReturn:
        if not self._extend():
            raise LeaseLost
        raise RevisionMoved

    def _extend(self, *, revision: int | None = None) -> bool:
        """Have the full time again, if the lease is mine and the booking, where one is named, at this revision."""
        until = _until()
        if not self._mine(at=revision).update(lease_until=until):
            return False
        self.until = until
        return True

    def write(self, row: Model, **fields: Any) -> None:
        """Write ``fields`` (values, not expressions) of a row of the booking, if the lease is still mine."""
        if not self._written(row, None, fields):
            raise LeaseLost

    def write_ahead(self, row: Model, *, at: int, **fields: Any) -> None:
        """``require`` revision ``at`` and ``write``, in one: what is about to be told to people, or asked for."""
        self.hold()
        if not self._written(row, at, fields):
            self._say_why_not()

    def _written(self, row: Model, revision: int | None, fields: dict[str, Any]) -> bool:
        if not self._mine(type(row), at=revision).filter(pk=row.pk).update(**fields):
            return False
        for name, value in fields.items():
            setattr(row, name, value)
        return True

    def release(self, booking: Booking, **fields: Any) -> bool:
        """Let go and write ``fields`` of the booking, if it is still as it was read: as ``booking``.

        False when its revision moved, or somebody asked for another look (every request sets ``next_attempt_at``); the
        lease is still mine then.
        """
        as_read = self._mine().filter(revision=booking.revision, next_attempt_at=booking.next_attempt_at)
        if as_read.update(lease_owner="", lease_until=None, **fields):
            return True
        if not self._extend():
            raise LeaseLost
        return False

    def abandon(self, **fields: Any) -> None:
        """Let go after a fault of our own, whatever the revision is now."""
        self._mine().update(lease_owner="", lease_until=None, attempts=F("attempts") + 1, **fields)
