"""The OAuth conversation itself (RFC 6749, RFC 7636 with S256), by requests-oauthlib; no database.

The sessions carry no scope into token requests: oauthlib would turn a narrower grant into an exception, and we compare
scopes ourselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from oauthlib.oauth2 import OAuth2Error
from requests import Response
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from integrations.errors import ProviderError
from integrations.http import retry_after, session
from integrations.providers import Provider

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_DEFAULT_LIFE = 3600
_OUR_FAULT = {"invalid_client", "unauthorized_client"}


@dataclass(frozen=True)
class Grant:
    """What a token endpoint answered. ``refresh_token`` is empty and ``scope`` None where the answer had none."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scope: str | None


class InvalidGrant(ProviderError):
    """The provider no longer honours the code or the refresh token."""


def redirect_uri(provider: Provider) -> str:
    """Where the provider sends people back to: built from BASE_URL, never from a request's Host."""
    return f"{settings.BASE_URL}{reverse('integrations:callback', args=[provider.slug])}"


def authorization(provider: Provider, state: str) -> tuple[str, str]:
    """The consent page's URL and the PKCE verifier that belongs to it."""
    oauth = _session(provider, provider.authorize_url, scope=list(provider.requested_scopes) or None)
    url, _state = oauth.authorization_url(provider.authorize_url, state=state, **provider.authorize_params)
    return str(url), str(oauth._code_verifier)


def exchange(provider: Provider, *, code: str, verifier: str) -> Grant:
    """Tokens for an authorization code; raises InvalidGrant or another ProviderError."""
    oauth = _session(provider, provider.token_url)
    oauth._code_verifier = verifier
    arguments: dict[str, Any] = {"auth": _basic(provider)}
    if provider.client_auth == "body":
        arguments = {"include_client_id": True, "client_secret": provider.client_secret}
    return _grant(provider, lambda: oauth.fetch_token(provider.token_url, code=code, **arguments))


def refresh(provider: Provider, refresh_token: str) -> Grant:
    """A new access token, and a new refresh token where the provider rotates them; InvalidGrant when it is dead."""
    oauth = _session(provider, provider.token_url)
    arguments: dict[str, Any] = {"auth": _basic(provider)}
    if provider.client_auth == "body":
        arguments = {"client_id": provider.client_id, "client_secret": provider.client_secret}
    return _grant(provider, lambda: oauth.refresh_token(provider.token_url, refresh_token=refresh_token, **arguments))


def _session(provider: Provider, url: str, *, scope: list[str] | None = None) -> Any:
    """An OAuth2Session; Any, because its published types leave out where it keeps the PKCE verifier."""
    _allow_transport(url)
    oauth = OAuth2Session(provider.client_id, redirect_uri=redirect_uri(provider), scope=scope, pkce="S256")
    oauth.trust_env = False
    oauth.mount("https://", session(provider.service))
    oauth.mount("http://", session(provider.service))
    oauth.register_compliance_hook("access_token_response", lambda answer: _readable(provider, answer))
    oauth.register_compliance_hook("refresh_token_response", lambda answer: _readable(provider, answer))
    return oauth


def _allow_transport(url: str) -> None:
    """The library refuses http:// for everybody; here it is right for loopback, and for nothing else."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return
    if parts.hostname not in _LOOPBACK:
        raise ProviderError(_("Sign-in addresses must begin with https://."), code="insecure")
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"


def _basic(provider: Provider) -> HTTPBasicAuth:
    return HTTPBasicAuth(provider.client_id, provider.client_secret)


def _readable(provider: Provider, answer: Response) -> Response:
    """Stop before oauthlib reads what is no answer of a token endpoint."""
    if answer.status_code == 429 or answer.status_code >= 500:
        raise ProviderError(
            _("%(service)s has a problem of its own right now (error %(status)s).")
            % {"service": provider.service, "status": answer.status_code},
            retryable=True,
            retry_at=retry_after(answer.headers, timezone.now()),
            status=answer.status_code,
            in_doubt=answer.status_code >= 500,
        )
    try:
        readable = isinstance(answer.json(), dict)
    except ValueError:
        readable = False
    if not readable:
        raise _unreadable(provider, answer.status_code)
    return answer


def _unreadable(provider: Provider, status: int | None = None) -> ProviderError:
    message = _("%(service)s sent an answer that cannot be read.") % {"service": provider.service}
    return ProviderError(message, retryable=True, in_doubt=True, status=status, code="unreadable")


def _grant(provider: Provider, ask: Callable[[], dict[str, Any]]) -> Grant:
    """Run the token request ``ask`` and read what it brought. Errors name no token: oauthlib's are not passed on."""
    asked_at = timezone.now()
    try:
        token = ask()
    except OAuth2Error as error:
        raise _error_from(provider, error) from None
    life, scope = token.get("expires_in"), token.get("scope")
    if not isinstance(token.get("access_token"), str):
        raise _unreadable(provider)
    return Grant(
        access_token=token["access_token"],
        refresh_token=str(token.get("refresh_token") or ""),
        expires_at=asked_at + timedelta(seconds=life if isinstance(life, int) and life > 0 else _DEFAULT_LIFE),
        scope=" ".join(scope) if isinstance(scope, list | tuple) else scope,
    )


def _error_from(provider: Provider, error: OAuth2Error) -> ProviderError:
    name, status = str(error.error), error.status_code
    if name == "invalid_grant":
        message = _("%(service)s no longer accepts this sign-in.") % {"service": provider.service}
        return InvalidGrant(message, status=status, code=name)
    if name in _OUR_FAULT:
        message = _(
            "%(service)s refused this site's own credentials. That is for the site's operator to mend (%(settings)s)."
        ) % {"service": provider.service, "settings": provider.operator_settings}
        return ProviderError(message, retryable=True, status=status, code=name)
    if name == "missing_token":
        return _unreadable(provider, status)
    message = _("%(service)s refused the sign-in (%(code)s).") % {"service": provider.service, "code": name[:60]}
    return ProviderError(message, retryable=True, status=status, code=name[:60])
