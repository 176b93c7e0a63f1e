"""Keeping what an exchange brought: one transaction, after all HTTP."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import health
from integrations.erasure import call_off
from integrations.fields import EncryptionKeyError
from integrations.grants import Grant
from integrations.language import in_language_of
from integrations.models import Connection, Revocation
from integrations.providers import Account, Permission, Provider
from integrations.removal import queue_revocation
from integrations.signals import connection_made


class Refused(Exception):
    """Connecting failed; ``str()`` of it is a sentence for the person who tried."""


class Taken(Refused):
    """The account is connected to another organizer."""


def keep(*, row: Connection, provider: Provider, grant: Grant, granted: frozenset[str], account: Account) -> Connection:
    """Make ``row`` the connection to ``account``; raises Taken when the account is another organizer's.

    Tokens of a refused account are dropped: neither handed to the other organizer, who was not meant by the consent,
    nor revoked, which the provider would announce as that account's deauthorization (docs/decisions.md).
    """
    try:
        with transaction.atomic():
            connection = _locked(row.pk)
            _make_room(connection, account)
            _fill(connection, provider, grant, granted, account)
            connection.save()
            _tell(connection, provider, provider.missing(granted))
    except IntegrityError as error:
        raise Taken(
            _("This %(name)s account is connected to another organizer here. Remove it there first, or use another.")
            % {"name": provider.name}
        ) from error
    return connection


def end_earlier(provider: Provider, account: Account, before: datetime) -> None:
    """``account`` consented for somebody else: whoever connected it ``before`` has dead tokens, and is told so now."""
    if not provider.consent_ends_earlier:
        return
    holder = Connection.objects.filter(account_claim=_claim(provider, account), connected_at__lt=before).first()
    if holder is not None:
        with in_language_of(holder.user):
            words = _(
                "Somebody signed in to this %(name)s account to connect it to another organizer here. That was refused,"
                " but it ended our access for you. Connect it again to go on."
            )
        health.lose(holder, words % {"name": provider.name})


def _claim(provider: Provider, account: Account) -> str:
    return f"{provider.slug}:{account.external_id}"


def _locked(pk: int) -> Connection:
    """The row with its tokens; with tokens that no key opens any more, as if there were none (they are replaced)."""
    try:
        return Connection.objects.defer(None).select_for_update().get(pk=pk)
    except EncryptionKeyError:
        Connection.objects.filter(pk=pk).update(access_token="", refresh_token="")
        return Connection.objects.defer(None).select_for_update().get(pk=pk)


def _make_room(connection: Connection, account: Account) -> None:
    """Another account takes the place: what the earlier one made is no longer managed, and its grant is to end."""
    if connection.external_id and connection.external_id != account.external_id:
        connection.generation += 1
        queue_revocation(connection)
        connection.access_token = connection.refresh_token = ""
    call_off(connection, account.external_id)
    # To revoke an earlier grant of this account now would end the new one.
    Revocation.objects.filter(provider=connection.provider, external_id=account.external_id).delete()


def _fill(connection: Connection, provider: Provider, grant: Grant, granted: frozenset[str], account: Account) -> None:
    if not grant.refresh_token and not connection.refresh_token:
        raise Refused(
            _(
                "%(name)s gave access for an hour only. "
                "Remove this site from your %(service)s account's connected apps, then try again."
            )
            % {"name": provider.name, "service": provider.service}
        )
    missing = provider.missing(granted)
    status = Connection.Status
    connection.status = status.NEEDS_RECONNECT if missing else status.CONNECTED
    connection.external_id, connection.account_id = account.external_id, account.account_id
    connection.email, connection.display_name = account.email, account.display_name
    connection.account_claim = _claim(provider, account) if provider.exclusive_account else None
    connection.scopes = " ".join(sorted(granted))
    connection.access_token = grant.access_token
    connection.refresh_token = grant.refresh_token or connection.refresh_token
    connection.expires_at = grant.expires_at
    connection.token_version += 1
    connection.connected_at, connection.removed_at = timezone.now(), None
    connection.last_error = _missing(provider, missing) if missing else ""
    connection.last_error_at = timezone.now() if missing else None
    connection.notice_due = False


def _missing(provider: Provider, missing: list[Permission]) -> str:
    words = ", ".join(_(permission.words) for permission in missing)
    sentence = _(
        "%(name)s did not get every permission that is needed. Missing: %(words)s. Connect again and allow it."
    )
    return sentence % {"name": provider.name, "words": words}


def not_allowed(withheld: list[Permission]) -> str:
    """What the user did not allow although it would help, in words."""
    words = "; ".join(_(permission.words) for permission in withheld)
    return _("Not allowed: %(words)s. It works without. To allow it, remove it here and connect again.") % {
        "words": words
    }


def _tell(connection: Connection, provider: Provider, missing: list[Permission]) -> None:
    """History, and the signal after the commit."""
    if missing:
        connection.note("incomplete", connection.last_error)
        return
    who = connection.email or connection.display_name or connection.external_id
    with in_language_of(connection.user):
        connection.note("connected", _("Connected to %(who)s.") % {"who": who})
        if withheld := provider.withheld(connection.scope_set):
            connection.note("withheld", not_allowed(withheld))

    def send() -> None:
        connection_made.send_robust(Connection, connection=Connection.objects.get(pk=connection.pk))

    transaction.on_commit(send, robust=True)
