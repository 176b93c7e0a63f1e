"""Zoom as a provider: where it is, what it is asked for, who signed in, and its meetings.

OAuth: https://developers.zoom.us/docs/integrations/oauth/ · scopes: https://developers.zoom.us/docs/integrations/oauth-scopes/
"""

from __future__ import annotations

from base64 import b64encode
from typing import ClassVar, Literal
from urllib.parse import quote_plus

from django.conf import settings
from django.utils.translation import gettext_noop

from integrations.errors import ProviderError
from integrations.http import call
from integrations.providers import Account, DailyLimit, MeetingDraft, MeetingInfo, Permission, Provider
from integrations.zoom import client
from integrations.zoom.errors import error_from


class ZoomMeetings:
    """Zoom's meetings behind the protocol of ``integrations.providers.MeetingProvider``."""

    # https://developers.zoom.us/docs/api/rate-limits/ : creates and updates together, a host and UTC day.
    daily_limit = DailyLimit(calls=100, kept_for_changes=10)

    def create(self, access_token: str, draft: MeetingDraft) -> MeetingInfo:
        """Make a scheduled meeting."""
        return client.create_meeting(access_token, draft)

    def update(self, access_token: str, external_id: str, draft: MeetingDraft) -> None:
        """Change a meeting; MeetingGone when the host deleted it."""
        client.update_meeting(access_token, external_id, draft)

    def delete(self, access_token: str, external_id: str) -> None:
        """Delete a meeting; one that is not there is deleted."""
        client.delete_meeting(access_token, external_id)

    def find(self, access_token: str, marker: str) -> list[MeetingInfo]:
        """The meetings whose agenda begins with ``marker``."""
        return client.find_meetings(access_token, marker)


class Zoom(Provider):
    """A user-managed Zoom app. What it may do stands in its registration at Zoom, so no scope is sent along."""

    slug = "zoom"
    name = "Zoom"
    service = "Zoom"
    glyph = "video-camera"
    summary = gettext_noop("Every confirmed video booking gets its own Zoom meeting, by itself.")
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("user", ("user:read:user", "user:read"), gettext_noop("see which Zoom account is connected")),
        Permission(
            "create", ("meeting:write:meeting", "meeting:write"), gettext_noop("create Zoom meetings for bookings")
        ),
        Permission(
            "update",
            ("meeting:update:meeting", "meeting:write"),
            gettext_noop("move those meetings with their bookings"),
        ),
        Permission(
            "delete",
            ("meeting:delete:meeting", "meeting:write"),
            gettext_noop("delete those meetings when bookings are cancelled"),
        ),
        Permission(
            "read",
            ("meeting:read:meeting", "meeting:read"),
            gettext_noop("read those meetings' join link and meeting ID"),
            required=False,
        ),
        Permission(
            "list",
            ("meeting:read:list_meetings", "meeting:read"),
            gettext_noop("look for our own mark among your scheduled meetings after a lost answer"),
            required=False,
        ),
    )
    connect_words = gettext_noop("Connect Zoom Account")
    exclusive_account = True
    consent_ends_earlier = True
    client_auth: ClassVar[Literal["basic", "body"]] = "basic"
    revokes: ClassVar[Literal["access", "refresh"]] = "access"
    operator_settings = "ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET"
    meetings = ZoomMeetings()

    @property
    def authorize_url(self) -> str:
        """Zoom's consent page."""
        return f"{settings.ZOOM_OAUTH_URL}/authorize"

    @property
    def token_url(self) -> str:
        """Zoom's token endpoint."""
        return f"{settings.ZOOM_OAUTH_URL}/token"

    @property
    def client_id(self) -> str:
        """The Zoom app's client id."""
        return str(settings.ZOOM_CLIENT_ID)

    @property
    def client_secret(self) -> str:
        """The Zoom app's client secret."""
        return str(settings.ZOOM_CLIENT_SECRET)

    def fetch_account(self, access_token: str) -> Account:
        """The Zoom user who consented."""
        return client.who_am_i(access_token)

    # https://developers.zoom.us/docs/integrations/oauth/#revoking-an-access-token
    def revoke(self, token: str) -> bool:
        """End the grant; takes a live access token, and the refresh token dies with it."""
        secret = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        headers = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
        answer = call(
            "POST", f"{settings.ZOOM_OAUTH_URL}/revoke", service="Zoom", headers=headers, data={"token": token}
        )
        if answer.status < 400:
            return True
        if _dead_already(answer.body):
            return False
        error = error_from(answer)
        raise ProviderError(error.message, retryable=True, retry_at=error.retry_at, status=answer.status)


def _dead_already(body: bytes) -> bool:
    """Zoom's word for a token that has been revoked or has run out."""
    return b"invalid_grant" in body or b"invalid_token" in body


PROVIDER = Zoom()
