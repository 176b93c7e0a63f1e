"""The one way to call out: a total deadline, a size cap, no redirects, known hosts only, one error type."""

from __future__ import annotations

import json as jsonlib
import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from integrations.errors import ProviderError
from integrations.signals import provider_called
from integrations.wire import BoundedAdapter, allowance

__all__ = ["SIZE_CAP", "Answer", "ProviderError", "call", "retry_after", "session"]

SIZE_CAP = 5 * 1024 * 1024
"""Bytes of a body, after decompression. The largest real answers (a page of 300 meetings) stay under 1 MB."""

_CHUNK = 64 * 1024
_BASE_URLS = (
    "ZOOM_OAUTH_URL",
    "ZOOM_API_URL",
    "GOOGLE_TOKEN_URL",
    "GOOGLE_REVOKE_URL",
    "GOOGLE_API_URL",
)


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status but a redirect. Bodies can hold tokens, so repr leaves them out."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    service: str = ""

    def json(self) -> Any:
        """The body as JSON; an unreadable one is an error in doubt, since the call itself may have been carried out."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            raise _unreadable(self.service, self.status) from None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; anything else is unreadable."""
        content = self.json()
        if not isinstance(content, dict):
            raise _unreadable(self.service, self.status)
        return content


def call(
    method: str,
    url: str,
    *,
    service: str,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    json: Any = None,
    data: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float | None = None,
) -> Answer:
    """Ask ``url`` and return the answer with any status below 300 or from 400; the caller maps the latter.

    ``service`` is the name for messages ("Zoom"); ``timeout`` is in seconds for everything together (default:
    ``PROVIDER_TIMEOUT_SECONDS``). Raises ProviderError for network faults, oversized answers and redirects.
    """
    prepared = requests.Request(
        method, url, headers=dict(headers or {}), params=params, json=json, data=body if body is not None else data
    ).prepare()
    response = _exchange(prepared, service=service, timeout=timeout)
    return Answer(response.status_code, response.headers, response.content, service)


def within(seconds: float) -> AbstractContextManager[object]:
    """Bound all calls inside, a token's refresh included, by ``seconds`` together."""
    return allowance(seconds)


def session(service: str) -> _Mount:
    """An adapter for a ``requests.Session`` (requests-oauthlib's), with the same bounds and the same pool."""
    return _Mount(service)


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When to ask again: Retry-After in seconds or as an HTTP-date (RFC 9110, 10.2.3), or Zoom's ISO date-time."""
    value = CaseInsensitiveDict(headers).get("Retry-After", "").strip()
    if value.isdecimal():
        return now + timedelta(seconds=min(int(value), 7 * 86_400))
    try:
        moment = parse_datetime(value) or parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Mount(BaseAdapter):
    """What a session sends through. The pool outlives it, so closing it closes nothing."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def send(self, request: requests.PreparedRequest, *_args: Any, **kwargs: Any) -> requests.Response:
        """Send within the bounds; the answer's body has been read."""
        timeout = kwargs.get("timeout")
        return _exchange(request, service=self._service, timeout=timeout if isinstance(timeout, int | float) else None)

    def close(self) -> None:
        """Leave the shared pool open."""


_adapter: BoundedAdapter | None = None


def _shared_adapter() -> BoundedAdapter:
    global _adapter  # noqa: PLW0603
    if _adapter is None:
        _adapter = BoundedAdapter(pool_connections=8, pool_maxsize=16)
    return _adapter


def _forget_adapter() -> None:
    """A forked child must not speak over its parent's sockets."""
    global _adapter  # noqa: PLW0603
    _adapter = None


os.register_at_fork(after_in_child=_forget_adapter)


def outcome(status: int | None) -> str:
    """What became of a call, in one word: ok, refused, limited, failed, redirected or no_answer."""
    if status is None:
        return "no_answer"
    if status == 429:
        return "limited"
    return {3: "redirected", 4: "refused", 5: "failed"}.get(status // 100, "ok")


def _exchange(prepared: requests.PreparedRequest, *, service: str, timeout: float | None) -> requests.Response:
    """Ask, and tell whoever counts how it went."""
    _refuse_strangers(prepared.url or "")
    began, status = time.monotonic(), None
    try:
        response = _ask(prepared, service=service, timeout=timeout)
        status = response.status_code
    except ProviderError as error:
        status = error.status
        raise
    finally:
        seconds = time.monotonic() - began
        provider_called.send_robust(
            None, service=service, method=prepared.method, outcome=outcome(status), seconds=seconds
        )
    return response


def _ask(prepared: requests.PreparedRequest, *, service: str, timeout: float | None) -> requests.Response:
    with allowance(settings.PROVIDER_TIMEOUT_SECONDS if timeout is None else timeout) as allowed:
        try:
            # A plain number: urllib3 applies it to each step, our own sockets to the whole.
            response = _shared_adapter().send(prepared, stream=True, timeout=allowed.left())
            with closing(response.raw):
                response._content = _read(response, service)  # as requests itself does after reading
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _network_error(service, error, sent=allowed.sent) from error
    if 300 <= response.status_code < 400:
        raise ProviderError(
            _("%(service)s answered with a redirect, which is not followed.") % {"service": service},
            retryable=True,
            status=response.status_code,
            in_doubt=True,
        )
    return response


def _read(response: requests.Response, service: str) -> bytes:
    parts, size = [], 0
    for part in response.raw.stream(_CHUNK, decode_content=True):
        size += len(part)
        if size > SIZE_CAP:
            raise ProviderError(
                _("%(service)s answered with more data than is accepted.") % {"service": service},
                retryable=True,
                status=response.status_code,
                in_doubt=True,
            )
        parts.append(part)
    return b"".join(parts)


def _network_error(service: str, error: Exception, *, sent: bool) -> ProviderError:
    """The sentence for a network fault. Once anything was sent, the provider may have acted on it."""
    if _was_timeout(error):
        message = _("%(service)s did not answer in time.") % {"service": service}
    elif sent:
        message = _("The connection to %(service)s broke off.") % {"service": service}
    else:
        message = _("%(service)s could not be reached.") % {"service": service}
    return ProviderError(message, retryable=True, in_doubt=sent, code="network")


def _was_timeout(error: BaseException | None) -> bool:
    """Look through what requests and urllib3 wrapped around the fault."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, TimeoutError | requests.Timeout):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def _unreadable(service: str, status: int) -> ProviderError:
    return ProviderError(
        _("%(service)s sent an answer that cannot be read.") % {"service": service},
        retryable=True,
        status=status,
        in_doubt=True,
        code="unreadable",
    )


def _refuse_strangers(url: str) -> None:
    """Tokens go to the configured addresses and nowhere else, whatever an answer says."""
    if _origin(url) not in {_origin(getattr(settings, name)) for name in _BASE_URLS}:
        raise ProviderError(_("This address is not one of the configured providers'."), code="stranger")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
