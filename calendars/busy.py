"""Busy times as intervals: asked of the provider, known for a while, never older than allowed."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from calendars import google
from calendars.models import Calendar, KnownBusy
from calendars.sync import ensure_calendars, sync_calendars
from integrations import http
from integrations.http import ProviderError
from integrations.models import Connection
from integrations.oauth import call_with_token

# Pages may show what was asked this recently without asking again.
FRESH = timedelta(seconds=10)
# How long a page or a booking waits for the answer (architecture.md, "No double booking").
ASKING_SECONDS = 1.5
# What is asked for at once: whole days around what is wanted, at most what Google answers in one question.
LONGEST = timedelta(days=88)
_POLL_SECONDS = 0.05


class BusyUnknown(Exception):
    """The calendar did not answer, and what is known is too old: times cannot be shown right now."""


@dataclass(frozen=True)
class Busy:
    """A time that the calendar blocks: aware UTC, half-open; ``event_id`` where the calendar told it, else empty."""

    start: datetime
    end: datetime
    event_id: str = ""


_KNOWN = ("asked_at", "covers_from", "covers_until", "intervals")


def _at_hand(user_id: int) -> tuple[bool, KnownBusy | None]:
    """Whether a calendar account is connected, and what is known of its times: one short query for a public page."""
    rows = Connection.objects.filter(user_id=user_id, provider=google.PROVIDER)
    for status, *values in rows.values_list("status", *(f"user__known_busy__{name}" for name in _KNOWN)):
        known = KnownBusy(user_id=user_id, **dict(zip(_KNOWN, values, strict=True)))
        return status in Connection.ATTACHED, known if known.asked_at else None
    return False, None


def busy_times(user_id: int, *, start: datetime, end: datetime, now: datetime, asking: bool = False) -> list[Busy]:
    """What blocks the user's time between ``start`` and ``end`` (aware). No connected calendar blocks nothing.

    ``asking`` puts the question even if the last answer is fresh. Raises BusyUnknown when there is no answer and none
    younger than BUSY_MAX_AGE_SECONDS is known for the whole range.
    """
    attached, known = _at_hand(user_id)
    if not attached:
        return []
    if asking or known is None or not _covers(known, start, end, asked_after=now - FRESH):
        known = _asked(user_id, start=start, end=end)
    if not _covers(known, start, end, asked_after=now - timedelta(seconds=settings.BUSY_MAX_AGE_SECONDS)):
        raise BusyUnknown
    return [
        Busy(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC), event_id)
        for first, last, event_id in known.intervals
        if first < end.timestamp() and last > start.timestamp()
    ]


def _asked(user_id: int, *, start: datetime, end: datetime) -> KnownBusy:
    """What is known after asking, as far as the account can be used."""
    connection = Connection.objects.get(user_id=user_id, provider=google.PROVIDER)
    known, _made = KnownBusy.objects.get_or_create(user_id=user_id)
    if not connection.usable:
        return known
    return _ask(connection, known, start=start, end=end, since=timezone.now())


def forget(user_id: int) -> None:
    """Another account, other calendars, or none: what is known says nothing any more, nor does an answer under way."""
    KnownBusy.objects.filter(user_id=user_id).update(asked_at=None, lease_owner="", lease_until=None)


def outdate(user_id: int) -> None:
    """We changed the calendar ourselves: the next page asks again.

    Where it gets no answer, what is known still counts: our own events' times stand in our own rows.
    """
    stale = timezone.now() - FRESH
    KnownBusy.objects.filter(user_id=user_id, asked_at__gt=stale).update(asked_at=stale)


def _covers(known: KnownBusy, start: datetime, end: datetime, *, asked_after: datetime) -> bool:
    return (
        known.asked_at is not None
        and known.covers_from is not None
        and known.covers_until is not None
        and known.asked_at >= asked_after
        and known.covers_from <= start
        and known.covers_until >= end
    )


def _ask(connection: Connection, known: KnownBusy, *, start: datetime, end: datetime, since: datetime) -> KnownBusy:
    """Ask, or wait for somebody who is asking; what is known in the end, new or old."""
    give_up = time.monotonic() + ASKING_SECONDS
    while time.monotonic() < give_up:
        if _claim(known):
            return _ask_now(connection, known, start=start, end=end, timeout=give_up - time.monotonic())
        time.sleep(_POLL_SECONDS)
        known.refresh_from_db()
        if _covers(known, start, end, asked_after=since - timedelta(seconds=_POLL_SECONDS)):
            return known
    return known


def _claim(known: KnownBusy) -> bool:
    """One question at a time for an organizer."""
    moment = timezone.now()
    owner = uuid.uuid4().hex
    taken = KnownBusy.objects.filter(Q(lease_until=None) | Q(lease_until__lt=moment), pk=known.pk).update(
        lease_owner=owner, lease_until=moment + timedelta(seconds=ASKING_SECONDS + 1)
    )
    if taken:
        known.lease_owner = owner
    return bool(taken)


def _range_to_ask(start: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    """At least ``start`` to ``end``; from yesterday on where that fits, so that one answer serves several pages."""
    first = min(start, now - timedelta(days=1))
    if end - first > LONGEST:
        first = start
    first = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return first, max(end, first + timedelta(days=62))


def _ask_now(connection: Connection, known: KnownBusy, *, start: datetime, end: datetime, timeout: float) -> KnownBusy:
    covers_from, covers_until = _range_to_ask(start, end, timezone.now())
    asked_at = timezone.now()
    mine = KnownBusy.objects.filter(pk=known.pk, lease_owner=known.lease_owner)
    try:
        with http.within(max(timeout, 0.1)):
            intervals = read(connection, covers_from, covers_until)
    except ProviderError as error:
        mine.update(last_error=str(error), lease_owner="", lease_until=None)
    else:
        # Only while the lease is mine: forget() takes it away when the answer became untrue on its way.
        mine.update(
            intervals=intervals,
            covers_from=covers_from,
            covers_until=covers_until,
            asked_at=asked_at,
            last_error="",
            lease_owner="",
            lease_until=None,
        )
    known.refresh_from_db()
    return known


def read(connection: Connection, start: datetime, end: datetime) -> list[tuple[int, int, str]]:
    """The provider's answer: (start, end, event id) in whole seconds since the epoch, merged by nobody.

    Where a calendar is gone, or not ours to read any more, the list is read anew, and the rest counts. Raises
    ProviderError.
    """
    ensure_calendars(connection)
    try:
        return _read(connection, start, end)
    except ProviderError as error:
        if error.status not in (403, 404) or error.retryable:
            raise
    sync_calendars(connection)
    return _read(connection, start, end)


def _read(connection: Connection, start: datetime, end: datetime) -> list[tuple[int, int, str]]:
    """Calendars with bookings of ours are read event by event, so that these can be told apart; others by free/busy.

    Those are the one that receives bookings, and each that received some before another was chosen.
    """
    mine = Calendar.objects.filter(connection=connection, account_id=connection.external_id, blocks_time=True)
    with_bookings = Exists(Calendar.objects.filter(pk=OuterRef("pk"), entries__isnull=False))
    calendars = list(mine.annotate(held=with_bookings))
    found: list[tuple[int, int, str]] = []
    others: list[str] = []
    for calendar in calendars:
        if not calendar.can_write or not (calendar.receives_bookings or calendar.held):
            others.append(calendar.external_id)
            continue
        ask = partial(google.list_busy_events, calendar_id=calendar.external_id, start=start, end=end)
        events = call_with_token(connection, partial(ask, zone=calendar.timezone))
        found += [(int(e.start.timestamp()), int(e.end.timestamp()), e.event_id) for e in events]
    if others:
        spans = call_with_token(connection, lambda token: google.free_busy(token, others, start, end))
        found += [(int(first.timestamp()), int(last.timestamp()), "") for first, last in spans]
    return found
