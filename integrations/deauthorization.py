"""Ending a connection from the provider's side: the user took our access away there."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from integrations import erasure, providers
from integrations.emptying import empty
from integrations.language import in_language_of
from integrations.models import Connection, Revocation

CLOCK_SKEW = timedelta(minutes=1)
"""How far the provider's clock and ours may be apart."""


def deauthorize(*, provider: str, external_id: str, account_id: str, at: datetime) -> int:
    """The user took our access away at ``at``: forget the tokens, and erase the account's data within days.

    Returns how many connections that concerned. Only what was connected at that time counts: our own revocations are
    announced in the same way, and a repeated announcement can arrive after the user has connected again. Where the
    organizer pressed Remove here before, nothing is left to take away, and the data stay (docs/decisions.md).
    """
    if not external_id:
        return 0
    with transaction.atomic():
        rows = Connection.objects.select_for_update().filter(
            provider=provider, external_id=external_id, connected_at__lt=at
        )
        found = [row for row in rows if _same_account(row, account_id) and _was_connected(row, at)]
        for row in found:
            _end(row, at)
        Revocation.objects.filter(provider=provider, external_id=external_id, created_at__lt=at).delete()
    return len(found)


def _same_account(row: Connection, account_id: str) -> bool:
    return not account_id or not row.account_id or row.account_id == account_id


def _was_connected(row: Connection, at: datetime) -> bool:
    """Whether it was connected at ``at``. A Remove that came later does not undo what the user did at the provider."""
    removed_later = row.removed_at is not None and row.removed_at > at + CLOCK_SKEW
    return row.attached or (row.status == Connection.Status.REMOVED and removed_later)


def _end(row: Connection, at: datetime) -> None:
    if row.attached:
        empty(row, Connection.Status.DEAUTHORIZED)
    row.email = row.display_name = ""
    row.save(update_fields=["email", "display_name"])
    due = erasure.schedule(row, at).erase_after
    with in_language_of(row.user):
        words = _(
            "Access was taken away at %(service)s's side. Meeting IDs and links from there are erased on %(day)s."
        ) % {"service": providers.get(row.provider).service, "day": date_format(due)}
    row.note("deauthorized", words)
