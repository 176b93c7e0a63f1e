"""Ending a connection from our side: at once and locally, with the revocation behind it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations import tasks
from integrations.emptying import empty
from integrations.fields import EncryptionKeyError
from integrations.language import in_language_of
from integrations.models import Connection, Revocation
from integrations.publish import publish_on_commit

_REMOVED = {
    "organizer": gettext_noop("Removed by the organizer."),
    "admin": gettext_noop("Removed by an administrator."),
}


def remove(connection: Connection, *, by: str) -> None:
    """Remove a connection: tokens gone, state shown, revocation queued. Does nothing when it is removed already.

    ``by`` is for the history: "organizer" or "admin". Meetings made so far are no longer ours to manage, which the
    raised generation says. ``connection`` is read again.
    """
    with transaction.atomic(), in_language_of(connection.user):
        row, problem = _locked(connection.pk)
        if row.status != Connection.Status.REMOVED:
            queue_revocation(row)
            empty(row, Connection.Status.REMOVED)
            row.note("removed", _(_REMOVED[by]))
            if problem:
                row.note("revocation_failed", problem)
    connection.refresh_from_db()


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
