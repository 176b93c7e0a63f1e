"""Each provider against the contract, and what only Zoom does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from integrations import providers
from integrations.errors import ProviderError
from integrations.providers import Permission
from integrations.sandbox.testing import Sandbox
from integrations.tests.contract import DRAFT, MARKER, MeetingContract, ProviderContract
from integrations.zoom import client

CODES = [
    (400, 4711, "Invalid access token, does not contain scopes:[meeting:write:meeting].", "meeting:write:meeting"),
    (400, 300, "Validation Failed.", "did not accept the meeting's details"),
    (400, 3161, "Meeting hosting and scheduling capabilities are not allowed.", "may not host meetings"),
    (404, 1001, "User does not exist.", "no longer exists"),
    (403, 200, "No permission.", "refused the request (error 200)"),
]


class TestZoom(ProviderContract, MeetingContract):
    slug = "zoom"
    persona_email = "organizer.one@example.com"
    who_call = "users.me"

    @staticmethod
    def held(sandbox: Sandbox) -> list[dict[str, Any]]:
        return [
            {
                "id": str(item["id"]),
                "topic": item["topic"],
                "start": item["start_time"],
                "minutes": item["duration"],
            }
            for item in sandbox.meetings(live=True)
        ]


class TestGoogle(ProviderContract):
    slug = "google"
    persona_email = "organizer.one@example.com"
    who_call = "userinfo"


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    return str(sandbox.connect("zoom")["access_token"])


def test_every_provider_has_its_contract_tests() -> None:
    tested = {suite.slug for suite in ProviderContract.__subclasses__()}
    assert tested == {provider.slug for provider in providers.all_providers()}


def test_a_scope_counts_in_any_of_its_spellings() -> None:
    permission = Permission("create", ("meeting:write:meeting", "meeting:write"), "make meetings")
    for scope in ("meeting:write:meeting", "meeting:write", "meeting:write:meeting:admin", "meeting:write:admin"):
        assert permission.granted_by({scope, "other"})
    assert not permission.granted_by({"meeting:read", "meeting:write:meeting:master"})


@pytest.mark.parametrize(("status", "code", "message", "words"), CODES)
def test_what_does_not_pass_by_itself_is_permanent(
    sandbox: Sandbox, token: str, status: int, code: int, message: str, words: str
) -> None:
    params = {"status": status, "code": code, "message": message}
    sandbox.fault(service="zoom", call="meetings.create", kind="status", params=params)
    with pytest.raises(ProviderError) as caught:
        client.create_meeting(token, DRAFT)
    assert words in str(caught.value)
    assert (caught.value.code, caught.value.retryable, caught.value.in_doubt) == (str(code), False, False)


def test_a_missing_scope_is_named(sandbox: Sandbox, token: str) -> None:
    sandbox.act("set_scopes", service="zoom", scopes=["user:read:user"], now=True)
    with pytest.raises(ProviderError, match="meeting:write:meeting") as caught:
        client.create_meeting(token, DRAFT)
    assert caught.value.code == "4711"
    sandbox.act("set_scopes", service="zoom", scopes=None)


def test_the_limit_of_a_second_passes_at_once(sandbox: Sandbox, token: str) -> None:
    message = "You have reached the maximum per-second rate limit for this API. Try again later."
    params = {"status": 429, "code": 429, "message": message}
    sandbox.fault(service="zoom", call="meetings.create", kind="status", params=params)
    with pytest.raises(ProviderError) as caught:
        client.create_meeting(token, DRAFT)
    assert (caught.value.retryable, caught.value.in_doubt) == (True, False)
    assert caught.value.retry_at is not None
    assert timedelta(0) < caught.value.retry_at - timezone.now() <= timedelta(seconds=3)


def next_midnight() -> datetime:
    return (timezone.now().astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def test_the_limit_of_a_day_ends_at_midnight_utc(sandbox: Sandbox, token: str) -> None:
    sandbox.act("daily_limit", limit=1)
    client.create_meeting(token, DRAFT)
    with pytest.raises(ProviderError, match="daily limit") as caught:
        client.create_meeting(token, DRAFT)
    assert (caught.value.retryable, caught.value.retry_at) == (True, next_midnight())


def test_the_limit_of_a_day_without_a_time_ends_at_midnight_utc(sandbox: Sandbox, token: str) -> None:
    message = "You have exceeded the daily rate limit of (100) for Meeting Create/Update API requests."
    params = {"status": 429, "code": 429, "message": message}
    sandbox.fault(service="zoom", call="meetings.create", kind="status", params=params)
    with pytest.raises(ProviderError) as caught:
        client.create_meeting(token, DRAFT)
    assert caught.value.retry_at == next_midnight()


def test_what_is_sent_is_a_scheduled_meeting_in_utc_with_its_zone(sandbox: Sandbox, token: str) -> None:
    berlin = DRAFT.start.astimezone(ZoneInfo("Europe/Berlin"))
    client.create_meeting(token, replace(DRAFT, start=berlin))
    (held,) = sandbox.meetings()
    written = held["history"][0]["written"]
    assert written == {
        "topic": "Intro with Ivy",
        "agenda": DRAFT.agenda,
        "type": 2,
        "start_time": "2027-01-12T09:00:00Z",
        "duration": 30,
        "timezone": "Europe/Berlin",
    }


def test_an_int64_id_is_a_string_here(sandbox: Sandbox, token: str) -> None:
    made = client.create_meeting(token, DRAFT)
    assert made.external_id.isdecimal()
    assert len(made.external_id) == 11


def test_every_page_of_the_list_is_looked_through(
    sandbox: Sandbox, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.act("list_lag", seconds=0)
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    wanted = [client.create_meeting(token, DRAFT).external_id]
    client.create_meeting(token, replace(DRAFT, agenda="another"))
    wanted.append(client.create_meeting(token, replace(DRAFT, start=DRAFT.start + timedelta(days=1))).external_id)
    assert [found.external_id for found in client.find_meetings(token, MARKER)] == wanted
    assert len(sandbox.calls("meetings.list")) == 3


def test_a_start_url_is_nowhere_in_what_is_kept(sandbox: Sandbox, token: str) -> None:
    made = client.create_meeting(token, DRAFT)
    assert sandbox.leaks(repr(made)) == []
    assert "zak" not in repr(made)


def test_a_create_without_a_join_url_is_in_doubt(sandbox: Sandbox, token: str) -> None:
    sandbox.fault(
        service="zoom", call="meetings.create", kind="status_after", params={"status": 201, "body": {"id": 80000000001}}
    )
    with pytest.raises(ProviderError, match="join_url") as caught:
        client.create_meeting(token, DRAFT)
    assert (caught.value.retryable, caught.value.in_doubt) == (True, True)
