"""What an organizer is told of a daily limit: how much of it is used today, and when it starts anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from integrations import providers, quota
from integrations.models import Connection, DailyUse
from integrations.providers import DailyLimit, Provider
from integrations.utc_days import day_of, next_day


@dataclass(frozen=True)
class Usage:
    """Today's use of a connected account. ``anew``: when it starts again, in the organizer's own zone."""

    provider: Provider
    limit: DailyLimit
    calls: int
    closed: bool
    anew: datetime

    @property
    def is_near(self) -> bool:
        """Whether it is time to tell the organizer."""
        return self.closed or self.calls >= self.limit.near

    @property
    def is_used_up(self) -> bool:
        """Whether new meetings have to wait."""
        return self.closed or (quota.enforced() and self.calls >= self.limit.for_new)

    @property
    def count(self) -> str:
        """How many of how many, and until when, in a sentence."""
        return _(
            "%(calls)d of the %(limit)d meetings that may be made or changed in a day are used."
            " The count starts anew on %(when)s."
        ) % {"calls": self.calls, "limit": self.limit.calls, "when": self.when}

    @property
    def outlook(self) -> str:
        """What that means for bookings, in a sentence or two."""
        if self.is_used_up:
            words = _(
                "Until then new bookings get the default video link. Bookings stand either way; when one is moved, its"
                " meeting follows as soon as %(name)s takes it."
            )
        else:
            words = _(
                "After %(for_new)d, new bookings get the default video link until then; the last %(kept)d are kept for"
                " moving meetings that people hold."
            )
        return words % {
            "name": self.provider.name,
            "for_new": self.limit.for_new,
            "kept": self.limit.kept_for_changes,
        }

    @property
    def when(self) -> str:
        """``anew`` in words, with the zone's name."""
        return f"{date_format(self.anew, 'SHORT_DAY')}, {self.anew:%H:%M} ({self.anew.tzinfo})"


def today(user: AbstractBaseUser) -> list[Usage]:
    """What the user's connected accounts have used so far today; those that used nothing are left out."""
    mine = _connected().filter(user_id=user.pk)
    return [usage(row, zone_of(user)) for row in of_today().filter(Exists(mine))]


def near_limit() -> QuerySet[DailyUse]:
    """The rows of today whose limit is nearly used up, or closed by the provider."""
    near = Q(closed_until__gt=timezone.now())
    for provider in providers.meeting_providers():
        if (allowed := quota.limit_of(provider.slug)) is not None:
            near |= Q(provider=provider.slug, calls__gte=allowed.near)
    return of_today().filter(near, Exists(_connected()))


def due_warnings(limit: int) -> list[int]:
    """Ids of those whose organizer is still to be told."""
    return list(near_limit().filter(told_at=None).values_list("pk", flat=True)[:limit])


def holder(row: DailyUse) -> Connection | None:
    """The connection that the account is held by now, with its user."""
    connected = Connection.objects.filter(status=Connection.Status.CONNECTED, external_id=row.external_id)
    return connected.filter(provider=row.provider).select_related("user").first()


def usage(row: DailyUse, zone: tzinfo) -> Usage:
    """``row``, which is of today and of a provider with a limit, as the organizer is shown it."""
    limit, now = quota.limit_of(row.provider), timezone.now()
    if limit is None:
        raise LookupError(f"{row.provider} has no daily limit")
    closed = row.closed_until is not None and row.closed_until > now
    anew = row.closed_until if closed and row.closed_until else next_day(now)
    return Usage(providers.get(row.provider), limit, row.calls, closed, anew.astimezone(zone))


def zone_of(user: AbstractBaseUser) -> tzinfo:
    """The zone that the user reads times in, if one is known."""
    zone = getattr(getattr(user, "organizer", None), "timezone", None)
    return zone if isinstance(zone, tzinfo) else ZoneInfo("UTC")


def of_today() -> QuerySet[DailyUse]:
    """Today's rows."""
    return DailyUse.objects.filter(day=day_of(timezone.now()))


def _connected() -> QuerySet[Connection]:
    """The working connection to a row's account."""
    return Connection.objects.filter(
        provider=OuterRef("provider"), external_id=OuterRef("external_id"), status=Connection.Status.CONNECTED
    )
