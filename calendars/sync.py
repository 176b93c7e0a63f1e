"""Which calendars the connected account has. Read when it is connected, and whenever none is known yet."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from calendars import google
from calendars.models import Calendar
from integrations.models import Connection, with_connection
from integrations.oauth import call_with_token

# With one of these an event may be written into a calendar that somebody shared; what we ask for is for one's own.
# https://developers.google.com/workspace/calendar/api/auth
_SHARED_TOO = frozenset(f"https://www.googleapis.com/auth/calendar{scope}" for scope in ("", ".events"))


def sync_calendars(connection: Connection) -> None:
    """Read the account's calendar list into our rows. Raises ProviderError.

    Choices that the organizer made stay. For an account that is new, the primary calendar blocks time and receives
    bookings; and so it does where the one that received them is gone or cannot be written to any more. Calendars of an
    earlier account stay for the events that are in them, but no longer take part.
    """
    found = call_with_token(connection, google.list_calendars)
    now = timezone.now()
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        mine = Calendar.objects.filter(connection=connection)
        mine.exclude(account_id=connection.external_id).update(receives_bookings=False, blocks_time=False)
        for info in found:
            _note(connection, info, now)
        _let_go(connection, mine.filter(account_id=connection.external_id), now)


def _note(connection: Connection, info: google.CalendarInfo, now: datetime) -> None:
    roles = ("owner", "writer") if connection.scope_set & _SHARED_TOO else ("owner",)
    Calendar.objects.update_or_create(
        connection=connection,
        account_id=connection.external_id,
        external_id=info.external_id,
        defaults={
            "name": info.name,
            "timezone": info.timezone,
            "is_primary": info.is_primary,
            "can_write": info.role in roles,
            "allows_meet": info.allows_meet,
            "seen_at": now,
        },
    )


def _let_go(connection: Connection, current: QuerySet[Calendar], now: datetime) -> None:
    """Calendars that vanished take no part any more; the organizer reads which. Somewhere bookings go in any case."""
    gone = current.filter(seen_at__lt=now)
    for calendar in gone.filter(Q(blocks_time=True) | Q(receives_bookings=True)):
        words = _("The calendar “%(name)s” is not there any more, so it blocks no time and receives no bookings.")
        connection.note("calendar_gone", words % {"name": calendar.name})
    gone.update(receives_bookings=False, blocks_time=False)
    current.filter(receives_bookings=True, can_write=False).update(receives_bookings=False)
    if not current.filter(receives_bookings=True).exists():
        current.filter(is_primary=True, seen_at=now).update(receives_bookings=True, blocks_time=True)


def ensure_calendars(connection: Connection) -> None:
    """Read the calendar list if nothing is known of this account yet. Raises ProviderError."""
    if not Calendar.objects.filter(connection=connection, account_id=connection.external_id).exists():
        sync_calendars(connection)


def receiving_calendar(user_id: int) -> Calendar | None:
    """The calendar that bookings go to; None when no calendar account is connected.

    Raises ProviderError when the account's calendars are not known and cannot be read now.
    """
    mine = {"connection__user_id": user_id, "connection__provider": google.PROVIDER}
    receiving = with_connection(
        Calendar.objects.filter(**mine, account_id=F("connection__external_id"), receives_bookings=True)
    )
    if (known := receiving.first()) is not None:
        return known if known.connection.attached else None
    connection = Connection.objects.filter(user_id=user_id, provider=google.PROVIDER).first()
    if connection is None or not connection.attached:
        return None
    ensure_calendars(connection)
    return receiving.first()
