"""Zoom's error answers in our own words.

Codes: https://developers.zoom.us/docs/api/errors/ and the error table of each call in the Meetings OpenAPI.
"""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.errors import DailyLimitReached, MeetingGone, ProviderError
from integrations.http import Answer, retry_after
from integrations.utc_days import next_day

MEETING_GONE = "3001"


def error_from(answer: Answer) -> ProviderError:
    """The error that an answer of 400 or above stands for."""
    code, said = _code_and_message(answer)
    if answer.status == 429:
        return _rate_limited(answer, said)
    if answer.status >= 500:
        return ProviderError(
            _("Zoom has a problem of its own right now (error %(status)s).") % {"status": answer.status},
            retryable=True,
            status=answer.status,
            code=code,
            in_doubt=True,
            retry_at=retry_after(answer.headers, timezone.now()),
        )
    if answer.status == 401 or code == "124":
        message = _("Zoom no longer accepts our access.")
        return ProviderError(message, status=answer.status, code=code, unauthorized=True)
    if code == MEETING_GONE:
        return MeetingGone(_("The meeting no longer exists in Zoom."), status=answer.status, code=code)
    return ProviderError(_permanent(code, said, answer.status), status=answer.status, code=code)


def _permanent(code: str, said: str, status: int) -> str:
    """A sentence for what does not go away by itself."""
    if code == "4711":
        scopes = " ".join(re.findall(r"[a-z_]+(?::[a-z_]+)+", said)) or "?"
        return _("Zoom did not grant a permission that is needed: %(scopes)s. Connect Zoom again and allow it.") % {
            "scopes": scopes
        }
    if code == "3161":
        return _("This Zoom user may not host meetings. Ask the administrator of the Zoom account for a licence.")
    if code == "1001":
        return _("This Zoom user no longer exists in its Zoom account.")
    if code == "300":
        return _("Zoom did not accept the meeting's details.")
    return _("Zoom refused the request (error %(code)s).") % {"code": code or status}


def _rate_limited(answer: Answer, said: str) -> ProviderError:
    """429 for the second passes at once, for the day at 00:00 UTC (the daily one alone sends Retry-After)."""
    now = timezone.now()
    stated = retry_after(answer.headers, now)
    kind = f"{answer.headers.get('X-RateLimit-Type', '')} {said}".lower()
    if "daily" in kind or "per-day" in kind or "per day" in kind:
        message = _("The Zoom user's daily limit of new or changed meetings is used up. It begins again at 00:00 UTC.")
        return DailyLimitReached(message, retryable=True, retry_at=stated or next_day(now), status=429, code="429")
    at = stated or now + timedelta(seconds=1 + random.random() * 2)  # jitter  # noqa: S311  # nosec B311
    return ProviderError(_("Zoom asked us to slow down."), retryable=True, retry_at=at, status=429, code="429")


def _code_and_message(answer: Answer) -> tuple[str, str]:
    """Zoom's ``code`` and ``message``; an error page from something in between has neither."""
    try:
        content: dict[str, Any] = answer.json_object()
    except ProviderError:
        return "", ""
    return str(content.get("code", "")), str(content.get("message", ""))
