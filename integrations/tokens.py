"""Valid access tokens: refreshed one at a time, saved before they are used, and lost in words that people see."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _
from structlog.contextvars import bound_contextvars

from integrations import grants, health, leases, providers
from integrations.errors import ConnectionUnusable, DailyLimitReached, MeetingGone, ProviderError
from integrations.fields import EncryptionKeyError
from integrations.models import Connection, Revocation
from integrations.signals import token_refreshed

logger = logging.getLogger(__name__)

T = TypeVar("T")

AHEAD = timedelta(seconds=60)
"""A token that has less left than this is refreshed before it is used."""


def call_with_token(connection: Connection, fn: Callable[[str], T], *, refused: str | None = None) -> T:
    """Call ``fn`` with a valid access token, and once more with a new one if the provider refuses it (401).

    ``refused`` names a token with which the call was made elsewhere and refused: what is left is the one more call.
    Raises ConnectionUnusable when the connection is not connected or is lost now, else what ``fn`` or the refresh
    raised. Success and failure are recorded on the connection. Not for use inside a transaction.
    """
    with bound_contextvars(connection_id=connection.pk):
        row = _with_valid_token(connection.pk, failed=refused)
        try:
            result = _once_more_if_refused(row, fn) if refused is None else _last_time(row, fn)
        except ConnectionUnusable:
            raise
        except ProviderError as error:
            note_failure(connection.pk, error)
            raise
        health.succeeded(row)
        return result


def with_valid_token(connection_id: int) -> Connection:
    """The connection, freshly read, with a valid access token.

    For callers that make calls without the database at hand, in threads: they report back by ``note_success`` and
    ``note_failure``, and by ``call_with_token(…, refused=token)`` where the token was refused.
    """
    return _with_valid_token(connection_id, failed=None)


def note_success(row: Connection) -> None:
    """A call with the token of ``row``, as ``with_valid_token`` gave it, succeeded."""
    health.succeeded(row)


def note_failure(connection_id: int, error: ProviderError) -> None:
    """A call failed. Remembered if it says something of the connection, and not of one meeting or event alone."""
    lasting = error.status is None or error.status in (401, 403, 429) or error.status >= 500 or error.code == "4711"
    # A daily limit has a row of its own, which ends with the day (integrations/quota.py).
    if lasting and not isinstance(error, MeetingGone | ConnectionUnusable | DailyLimitReached):
        health.failed(connection_id, error.message)


def _once_more_if_refused(row: Connection, fn: Callable[[str], T]) -> T:
    try:
        return fn(row.access_token)
    except ProviderError as error:
        if not error.unauthorized:
            raise
    return _last_time(_with_valid_token(row.pk, failed=row.access_token), fn)


def _last_time(row: Connection, fn: Callable[[str], T]) -> T:
    """With the token that replaced a refused one. Where that is refused as well, another refresh mends nothing."""
    try:
        return fn(row.access_token)
    except ProviderError as error:
        if not error.unauthorized:
            raise
        raise _give_up(row, error) from error


def _give_up(row: Connection, error: ProviderError) -> ProviderError:
    """The connection is lost, unless the refused token has been replaced meanwhile: then it is worth another try."""
    if _load(row.pk).token_version != row.token_version:
        words = _("The access is being checked.")
        return ProviderError(words, retryable=True, status=error.status, code=error.code, unauthorized=True)
    health.lose(row, _lost(row))
    return ConnectionUnusable(_lost(row), status=error.status, code=error.code)


def _with_valid_token(connection_id: int, *, failed: str | None) -> Connection:
    """The row with a token that is neither ``failed`` nor about to end; refreshes it, or waits for whoever does."""
    patience = leases.Patience()
    while True:
        row = _load(connection_id)
        if not row.usable:
            raise ConnectionUnusable(_not_connected(row))
        if _fresh(row, failed):
            return row
        if (until := leases.pause_until(row)) is not None:
            raise ProviderError(_("The access is being checked."), retryable=True, retry_at=until, code="busy")
        lease = leases.take(connection_id)
        if lease is None:
            patience.wait()
            continue
        try:
            row = _load(connection_id)
            if row.usable and not _fresh(row, failed):
                _refresh(row, lease)
        finally:
            leases.release(lease)


def _load(connection_id: int) -> Connection:
    """The row with its tokens in plain text."""
    try:
        return Connection.objects.defer(None).get(pk=connection_id)
    except Connection.DoesNotExist:
        raise ConnectionUnusable(_("The account is no longer connected.")) from None
    except EncryptionKeyError as error:
        logger.error("connection %s: %s", connection_id, error)
        message = _("The stored access cannot be decrypted. That is for the site's operator to mend (ENCRYPTION_KEYS).")
        health.failed(connection_id, message)
        raise ProviderError(message, retryable=True, code="encryption_key") from error


def _fresh(row: Connection, failed: str | None) -> bool:
    if not row.access_token or row.access_token == failed:
        return False
    return row.expires_at is None or row.expires_at > timezone.now() + AHEAD


def _refresh(row: Connection, lease: leases.Lease) -> None:
    """One refresh, under the lease. The new pair is saved before anybody uses it."""
    try:
        grant = grants.refresh(providers.get(row.provider), row.refresh_token)
    except grants.InvalidGrant as error:
        _count(row, "refused")
        _refused(row, lease, error)
        return
    except ProviderError as error:
        _count(row, "failed")
        # Whatever became of the refresh, the call that needed the token was not made.
        error.in_doubt = False
        health.failed(row.pk, error.message)
        raise
    _count(row, "ok")
    if not _save(row, grant):
        _hand_to_revocation(row, grant)


def _count(row: Connection, outcome: str) -> None:
    token_refreshed.send_robust(Connection, provider=row.provider, outcome=outcome)


def _save(row: Connection, grant: grants.Grant) -> bool:
    """Compare-and-swap on the token version: never withheld because a lease ran out, never over what is newer."""
    changed = {"scopes": " ".join(sorted(grant.scope.split()))} if grant.scope else {}
    saved = Connection.objects.filter(
        pk=row.pk, token_version=row.token_version, status=Connection.Status.CONNECTED
    ).update(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token or row.refresh_token,
        expires_at=grant.expires_at,
        token_version=row.token_version + 1,
        **changed,
    )
    return bool(saved)


def _hand_to_revocation(row: Connection, grant: grants.Grant) -> None:
    """Removed while it was refreshed: what is to be revoked is the new pair, since the old one may be dead."""
    for revocation in Revocation.objects.filter(connection_id=row.pk, external_id=row.external_id):
        if revocation.refresh_token == row.refresh_token:
            revocation.access_token = grant.access_token
            revocation.refresh_token = grant.refresh_token or row.refresh_token
            revocation.expires_at = grant.expires_at
            revocation.save(update_fields=["access_token", "refresh_token", "expires_at"])


def _refused(row: Connection, lease: leases.Lease, error: ProviderError) -> None:
    """The refresh token is dead, or somebody else's refresh has just replaced it."""
    if _load(row.pk).token_version != row.token_version:
        return
    if lease.taken_from and not lease.waited_out(row.token_version):
        until = leases.stand_back(lease, row.token_version)
        message = _("The access is being checked.")
        raise ProviderError(message, retryable=True, retry_at=until, code=error.code) from error
    health.lose(row, _lost(row))
    raise ConnectionUnusable(_lost(row), status=error.status, code=error.code) from error


def _lost(row: Connection) -> str:
    name = providers.get(row.provider).name
    return _("%(name)s no longer accepts our access. Connect it again to go on.") % {"name": name}


def _not_connected(row: Connection) -> str:
    name = providers.get(row.provider).name
    if row.status == Connection.Status.NEEDS_RECONNECT:
        return _("%(name)s needs to be reconnected.") % {"name": name}
    return _("%(name)s is not connected.") % {"name": name}
