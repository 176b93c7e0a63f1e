"""What meetings cost of a provider's daily limit: counted before each call, and no call where nothing is left.

The count is a row for an account and UTC day, raised by one conditional UPDATE, so that any number of workers share it.
What counts is a call that reached the account, lost answers included. ``RATE_LIMITS=off`` counts as well, but then only
the provider's own word holds calls back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import providers
from integrations.errors import ConnectionUnusable, DailyLimitReached, ProviderError
from integrations.models import DailyUse
from integrations.providers import DailyLimit
from integrations.utc_days import day_of, next_day

KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Spent:
    """One call of a day's limit, taken before the call is made."""

    provider: str
    host: str
    day: date

    def rows(self) -> QuerySet[DailyUse]:
        """The row that it was counted in."""
        return DailyUse.objects.filter(day=self.day, provider=self.provider, external_id=self.host)

    def failed(self, error: ProviderError) -> None:
        """The call failed: given back if it never reached the account, and heeded if it was one too many."""
        if isinstance(error, DailyLimitReached):
            _close(self.provider, self.host, error.retry_at)
        elif _never_arrived(error):
            self.rows().filter(calls__gt=0).update(calls=F("calls") - 1)


def enforced() -> bool:
    """Whether our own count holds calls back."""
    return bool(settings.RATE_LIMITS != "off")


def limit_of(provider: str) -> DailyLimit | None:
    """The provider's limit, if it has one."""
    capability = providers.get(provider).meetings
    return capability.daily_limit if capability is not None else None


def spend(provider: str, host: str, *, new: bool) -> Spent:
    """Count one call that makes (``new``) or changes a meeting of the account ``host``, before it is made.

    Raises DailyLimitReached when the day has none left. New meetings leave some for changes of those that people hold.
    """
    now, limit = timezone.now(), limit_of(provider)
    spent = Spent(provider, host, day_of(now))
    if limit is None:
        return spent
    room = spent.rows().filter(Q(closed_until=None) | Q(closed_until__lte=now))
    if enforced():
        room = room.filter(calls__lt=limit.for_new if new else limit.calls)
    if room.update(calls=F("calls") + 1):
        return spent
    # Either it is the first call of the day, or there is no room. Whoever comes second with the row finds it there.
    DailyUse.objects.bulk_create([DailyUse(day=spent.day, provider=provider, external_id=host)], ignore_conflicts=True)
    if room.update(calls=F("calls") + 1):
        return spent
    raise _used_up(spent, limit, now, new=new)


@contextmanager
def counted(provider: str, host: str, *, new: bool) -> Iterator[None]:
    """Around one call: ``spend``, and what its failure means for the count."""
    spent = spend(provider, host, new=new)
    try:
        yield
    except ProviderError as error:
        spent.failed(error)
        raise


def forget_old() -> None:
    """A week is long enough to look into what happened."""
    DailyUse.objects.filter(day__lt=day_of(timezone.now() - KEPT_FOR)).delete()


def _never_arrived(error: ProviderError) -> bool:
    """Nothing was sent, or it was refused before the provider looked whose account it was."""
    unsent = error.status is None and not error.in_doubt
    return unsent or error.unauthorized or isinstance(error, ConnectionUnusable)


def _close(provider: str, host: str, until: datetime | None) -> None:
    """The provider says that the day is used up: until its own time, and no longer than the day lasts."""
    now = timezone.now()
    end = next_day(now)
    row, _made = DailyUse.objects.get_or_create(day=day_of(now), provider=provider, external_id=host)
    DailyUse.objects.filter(pk=row.pk).update(closed_until=min(until or end, end))


def _used_up(spent: Spent, limit: DailyLimit, now: datetime, *, new: bool) -> DailyLimitReached:
    closed = spent.rows().filter(closed_until__gt=now).values_list("closed_until", flat=True).first()
    until = closed or next_day(now)
    if closed is None and new:
        words = _(
            "%(name)s allows %(calls)d new or changed meetings a day, and today's last %(kept)d are kept for moving"
            " meetings that people hold. It begins again at %(time)s UTC."
        )
    else:
        words = _(
            "The daily limit of new or changed %(name)s meetings (%(calls)d) is used up. It begins again at"
            " %(time)s UTC."
        )
    named = {"name": providers.get(spent.provider).name, "calls": limit.calls, "kept": limit.kept_for_changes}
    message = words % {**named, "time": until.strftime("%H:%M")}
    return DailyLimitReached(message, retryable=True, retry_at=until, code="daily_limit")
