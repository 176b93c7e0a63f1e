"""Connecting an account: off to the provider's consent page, and back with a code (RFC 6749, RFC 7636, RFC 9700)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from integrations import grants, leases
from integrations.errors import ProviderError
from integrations.keeping import Refused, Taken, end_earlier, keep
from integrations.models import AuthorizationRequest, Connection
from integrations.providers import Provider

__all__ = ["STATE_LIFE", "Refused", "begin", "complete"]

STATE_LIFE = timedelta(minutes=10)


def begin(*, user: AbstractBaseUser, session_key: str, provider: Provider, return_to: str = "") -> str:
    """Write down that this user, in this session, goes to ``provider``, and return the URL to go to.

    ``return_to`` is a path of ours to come back to in the end; anything else is left out.
    """
    state = secrets.token_urlsafe(32)
    url, verifier = grants.authorization(provider, state)
    now = timezone.now()
    AuthorizationRequest.objects.filter(user_id=user.pk, created_at__lt=now - timedelta(days=1)).delete()
    AuthorizationRequest.objects.create(
        user_id=user.pk,
        provider=provider.slug,
        state_digest=_digest(state),
        session_digest=_digest(session_key),
        code_verifier=verifier,
        return_to=return_to if _is_path(return_to) else "",
        created_at=now,
    )
    return url


def complete(
    *, user: AbstractBaseUser, session_key: str, provider: Provider, answer: Mapping[str, str]
) -> tuple[Connection, str]:
    """Finish what ``begin`` began, with the query that the provider sent back: the connection, and where to return to.

    Raises Refused with a sentence for each way in which it can fail. User, session and provider are checked before
    the state is spent, and the state is spent before the code is exchanged.
    """
    request = _own_request(user, session_key, provider, answer.get("state", ""))
    _spend(request, provider)
    if "code" not in answer:
        raise Refused(_said_no(provider, answer.get("error", "")))
    row, _made = Connection.objects.get_or_create(user_id=user.pk, provider=provider.slug)
    try:
        lease = leases.wait_for(row.pk)
    except ProviderError as error:
        raise Refused(error.message) from error
    try:
        connection = _exchange(row, provider, answer["code"], request.code_verifier)
    finally:
        leases.release(lease)
    return connection, request.return_to


def _own_request(user: AbstractBaseUser, session_key: str, provider: Provider, state: str) -> AuthorizationRequest:
    """The request that this state stands for, if it is this user's, this session's and this provider's."""
    request = AuthorizationRequest.objects.filter(state_digest=_digest(state)).first() if state else None
    if request is None:
        raise Refused(_("This sign-in was not begun here. Please start again from this page."))
    if request.user_id != user.pk:
        raise Refused(_("This sign-in was begun by another user. Please start again from this page."))
    if not secrets.compare_digest(request.session_digest, _digest(session_key)):
        raise Refused(_("This sign-in was begun in another browser or session. Please start again from this page."))
    if request.provider != provider.slug:
        raise Refused(_("This sign-in was begun for another service. Please start again from this page."))
    return request


def _spend(request: AuthorizationRequest, provider: Provider) -> None:
    """A state works once, and for ten minutes; the UPDATE decides who of two is first."""
    now = timezone.now()
    if not AuthorizationRequest.objects.filter(pk=request.pk, used_at=None).update(used_at=now):
        raise Refused(
            _("This sign-in was used already. If %(name)s is not connected, please try again.") % _named(provider)
        )
    if request.created_at < now - STATE_LIFE:
        raise Refused(_("This sign-in took longer than ten minutes and has expired. Please try again."))


def _said_no(provider: Provider, error: str) -> str:
    if error == "access_denied":
        return _(
            "You did not allow access at %(name)s, so nothing was connected. You can try again at any time."
        ) % _named(provider)
    return _("%(name)s sent you back without allowing access. Please try again.") % _named(provider)


def _exchange(row: Connection, provider: Provider, code: str, verifier: str) -> Connection:
    """Two calls: tokens for the code, and whose they are."""
    began = timezone.now()
    try:
        grant = grants.exchange(provider, code=code, verifier=verifier)
        granted = provider.scopes_in(grant.scope)
        account = provider.fetch_account(grant.access_token)
    except grants.InvalidGrant as error:
        message = _("%(name)s did not accept the sign-in: it may have taken too long. Please try again.")
        raise Refused(message % _named(provider)) from error
    except ProviderError as error:
        message = _("%(name)s could not be connected: %(why)s Please try again.")
        raise Refused(message % {**_named(provider), "why": error.message}) from error
    try:
        return keep(row=row, provider=provider, grant=grant, granted=granted, account=account)
    except Taken:
        end_earlier(provider, account, began)
        raise


def _named(provider: Provider) -> dict[str, str]:
    return {"name": provider.name}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_path(return_to: str) -> bool:
    """Only a path of this site, short enough to be kept."""
    return (
        return_to.startswith("/")
        and len(return_to) <= 200
        and url_has_allowed_host_and_scheme(return_to, allowed_hosts=None)
    )
