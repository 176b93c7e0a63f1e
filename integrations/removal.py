"""Ending a connection: from our side, at once and locally; or from the provider's side."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import tasks
from integrations.fields import EncryptionKeyError
from integrations.models import Connection, Revocation
from integrations.publish import publish_on_commit
from integrations.signals import connection_removed


def remove(connection: Connection, *, by: str) -> None:
    """Remove a connection: tokens gone, state shown, revocation queued. Does nothing when it is removed already.

    ``by`` is for the history: "the organizer", "an administrator". Meetings made so far are no longer ours to manage,
    which the raised generation says. ``connection`` is read again.
    """
    with transaction.atomic():
        row, problem = _locked(connection.pk)
        if row.status != Connection.Status.REMOVED:
            queue_revocation(row)
            _empty(row, Connection.Status.REMOVED)
            row.note("removed", _("Removed by %(by)s.") % {"by": by})
            if problem:
                row.note("revocation_failed", problem)
    connection.refresh_from_db()


def deauthorize(*, provider: str, external_id: str, account_id: str, at: datetime) -> int:
    """The user removed us at the provider at ``at``: forget the tokens. Returns how many connections that concerned.

    Only what was connected before counts: our own revocations are announced in the same way, and a repeated
    announcement can arrive after the user has connected again.
    """
    with transaction.atomic():
        rows = Connection.objects.select_for_update().filter(
            provider=provider,
            external_id=external_id,
            status__in=[Connection.Status.CONNECTED, Connection.Status.NEEDS_RECONNECT],
            connected_at__lt=at,
        )
        found = [row for row in rows if not account_id or not row.account_id or row.account_id == account_id]
        for row in found:
            _empty(row, Connection.Status.DEAUTHORIZED)
            row.email = row.display_name = ""
            row.save(update_fields=["email", "display_name"])
            row.note("deauthorized", _("Access was taken away at the provider's side."))
        Revocation.objects.filter(provider=provider, external_id=external_id, created_at__lt=at).delete()
    return len(found)


def queue_revocation(row: Connection) -> None:
    """Keep an encrypted copy of the tokens until the provider has revoked them, soon. ``row`` has them loaded."""
    if row.access_token or row.refresh_token:
        revocation = Revocation.objects.create(
            connection=row,
            provider=row.provider,
            external_id=row.external_id,
            access_token=row.access_token,
            refresh_token=row.refresh_token,
            expires_at=row.expires_at,
        )
        publish_on_commit(tasks.revoke, revocation.pk)


def _locked(pk: int) -> tuple[Connection, str]:
    """The row with its tokens. One whose tokens no key opens can be removed too: only its revocation falls away."""
    try:
        return Connection.objects.defer(None).select_for_update().get(pk=pk), ""
    except EncryptionKeyError as error:
        Connection.objects.filter(pk=pk).update(access_token="", refresh_token="")
        return Connection.objects.defer(None).select_for_update().get(pk=pk), str(error)


def _empty(row: Connection, status: Connection.Status) -> None:
    """Take the tokens away, so that no refresh under way can bring them back: its version is an earlier one."""
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
