"""Which calendars of the connected account block time, and which one receives bookings."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from calendars.busy import forget
from calendars.models import Calendar
from calendars.sync import sync_calendars
from integrations.models import Connection


class CalendarGone(Exception):
    """A calendar that was chosen is not among those that can be."""


def calendars_of(connection: Connection) -> QuerySet[Calendar]:
    """The account's calendars as its list last showed them, the primary one first."""
    mine = Calendar.objects.filter(connection=connection, account_id=connection.external_id)
    newest = mine.order_by("-seen_at").values("seen_at")[:1]
    return mine.filter(seen_at=newest).order_by("-is_primary", "name", "pk")


def choose(connection: Connection, *, blocking: Collection[int], receiving: int) -> None:
    """Take these for busy times and this one for bookings to come; events that are there stay where they are.

    Numbers are those of our rows. Raises CalendarGone for one that is not the account's, or cannot be written to.
    """
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        mine = calendars_of(connection)
        known = dict(mine.values_list("pk", "can_write"))
        if not known.keys() >= set(blocking) or not known.get(receiving):
            raise CalendarGone
        # First none, as only one calendar at a time may receive bookings.
        Calendar.objects.filter(connection=connection).update(receives_bookings=False, blocks_time=False)
        Calendar.objects.filter(pk__in=blocking).update(blocks_time=True)
        Calendar.objects.filter(pk=receiving).update(receives_bookings=True)
        forget(connection.user_id)


def refresh(connection: Connection) -> None:
    """Read the account's list anew. Raises ProviderError."""
    sync_calendars(connection)
    forget(connection.user_id)
