"""Google as a provider: the account whose calendar receives bookings.

OAuth: https://developers.google.com/identity/protocols/oauth2/web-server · scopes: https://developers.google.com/workspace/calendar/api/auth
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.errors import ProviderError
from integrations.http import Answer, call, retry_after
from integrations.providers import Account, Permission, Provider

_SCOPE = "https://www.googleapis.com/auth/"
_CALENDAR = f"{_SCOPE}calendar"


class Google(Provider):
    """Google Calendar. People can untick single scopes on the consent page, so what was granted is compared."""

    slug = "google"
    name = "Google Calendar"
    service = "Google"
    glyph = "calendar-days"
    summary = gettext_noop("Your busy times are respected, and every booking is put into your calendar.")
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission(
            "email", (f"{_SCOPE}userinfo.email", "email"), gettext_noop("see which Google account is connected")
        ),
        Permission(
            "events",
            (f"{_CALENDAR}.events.owned", f"{_CALENDAR}.events", _CALENDAR),
            gettext_noop("add, move and delete the events of your bookings in calendars that you own"),
        ),
        Permission(
            "busy",
            (f"{_CALENDAR}.freebusy", f"{_CALENDAR}.readonly", _CALENDAR),
            gettext_noop("see when you are busy, so that nobody books you then"),
        ),
        Permission(
            "calendars",
            (f"{_CALENDAR}.calendarlist.readonly", f"{_CALENDAR}.readonly", _CALENDAR),
            gettext_noop("see the list of your calendars, so that you can choose among them"),
        ),
    )
    requested_scopes = (
        "openid",
        "email",
        f"{_CALENDAR}.events.owned",
        f"{_CALENDAR}.freebusy",
        f"{_CALENDAR}.calendarlist.readonly",
    )
    # Without the prompt a second consent brings no refresh token.
    authorize_params: ClassVar[Mapping[str, str]] = {"access_type": "offline", "prompt": "consent"}
    connect_words = gettext_noop("Connect Google Calendar")
    is_calendar = True
    operator_settings = "GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET"

    @property
    def authorize_url(self) -> str:
        """Google's consent page."""
        return str(settings.GOOGLE_AUTH_URL)

    @property
    def token_url(self) -> str:
        """Google's token endpoint."""
        return str(settings.GOOGLE_TOKEN_URL)

    @property
    def client_id(self) -> str:
        """The OAuth client's id."""
        return str(settings.GOOGLE_CLIENT_ID)

    @property
    def client_secret(self) -> str:
        """The OAuth client's secret."""
        return str(settings.GOOGLE_CLIENT_SECRET)

    # https://developers.google.com/identity/openid-connect/openid-connect#obtaininguserprofileinformation
    def fetch_account(self, access_token: str) -> Account:
        """The Google account that consented; ``sub`` is what never changes about it."""
        url = f"{settings.GOOGLE_API_URL}/oauth2/v3/userinfo"
        answer = call("GET", url, service="Google", headers={"Authorization": f"Bearer {access_token}"})
        if answer.status >= 400:
            raise _error_from(answer)
        content = answer.json_object()
        if not content.get("sub"):
            message = _("Google did not say which account this is.")
            raise ProviderError(message, retryable=True, status=answer.status, code="unreadable")
        email = str(content.get("email") or "")[:320]
        return Account(str(content["sub"]), email=email, display_name=str(content.get("name") or "")[:255])

    # https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
    def revoke(self, token: str) -> bool:
        """End the whole grant of this Google account to us."""
        answer = call("POST", settings.GOOGLE_REVOKE_URL, service="Google", data={"token": token})
        if answer.status < 400:
            return True
        if b"invalid_token" in answer.body:
            return False
        error = _error_from(answer)
        raise ProviderError(error.message, retryable=True, retry_at=error.retry_at, status=answer.status)


def _error_from(answer: Answer) -> ProviderError:
    busy = answer.status == 429 or answer.status >= 500
    return ProviderError(
        _("Google refused the request (error %(status)s).") % {"status": answer.status},
        retryable=busy,
        retry_at=retry_after(answer.headers, timezone.now()) if busy else None,
        status=answer.status,
        in_doubt=answer.status >= 500,
        unauthorized=answer.status == 401,
    )


PROVIDER = Google()
