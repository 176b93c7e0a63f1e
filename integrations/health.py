"""What a connection's row says of how it is doing: last success, last error, and its loss."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import providers, tasks
from integrations.language import in_language_of
from integrations.models import Connection
from integrations.publish import publish_on_commit
from integrations.signals import connection_needs_reconnect, connection_recovered

_MINUTE = timedelta(minutes=1)


def succeeded(row: Connection) -> None:
    """Record a success, at most once a minute, and clear the last error. ``row`` is freshly read."""
    now = timezone.now()
    if not row.last_error and row.last_success_at is not None and row.last_success_at > now - _MINUTE:
        return
    current = Connection.objects.filter(pk=row.pk, status=Connection.Status.CONNECTED)
    recovered = row.last_error and current.exclude(last_error="").update(
        last_success_at=now, last_error="", last_error_at=None
    )
    if recovered:
        row.refresh_from_db()
        connection_recovered.send_robust(Connection, connection=row)
    else:
        current.update(last_success_at=now)


def failed(connection_id: int, words: str) -> None:
    """Record the last error of a connection that stays connected."""
    Connection.objects.filter(pk=connection_id, status=Connection.Status.CONNECTED).update(
        last_error=words, last_error_at=timezone.now()
    )


def ask_to_reconnect(connection: Connection) -> bool:
    """An administrator wants the account connected anew: its tokens are used no more, and the organizer is mailed.

    False: it is not connected, or lost already.
    """
    with transaction.atomic(), in_language_of(connection.user):
        # Locked, so that no refresh changes the tokens in between.
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        words = _("An administrator asked for %(name)s to be connected again.")
        return lose(row, words % {"name": providers.get(row.provider).name})


def lose(row: Connection, words: str) -> bool:
    """Mark a connection as needing a reconnect, if these are still its tokens; once, whoever else notices.

    Whether this call did.
    """
    with transaction.atomic():
        lost = Connection.objects.filter(
            pk=row.pk, token_version=row.token_version, status=Connection.Status.CONNECTED
        ).update(
            status=Connection.Status.NEEDS_RECONNECT,
            last_error=words,
            last_error_at=timezone.now(),
            notice_due=True,
        )
        if not lost:
            return False
        row.note("needs_reconnect", words)

        def tell() -> None:
            connection_needs_reconnect.send_robust(Connection, connection=Connection.objects.get(pk=row.pk))

        transaction.on_commit(tell, robust=True)
        publish_on_commit(tasks.mail_notice, row.pk)
        return True
