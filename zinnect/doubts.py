"""Connections that are lost, or about to fail, each with its reasons in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from bookings.admin.story import stamp
from integrations import usage
from integrations.models import Connection, DailyUse

AT_MOST = 50
UNUSED = timedelta(days=60)
"""Grants that nobody uses run out; vendors say differently when (Zoom, Google), and this is well before any of it."""


@dataclass(frozen=True)
class Doubt:
    """A connection, and why somebody should look at it."""

    connection: Connection
    reasons: tuple[str, ...]


def connections(now: datetime) -> list[Doubt]:
    """The lost ones first, then by how long ago they were last connected; two queries, whatever there is."""
    near = {(row.provider, row.external_id): row for row in usage.near_limit()}
    connected = Q(status=Connection.Status.CONNECTED)
    unused = Q(last_success_at__lt=now - UNUSED) | Q(last_success_at=None, connected_at__lt=now - UNUSED)
    used_up = Q(external_id__in=[external_id for _provider, external_id in near])
    doubtful = Q(status=Connection.Status.NEEDS_RECONNECT) | connected & (~Q(last_error="") | unused | used_up)
    rows = Connection.objects.filter(doubtful).select_related("user__organizer").order_by("-status", "connected_at")
    found = [Doubt(row, tuple(_reasons(row, now, near.get((row.provider, row.external_id))))) for row in rows[:AT_MOST]]
    return [doubt for doubt in found if doubt.reasons]


def _reasons(row: Connection, now: datetime, used: DailyUse | None) -> Iterator[str]:
    if row.status == Connection.Status.NEEDS_RECONNECT:
        yield _("Lost: %(why)s") % {"why": row.last_error}
        return
    if row.last_error and row.last_error_at:
        yield _("Its calls fail since %(when)s: %(why)s") % {"when": stamp(row.last_error_at), "why": row.last_error}
    last = row.last_success_at or row.connected_at
    if last is not None and last < now - UNUSED:
        yield _("Not used since %(when)s: its grant may run out.") % {"when": stamp(last)}
    if used is not None:
        yield usage.usage(used, usage.zone_of(row.user)).count
