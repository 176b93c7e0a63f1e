"""Zoom's REST API as far as the product uses it: plain functions, small dataclasses, ProviderError.

A meeting's ``start_url`` signs its bearer in as the host: it is never read out of an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from integrations.errors import MeetingGone, ProviderError
from integrations.http import Answer, call
from integrations.providers import Account, MeetingDraft, MeetingInfo
from integrations.zoom.errors import error_from

TOPIC_LENGTH = 200
AGENDA_LENGTH = 2000
PAGE_SIZE = 300
MAX_PAGES = 100
_SCHEDULED = 2


# https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings
def create_meeting(access_token: str, draft: MeetingDraft) -> MeetingInfo:
    """Make a scheduled meeting of the token's user. An error in doubt may have left one behind."""
    answer = _ask("POST", "/users/me/meetings", access_token, json=_fields(draft))
    return _meeting(answer, answer.json_object())


# https://developers.zoom.us/docs/api/meetings/#tag/meetings/PATCH/meetings/{meetingId}
def update_meeting(access_token: str, meeting_id: str, draft: MeetingDraft) -> None:
    """Change topic, agenda, time and length; id and join URL stay. MeetingGone when the host deleted it."""
    _ask("PATCH", f"/meetings/{int(meeting_id)}", access_token, json=_fields(draft))


# https://developers.zoom.us/docs/api/meetings/#tag/meetings/DELETE/meetings/{meetingId}
def delete_meeting(access_token: str, meeting_id: str) -> None:
    """Delete a meeting; one that does not exist is success."""
    try:
        _ask("DELETE", f"/meetings/{int(meeting_id)}", access_token)
    except MeetingGone:
        return


# https://developers.zoom.us/docs/api/meetings/#tag/meetings/GET/users/{userId}/meetings
def find_meetings(access_token: str, marker: str) -> list[MeetingInfo]:
    """The host's scheduled meetings whose agenda begins with ``marker``; nothing is kept of the others.

    Lists cut agendas to 250 characters, which is why the marker stands at the start. ``scheduled`` holds started
    meetings too, ``upcoming`` does not.
    """
    return [
        _meeting(answer, item)
        for answer, item in _listed(access_token)
        if str(item.get("agenda") or "").startswith(marker)
    ]


# https://developers.zoom.us/docs/api/users/#tag/users/GET/users/{userId}
def who_am_i(access_token: str) -> Account:
    """The Zoom user that the token belongs to."""
    answer = _ask("GET", "/users/me", access_token)
    content = answer.json_object()
    first_and_last = f"{content.get('first_name') or ''} {content.get('last_name') or ''}".strip()
    return Account(
        external_id=_text(answer, content, "id"),
        account_id=str(content.get("account_id") or ""),
        email=str(content.get("email") or "")[:320],
        display_name=str(content.get("display_name") or first_and_last)[:255],
    )


def _listed(access_token: str) -> Iterator[tuple[Answer, dict[str, Any]]]:
    """Every listed meeting, page by page."""
    params = {"type": "scheduled", "page_size": str(PAGE_SIZE)}
    for _page in range(MAX_PAGES):
        answer = _ask("GET", "/users/me/meetings", access_token, params=params)
        content = answer.json_object()
        for item in content.get("meetings") or []:
            yield answer, item
        if not content.get("next_page_token"):
            return
        params["next_page_token"] = str(content["next_page_token"])
    raise ProviderError(_("Zoom lists more meetings than can be looked through."), code="too_many")


def _ask(
    method: str, path: str, access_token: str, *, json: Any = None, params: dict[str, str] | None = None
) -> Answer:
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    url = f"{settings.ZOOM_API_URL}{path}"
    answer = call(method, url, service="Zoom", headers=headers, params=params, json=json)
    if answer.status >= 400:
        raise error_from(answer)
    return answer


def _fields(draft: MeetingDraft) -> dict[str, Any]:
    """The meeting as Zoom takes it. Without ``start_time`` it would be an instant meeting."""
    return {
        "topic": draft.topic[:TOPIC_LENGTH],
        "agenda": draft.agenda[:AGENDA_LENGTH],
        "type": _SCHEDULED,
        "start_time": draft.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration": draft.minutes,
        "timezone": draft.timezone,
    }


def _meeting(answer: Answer, content: dict[str, Any]) -> MeetingInfo:
    """The two things that are kept of a meeting. Its id is an int64, and a string from here on."""
    return MeetingInfo(external_id=_text(answer, content, "id"), join_url=_text(answer, content, "join_url"))


def _text(answer: Answer, content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if value in (None, ""):
        raise ProviderError(
            _("Zoom's answer lacks something it always has: %(name)s.") % {"name": name},
            retryable=True,
            in_doubt=True,
            status=answer.status,
            code="unreadable",
        )
    return str(value)
