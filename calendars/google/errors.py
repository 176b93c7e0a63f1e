"""Google's errors as ours (https://developers.google.com/workspace/calendar/api/guides/errors)."""

from __future__ import annotations

import json

from django.utils import timezone
from django.utils.translation import gettext as _
from googleapiclient.errors import HttpError

from integrations import http
from integrations.http import ProviderError

# These reasons of a 403 pass by themselves.
_PASSING_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"}


def illegible() -> ProviderError:
    """The answer makes no sense: whether the call was done is not known."""
    return ProviderError(_("Google Calendar sent an answer that cannot be read."), retryable=True, in_doubt=True)


def failure(error: HttpError) -> ProviderError:
    """The error that an answer's status and body tell of."""
    status = int(error.resp.status)
    reason, message = _reason(error.content)
    wait = http.retry_after(error.resp, timezone.now())
    if status == 401:
        words = _("Google Calendar did not accept our access.")
        return ProviderError(words, retryable=False, status=401, unauthorized=True)
    if status == 429 or (status == 403 and reason in _PASSING_REASONS):
        words = _("Google Calendar asked us to slow down.")
        return ProviderError(words, retryable=True, retry_at=wait, status=status, code=reason)
    if status >= 500:
        words = _("Google Calendar has a problem of its own right now (error %(status)s).") % {"status": status}
        return ProviderError(words, retryable=True, retry_at=wait, status=status, code=reason, in_doubt=True)
    if status == 403:
        words = _("Google Calendar does not allow this (%(why)s).") % {"why": message or reason or status}
        return ProviderError(words, retryable=False, status=status, code=reason)
    why = f"{status}: {message}" if message else status
    words = _("Google Calendar refused this (error %(why)s).") % {"why": why}
    return ProviderError(words, retryable=False, status=status, code=reason)


def _reason(content: bytes) -> tuple[str, str]:
    """(reason, message) of an error body; empty where it has none."""
    try:
        error = json.loads(content)["error"]
        return str((error.get("errors") or [{}])[0].get("reason", "")), str(error.get("message", ""))[:200]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return "", ""
