"""Ending a removed grant at the provider, however long the provider takes to answer."""

from __future__ import annotations

import random
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import grants, leases, providers
from integrations.errors import ProviderError
from integrations.fields import EncryptionKeyError
from integrations.language import in_language_of
from integrations.models import Connection, Revocation
from integrations.providers import Provider

KEPT_FOR = timedelta(days=7)
_FIRST_PAUSE = 30
_LONGEST_PAUSE = 6 * 3600


def due_revocations(limit: int) -> list[int]:
    """Ids of the revocations whose next attempt is due, the oldest first."""
    due = Revocation.objects.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at")
    return list(due.values_list("pk", flat=True)[:limit])


def attempt(revocation_id: int) -> None:
    """Try once to revoke. Does nothing when it is not due, is done, or somebody else is at it."""
    row = _claim(revocation_id)
    if row is None:
        return
    lease = leases.take(row.connection_id)
    if lease is None:
        return
    try:
        with in_language_of(row.connection.user):
            _attempt(row)
    finally:
        leases.release(lease)


def _claim(revocation_id: int) -> Revocation | None:
    """The revocation, its next attempt pushed away so that nobody else takes it. Its tokens are not read yet."""
    now = timezone.now()
    seen = (
        Revocation.objects.defer("access_token", "refresh_token")
        .filter(pk=revocation_id, next_attempt_at__lte=now)
        .first()
    )
    if seen is None:
        return None
    won = Revocation.objects.filter(pk=revocation_id, next_attempt_at=seen.next_attempt_at).update(
        next_attempt_at=now + leases.length(), attempts=seen.attempts + 1
    )
    seen.attempts += 1
    return seen if won else None


def _attempt(row: Revocation) -> None:
    if _in_use_again(row):
        _close(row, "kept", _("The earlier access was not revoked: the same account is connected again."))
        return
    try:
        _revoke(providers.get(row.provider), row)
    except (ProviderError, EncryptionKeyError) as error:
        _postpone(row, error)
    else:
        _close(row, "revoked", _("The access was revoked at the provider."))


def _in_use_again(row: Revocation) -> bool:
    """Revoking ends a whole grant, so it must not hit an account that is connected again, here or by somebody else."""
    same = Connection.objects.filter(provider=row.provider, external_id=row.external_id)
    return same.filter(status__in=Connection.ATTACHED).exists()


def _revoke(provider: Provider, row: Revocation) -> None:
    """Hand in the token that this provider takes. An access token that has run out is renewed first."""
    if provider.revokes == "refresh":
        provider.revoke(row.refresh_token or row.access_token)
        return
    expired = row.expires_at is None or row.expires_at <= timezone.now() + timedelta(seconds=60)
    if not expired and provider.revoke(row.access_token):
        return
    try:
        _renew(provider, row)
    except grants.InvalidGrant:
        return  # Neither token works any more: there is nothing left to revoke.
    provider.revoke(row.access_token)


def _renew(provider: Provider, row: Revocation) -> None:
    """Refresh, and keep the new pair before it is used."""
    grant = grants.refresh(provider, row.refresh_token)
    row.access_token = grant.access_token
    row.refresh_token = grant.refresh_token or row.refresh_token
    row.expires_at = grant.expires_at
    row.save(update_fields=["access_token", "refresh_token", "expires_at"])


def _postpone(row: Revocation, error: Exception) -> None:
    """Try later, or end the trying after a week in words that somebody can see."""
    now = timezone.now()
    if now - row.created_at > KEPT_FOR:
        words = _("The access could not be revoked at the provider: %(why)s Please remove it there.") % {"why": error}
        _close(row, "revocation_failed", words)
        return
    pause = min(_FIRST_PAUSE * 2 ** min(row.attempts - 1, 12), _LONGEST_PAUSE)
    at = now + timedelta(seconds=pause * (0.75 + random.random() / 2))  # jitter  # noqa: S311  # nosec B311
    stated = error.retry_at if isinstance(error, ProviderError) else None
    Revocation.objects.filter(pk=row.pk).update(next_attempt_at=max(at, stated or at), last_error=str(error))


def _close(row: Revocation, kind: str, words: str) -> None:
    """Done: the copies of the tokens go, the history stays."""
    deleted, _by_model = Revocation.objects.filter(pk=row.pk).delete()
    if deleted:
        row.connection.note(kind, words)
