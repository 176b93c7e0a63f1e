"""Taking the tokens out of a connection, whoever ended it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from integrations.models import Connection
from integrations.signals import connection_removed


def empty(row: Connection, status: Connection.Status) -> None:
    """Take the tokens away, so that no refresh under way can bring them back: its version is an earlier one.

    ``row`` is locked. What was made with it is no longer ours to manage, which the raised generation says.
    """
    row.status = status
    row.access_token = row.refresh_token = ""
    row.expires_at = None
    row.account_claim = None
    row.generation += 1
    row.token_version += 1
    row.removed_at = timezone.now()
    row.last_error, row.last_error_at, row.notice_due = "", None, False
    row.save()

    def send() -> None:
        connection_removed.send_robust(Connection, connection=Connection.objects.get(pk=row.pk))

    transaction.on_commit(send, robust=True)
