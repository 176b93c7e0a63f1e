"""The sandbox's Google: driven by Google's own client library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httplib2
import pytest
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from integrations.sandbox.google_rules import PREFIX, SCOPES
from integrations.sandbox.testing import CALENDAR_SCOPE, GOOGLE_SCOPES, REDIRECT, VERIFIER, Sandbox, start_sandbox

DOCUMENT = json.loads(get_static_doc("calendar", "v3"))
MEET = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
WHEN = {
    "start": {"dateTime": "2027-01-12T09:00:00Z", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2027-01-12T09:30:00Z", "timeZone": "Europe/Berlin"},
}
JOIN = "https://us05web.zoom.us/j/81234567890?pwd=abc.1"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with start_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    shared.reset()
    return shared


def client(sandbox: Sandbox, access: str) -> Any:
    http = AuthorizedHttp(Credentials(access), http=httplib2.Http(timeout=10))  # type: ignore[no-untyped-call]
    endpoint = {"api_endpoint": sandbox.urls["google_api_url"] + "/calendar/v3/"}
    return build_from_document(DOCUMENT, http=http, client_options=endpoint)


@pytest.fixture
def calendar(sandbox: Sandbox) -> Iterator[Any]:
    with client(sandbox, sandbox.connect("google")["access_token"]) as calendar:
        yield calendar


def insert(calendar: Any, calendar_id: str = "primary", *, version: int = 1, send: str = "none", **body: Any) -> Any:
    whole = {"id": "abc123", "summary": "Intro", **WHEN, **body}
    events = calendar.events()
    return events.insert(calendarId=calendar_id, body=whole, conferenceDataVersion=version, sendUpdates=send).execute(
        num_retries=0
    )


def patch(calendar: Any, body: dict[str, Any], *, version: int = 1, send: str = "none", etag: str = "") -> Any:
    request = calendar.events().patch(
        calendarId="primary", eventId="abc123", body=body, conferenceDataVersion=version, sendUpdates=send
    )
    if etag:
        request.headers["If-Match"] = etag
    return request.execute(num_retries=0)


def reason(problem: pytest.ExceptionInfo[HttpError]) -> tuple[int, str]:
    return problem.value.resp.status, json.loads(problem.value.content)["error"]["errors"][0]["reason"]


def test_the_scope_table_is_googles_own() -> None:
    methods = {"calendarlist": ("calendarList", "list"), "calendarlist.get": ("calendarList", "get")}
    methods["freebusy"] = ("freebusy", "query")
    for call, scopes in SCOPES.items():
        resource, _, method = call.partition(".")
        resource, method = methods.get(call, (resource, method))
        documented = DOCUMENT["resources"][resource]["methods"][method]["scopes"]
        assert {PREFIX + scope for scope in scopes} == set(documented), call


def test_consent_gives_tokens_and_an_identity(sandbox: Sandbox) -> None:
    tokens = sandbox.connect("google", "two")
    assert tokens["token_type"] == "Bearer"
    assert tokens["refresh_token"]
    assert tokens["id_token"].count(".") == 2
    assert f"{PREFIX}userinfo.email" in tokens["scope"].split()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    who = sandbox.http.get(f"{sandbox.urls['google_api_url']}/oauth2/v3/userinfo", headers=headers, timeout=10).json()
    assert (who["email"], who["email_verified"]) == ("organizer.two@example.com", True)


def test_denying_goes_back_with_access_denied(sandbox: Sandbox) -> None:
    assert "error=access_denied" in sandbox.consent(sandbox.authorize_url("google"), "Deny")


def test_a_scope_can_be_unticked(sandbox: Sandbox) -> None:
    location = sandbox.consent(sandbox.authorize_url("google"), untick=(f"{CALENDAR_SCOPE}.freebusy",))
    code = parse_qs(urlsplit(location).query)["code"][0]
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    assert "freebusy" not in sandbox.token("google", **body).json()["scope"]


def test_a_second_consent_without_prompt_brings_no_refresh_token(sandbox: Sandbox) -> None:
    assert "refresh_token" in sandbox.connect("google", prompt="")
    assert "refresh_token" not in sandbox.connect("google", prompt="")
    assert "refresh_token" in sandbox.connect("google")
    assert "refresh_token" not in sandbox.connect("google", access_type="")


def test_refresh_does_not_rotate_and_revoke_ends_the_grant(sandbox: Sandbox) -> None:
    tokens = sandbox.connect("google")
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for _ in range(2):
        assert "refresh_token" not in sandbox.token("google", **refresh).json()
    url = sandbox.urls["google_revoke_url"]
    assert sandbox.http.post(url, data={"token": tokens["access_token"]}, timeout=10).json() == {}
    assert sandbox.token("google", **refresh).json()["error"] == "invalid_grant"
    again = sandbox.http.post(url, data={"token": tokens["access_token"]}, timeout=10)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


def test_each_method_wants_its_scope(sandbox: Sandbox) -> None:
    scope = f"openid email {CALENDAR_SCOPE}.events"
    with client(sandbox, sandbox.connect("google", scope=scope)["access_token"]) as calendar:
        with pytest.raises(HttpError) as problem:
            calendar.calendarList().list().execute()
        assert reason(problem) == (403, "insufficientPermissions")
        insert(calendar)


def test_an_expired_token_is_401(sandbox: Sandbox, calendar: Any) -> None:
    sandbox.act("expire_tokens", service="google")
    headers = {"Authorization": "Bearer gone"}
    url = f"{sandbox.urls['google_api_url']}/calendar/v3/users/me/calendarList"
    answer = sandbox.http.get(url, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (401, "authError")


def test_the_calendar_list(calendar: Any) -> None:
    items = calendar.calendarList().list(maxResults=2).execute()
    assert items["nextPageToken"]
    first = items["items"][0]
    assert (first["id"], first["primary"], first["accessRole"]) == ("organizer.one@example.com", True, "owner")
    assert first["conferenceProperties"]["allowedConferenceSolutionTypes"] == ["hangoutsMeet"]
    with pytest.raises(HttpError) as problem:
        insert(calendar, "family.one@group.calendar.google.com")
    assert reason(problem)[0] == 403


def test_insert_with_meet_then_announce_with_zoom(sandbox: Sandbox, calendar: Any) -> None:
    made = insert(calendar, conferenceData=MEET)
    assert made["hangoutLink"].startswith("https://meet.google.com/")
    assert made["start"]["dateTime"] == "2027-01-12T10:00:00+01:00"
    assert (made["iCalUID"], made["sequence"], sandbox.ledger()) == ("abc123@google.com", 0, [])
    body = {
        "conferenceData": None,
        "location": JOIN,
        "description": f"Join: {JOIN}",
        "attendees": [{"email": "Guest@example.org"}, {"email": "organizer.one@example.com"}],
        "extendedProperties": {"private": {"revision": "1"}},
    }
    done = patch(calendar, body, send="all", etag=made["etag"])
    assert "hangoutLink" not in done
    assert "conferenceData" not in done
    assert done["location"] == JOIN
    assert done["etag"] != made["etag"]
    assert done["sequence"] == 1
    (mail,) = sandbox.ledger()
    assert (mail["to"], mail["kind"], mail["method"]) == ("guest@example.org", "invitation", "REQUEST")
    assert (mail["join_links"], mail["private"]) == ([JOIN], {"revision": "1"})
    with pytest.raises(HttpError) as problem:
        patch(calendar, {"summary": "Late"}, etag=made["etag"])
    assert reason(problem) == (412, "conditionNotMet")
    (event,) = sandbox.events()
    assert [version["verb"] for version in event["history"]] == ["insert", "patch"]
    assert event["history"][0]["data"]["hangoutLink"] == made["hangoutLink"]


def test_who_is_told_what(sandbox: Sandbox, calendar: Any) -> None:
    insert(calendar, attendees=[{"email": "a@example.org"}, {"email": "b@example.org"}], send="all")
    patch(
        calendar, {"summary": "New", "attendees": [{"email": "b@example.org"}, {"email": "c@example.org"}]}, send="all"
    )
    patch(calendar, {"location": "Room"}, send="none")
    patch(calendar, {"extendedProperties": {"private": {"k": "v"}}}, send="all")
    calendar.events().delete(calendarId="primary", eventId="abc123", sendUpdates="all").execute()
    told = [(mail["to"][0], mail["kind"]) for mail in sandbox.ledger()]
    invited = [("a", "invitation"), ("b", "invitation")]
    changed = [("c", "invitation"), ("b", "updated invitation"), ("a", "cancelled")]
    assert told == [*invited, *changed, ("b", "cancelled"), ("c", "cancelled")]


def test_conference_data_without_version_1_is_ignored(calendar: Any) -> None:
    assert "hangoutLink" not in insert(calendar, version=0, conferenceData=MEET)
    assert "hangoutLink" in patch(calendar, {"conferenceData": MEET})
    assert "hangoutLink" in patch(calendar, {"conferenceData": None}, version=0)


@pytest.mark.parametrize("kind", ["addOn", ""])
def test_zoom_cannot_be_put_into_googles_conference_block(calendar: Any, kind: str) -> None:
    entry = [{"entryPointType": "video", "uri": JOIN}]
    data = {"conferenceSolution": {"key": {"type": kind}, "name": "Zoom"}, "entryPoints": entry}
    if not kind:
        assert "conferenceData" not in insert(calendar, conferenceData=data)
        return
    with pytest.raises(HttpError) as problem:
        insert(calendar, conferenceData=data)
    assert problem.value.resp.status == 400
    assert "Invalid conference data" in str(problem.value)


def test_a_calendar_may_not_allow_meet(sandbox: Sandbox, calendar: Any) -> None:
    sandbox.act("set_allowed_conference", calendar="primary", types=[])
    with pytest.raises(HttpError) as problem:
        insert(calendar, conferenceData=MEET)
    assert "Invalid conference type value." in str(problem.value)


def test_meet_may_be_pending_and_comes_back_when_patched_out_too_soon(sandbox: Sandbox, calendar: Any) -> None:
    sandbox.act("meet_pending_seconds", seconds=1)
    made = insert(calendar, conferenceData=MEET)
    assert made["conferenceData"]["createRequest"]["status"]["statusCode"] == "pending"
    assert "hangoutLink" not in made
    assert "conferenceData" not in patch(calendar, {"conferenceData": None})
    sandbox.wait(lambda: calendar.events().get(calendarId="primary", eventId="abc123").execute().get("hangoutLink"))
    assert "hangoutLink" not in patch(calendar, {"conferenceData": None})


def test_a_repeated_request_id_is_ignored(calendar: Any) -> None:
    first = insert(calendar, conferenceData=MEET)["hangoutLink"]
    assert patch(calendar, {"conferenceData": MEET})["hangoutLink"] == first


def test_the_calendars_own_default_puts_meet_back(sandbox: Sandbox, calendar: Any) -> None:
    insert(calendar, conferenceData=MEET)
    sandbox.act("meet_by_default", calendar="primary", times=1)
    assert "hangoutLink" in patch(calendar, {"conferenceData": None, "location": JOIN})
    assert "hangoutLink" not in patch(calendar, {"conferenceData": None})


def test_an_id_is_used_up_even_when_deleted(calendar: Any) -> None:
    insert(calendar)
    calendar.events().delete(calendarId="primary", eventId="abc123").execute()
    with pytest.raises(HttpError) as problem:
        insert(calendar)
    assert reason(problem) == (409, "duplicate")
    assert calendar.events().get(calendarId="primary", eventId="abc123").execute()["status"] == "cancelled"
    with pytest.raises(HttpError) as problem:
        calendar.events().delete(calendarId="primary", eventId="abc123").execute()
    assert reason(problem) == (410, "deleted")
    with pytest.raises(HttpError) as problem:
        patch(calendar, {"summary": "x"})
    assert reason(problem) == (403, "forbidden")
    with pytest.raises(HttpError) as problem:
        calendar.events().delete(calendarId="primary", eventId="unknown0").execute()
    assert reason(problem) == (404, "notFound")


@pytest.mark.parametrize(
    "body",
    [
        {"id": "ab"},
        {"id": "xyz-123"},
        {"iCalUID": "x@example.org"},
        {"end": {"dateTime": "2027-01-12T08:00:00Z"}},
        {"end": None},
        {"start": {"dateTime": "2027-01-12T09:00:00"}},
        {"start": {"dateTime": "2027-01-12T09:00:00Z", "timeZone": "Mars/Olympus"}},
        {"attendees": [{"email": "nobody"}]},
    ],
)
def test_what_does_not_validate_is_400(calendar: Any, body: dict[str, Any]) -> None:
    with pytest.raises(HttpError) as problem:
        insert(calendar, **body)
    assert problem.value.resp.status == 400


def test_free_busy(sandbox: Sandbox, calendar: Any) -> None:
    day = "2027-01-12T"
    sandbox.act("add_busy", start=day + "09:00:00Z", end=day + "10:00:00Z")
    sandbox.act("add_busy", start=day + "09:30:00Z", end=day + "11:00:00Z")
    sandbox.act("add_busy", start=day + "13:00:00Z", end=day + "14:00:00Z", transparent=True)
    sandbox.act("add_busy", start=day + "15:00:00Z", end=day + "16:00:00Z", declined=True)
    sandbox.act("add_busy", start="2027-01-13", end="2027-01-14", all_day=True)
    body = {"timeMin": day + "00:00:00Z", "timeMax": "2027-01-15T00:00:00Z"}
    body["items"] = [{"id": "primary"}, {"id": "unknown@example.org"}]  # type: ignore[assignment]
    found = calendar.freebusy().query(body=body).execute()["calendars"]
    assert found["primary"]["busy"] == [
        {"start": day + "09:00:00Z", "end": day + "11:00:00Z"},
        {"start": day + "23:00:00Z", "end": "2027-01-13T23:00:00Z"},
    ]
    assert found["unknown@example.org"]["errors"][0]["reason"] == "notFound"
    with pytest.raises(HttpError) as problem:
        calendar.freebusy().query(body={**body, "timeMax": "2027-06-15T00:00:00Z"}).execute()
    assert reason(problem) == (400, "timeRangeTooLong")
    with pytest.raises(HttpError) as problem:
        calendar.freebusy().query(body={**body, "items": [{"id": f"c{n}"} for n in range(51)]}).execute()
    assert problem.value.resp.status == 400


def test_events_list(sandbox: Sandbox, calendar: Any) -> None:
    insert(calendar, extendedProperties={"private": {"booking": "b1"}})
    sandbox.act("add_busy", start="2027-01-12T07:00:00Z", end="2027-01-12T08:00:00Z")
    events = calendar.events()
    day = {"calendarId": "primary", "timeMin": "2027-01-12T00:00:00Z", "timeMax": "2027-01-13T00:00:00Z"}
    both = events.list(**day, singleEvents=True, orderBy="startTime").execute()["items"]
    assert [event["summary"] for event in both] == ["Busy", "Intro"]
    found = events.list(calendarId="primary", privateExtendedProperty="booking=b1").execute()["items"]
    assert [event["id"] for event in found] == ["abc123"]
    page = events.list(**day, maxResults=1).execute()
    assert len(events.list(**day, maxResults=1, pageToken=page["nextPageToken"]).execute()["items"]) == 1
    events.delete(calendarId="primary", eventId="abc123").execute()
    assert len(events.list(calendarId="primary").execute()["items"]) == 1
    assert len(events.list(calendarId="primary", showDeleted=True).execute()["items"]) == 2


def test_the_organizer_can_change_and_delete_an_event(sandbox: Sandbox, calendar: Any) -> None:
    made = insert(calendar)
    sandbox.act("change_event", id="abc123", changes={"summary": "Mine"})
    assert calendar.events().get(calendarId="primary", eventId="abc123").execute()["etag"] != made["etag"]
    sandbox.act("delete_event", id="abc123")
    assert sandbox.events(live=True) == []


def test_no_token_is_shown(sandbox: Sandbox) -> None:
    tokens = sandbox.connect("google", scope=GOOGLE_SCOPES)
    shown = json.dumps([sandbox.state(), sandbox.calls()])
    assert sandbox.leaks(shown) == []
    assert len(sandbox.leaks(json.dumps(tokens))) == 2
