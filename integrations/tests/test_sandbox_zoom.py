"""The sandbox's Zoom: as strict as Zoom is known to be."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integrations.sandbox.testing import REDIRECT, VERIFIER, Sandbox, start_sandbox

START = "2027-01-12T09:00:00Z"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with start_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    shared.reset()
    return shared


class Zoom:
    """One signed-in user's calls."""

    def __init__(self, sandbox: Sandbox, access: str) -> None:
        self.sandbox, self.headers = sandbox, {"Authorization": f"Bearer {access}"}

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        url = f"{self.sandbox.urls['zoom_api_url']}{path}"
        return self.sandbox.http.request(method, url, headers=self.headers, timeout=10, **options)

    def create(self, **changes: Any) -> requests.Response:
        body = {"topic": "Intro", "type": 2, "start_time": START, "duration": 30, "timezone": "Europe/Berlin"}
        return self.call("POST", "/users/me/meetings", json={**body, **changes})


@pytest.fixture
def zoom(sandbox: Sandbox) -> Zoom:
    return Zoom(sandbox, sandbox.connect("zoom")["access_token"])


def code_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)["code"][0]


def test_denying_goes_back_with_access_denied(sandbox: Sandbox) -> None:
    location = sandbox.consent(sandbox.authorize_url("zoom"), "Deny")
    assert location == f"{REDIRECT}?error=access_denied&state=state-1"


@pytest.mark.parametrize(
    "change",
    [{"client_id": "x"}, {"redirect_uri": "https://elsewhere.example/"}, {"code_challenge_method": ""}, {"state": ""}],
)
def test_an_unfit_authorize_request_gets_a_page_and_no_redirect(sandbox: Sandbox, change: dict[str, str]) -> None:
    answer = sandbox.http.get(sandbox.authorize_url("zoom", **change), allow_redirects=False, timeout=10)
    assert (answer.status_code, "<form" in answer.text) == (400, False)


def test_a_code_works_once_and_only_with_its_verifier_and_redirect_uri(sandbox: Sandbox) -> None:
    right = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    code = code_of(sandbox.consent(sandbox.authorize_url("zoom")))
    assert sandbox.token("zoom", **{**right, "code_verifier": "w" * 64}, code=code).status_code == 400
    assert sandbox.token("zoom", **{**right, "redirect_uri": REDIRECT + "x"}, code=code).json()["error"]
    assert sandbox.token("zoom", **right, code=code, allow_redirects="True").json()["error"] == "invalid_request"
    answer = sandbox.token("zoom", **right, code=code)
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "refresh_token", "expires_in", "scope", "api_url"}
    assert sandbox.token("zoom", **right, code=code).json()["error"] == "invalid_grant"
    assert sandbox.state()["reused_codes"] == 1


def test_an_old_code_has_expired(sandbox: Sandbox) -> None:
    sandbox.act("set", name="code_seconds", value=0)
    code = code_of(sandbox.consent(sandbox.authorize_url("zoom")))
    answer = sandbox.token(
        "zoom", grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER
    )
    assert answer.json()["error"] == "invalid_grant"


def test_a_wrong_client_is_401_and_credentials_in_the_body_do_not_count(sandbox: Sandbox) -> None:
    url = f"{sandbox.urls['zoom_oauth_url']}/token"
    body = {
        "grant_type": "refresh_token",
        "client_id": sandbox.urls["zoom_client_id"],
        "client_secret": sandbox.urls["zoom_client_secret"],
    }
    answer = sandbox.http.post(url, data=body, timeout=10)
    assert answer.status_code == 401
    assert answer.json() == {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}


def test_refresh_rotates_and_the_old_refresh_token_is_dead_at_once(sandbox: Sandbox) -> None:
    first = sandbox.connect("zoom")
    second = sandbox.token("zoom", grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    again = sandbox.token("zoom", grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again.status_code == 400
    assert again.json() == {"reason": "Invalid Token!", "error": "invalid_grant"}
    assert sandbox.state()["reused_refresh_tokens"] == 1
    assert Zoom(sandbox, first["access_token"]).call("GET", "/users/me").status_code == 200
    assert Zoom(sandbox, second["access_token"]).call("GET", "/users/me").status_code == 200


def test_two_refreshes_at_once_have_one_winner(sandbox: Sandbox) -> None:
    old, statuses = sandbox.connect("zoom")["refresh_token"], []

    def refresh() -> None:
        auth = (sandbox.urls["zoom_client_id"], sandbox.urls["zoom_client_secret"])
        body = {"grant_type": "refresh_token", "refresh_token": old}
        url = f"{sandbox.urls['zoom_oauth_url']}/token"
        statuses.append(requests.post(url, data=body, auth=auth, timeout=10).status_code)

    threads = [threading.Thread(target=refresh) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 7


def test_authorizing_again_kills_earlier_tokens(sandbox: Sandbox) -> None:
    first = sandbox.connect("zoom")
    sandbox.connect("zoom", "yan")
    assert Zoom(sandbox, first["access_token"]).call("GET", "/users/me").status_code == 200
    sandbox.connect("zoom")
    assert Zoom(sandbox, first["access_token"]).call("GET", "/users/me").json()["code"] == 124


def test_me_names_the_account(zoom: Zoom) -> None:
    me = zoom.call("GET", "/users/me").json()
    assert (me["email"], me["display_name"]) == ("organizer.one@example.com", "Organizer One")
    assert me["id"]
    assert me["account_id"]


def test_an_expired_token_says_so(sandbox: Sandbox, zoom: Zoom) -> None:
    sandbox.act("expire_tokens", service="zoom")
    answer = zoom.call("GET", "/users/me")
    assert (answer.status_code, answer.json()) == (401, {"code": 124, "message": "Access token is expired."})


def test_a_missing_scope_is_400_with_4711_and_classic_scopes_do(sandbox: Sandbox) -> None:
    sandbox.act("set_scopes", service="zoom", scopes=["user:read", "meeting:read"])
    zoom = Zoom(sandbox, sandbox.connect("zoom")["access_token"])
    answer = zoom.create()
    assert (answer.status_code, answer.json()["code"]) == (400, 4711)
    assert "meeting:write:meeting" in answer.json()["message"]
    assert zoom.call("GET", "/users/me/meetings").status_code == 200


def test_create_get_change_delete(sandbox: Sandbox, zoom: Zoom) -> None:
    made = zoom.create(agenda="A" * 300)
    assert made.status_code == 201
    meeting = made.json()
    assert 10**10 <= meeting["id"] < 10**11
    assert meeting["start_time"] == START
    assert meeting["type"] == 2
    assert "zak=SANDBOXZAK" in meeting["start_url"]
    path = f"/meetings/{meeting['id']}"
    assert zoom.call("PATCH", path, json={"start_time": "2027-01-13T10:00:00"}).status_code == 204
    changed = zoom.call("GET", path).json()
    assert (changed["start_time"], changed["join_url"]) == ("2027-01-13T09:00:00Z", meeting["join_url"])
    assert zoom.call("DELETE", path).status_code == 204
    gone = zoom.call("DELETE", path)
    assert (gone.status_code, gone.json()["code"]) == (404, 3001)
    (seen,) = sandbox.meetings()
    assert seen["state"] == "deleted"
    assert [version["verb"] for version in seen["history"]][-1] == "delete"
    assert "SANDBOXZAK" not in str(sandbox.state())
    assert sandbox.leaks(meeting["start_url"]) == [f"zoom-start-url-{meeting['id']}"]


def test_a_meeting_of_another_user_does_not_exist(sandbox: Sandbox, zoom: Zoom) -> None:
    number = zoom.create().json()["id"]
    other = Zoom(sandbox, sandbox.connect("zoom", "yan")["access_token"])
    assert other.call("DELETE", f"/meetings/{number}").json()["code"] == 3001


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topic", "x" * 201),
        ("agenda", "x" * 2001),
        ("password", "x" * 11),
        ("type", "2"),
        ("duration", 0),
        ("start_time", "2027-01-12 09:00"),
        ("start_time", "2027-01-12T09:00:00+01:00"),
        ("timezone", "Mars/Olympus"),
    ],
)
def test_what_does_not_validate_names_its_field(zoom: Zoom, field: str, value: object) -> None:
    answer = zoom.create(**{field: value})
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert answer.json()["errors"][0]["field"] == field


def test_leaving_out_start_time_makes_an_instant_meeting(zoom: Zoom) -> None:
    answer = zoom.call("POST", "/users/me/meetings", json={"topic": "Now", "type": 2})
    assert answer.json()["type"] == 1


def test_a_waiting_room_switches_off_join_before_host(zoom: Zoom) -> None:
    settings = zoom.create(settings={"join_before_host": True, "waiting_room": True}).json()["settings"]
    assert (settings["waiting_room"], settings["join_before_host"]) == (True, False)


def test_lists_lag_cut_agendas_and_come_in_pages(sandbox: Sandbox, zoom: Zoom) -> None:
    sandbox.act("list_lag", seconds=0.3)
    for _ in range(3):
        zoom.create(agenda="M" * 300)
    assert zoom.call("GET", "/users/me/meetings").json()["meetings"] == []
    sandbox.wait(lambda: len(zoom.call("GET", "/users/me/meetings").json()["meetings"]) == 3)
    first = zoom.call("GET", "/users/me/meetings?type=scheduled&page_size=2").json()
    assert (len(first["meetings"]), len(first["meetings"][0]["agenda"])) == (2, 250)
    assert "password" not in first["meetings"][0]
    more = f"/users/me/meetings?type=scheduled&page_size=2&next_page_token={first['next_page_token']}"
    second = zoom.call("GET", more).json()
    assert (len(second["meetings"]), second["next_page_token"]) == (1, "")
    assert zoom.call("GET", "/users/me/meetings?next_page_token=wrong").json()["code"] == 300


def test_upcoming_leaves_out_what_has_started(sandbox: Sandbox, zoom: Zoom) -> None:
    sandbox.act("list_lag", seconds=0)
    zoom.create(start_time="2024-01-12T09:00:00Z")
    assert len(zoom.call("GET", "/users/me/meetings?type=scheduled").json()["meetings"]) == 1
    assert zoom.call("GET", "/users/me/meetings?type=upcoming").json()["meetings"] == []


def test_the_daily_limit_is_for_each_host_and_says_when_to_come_back(sandbox: Sandbox, zoom: Zoom) -> None:
    sandbox.act("daily_limit", limit=2)
    number = zoom.create().json()["id"]
    zoom.call("PATCH", f"/meetings/{number}", json={"topic": "New"})
    answer = zoom.create()
    assert (answer.status_code, answer.json()["code"]) == (429, 429)
    assert "per-day" in answer.json()["message"]
    assert answer.headers["Retry-After"].endswith("T00:00:00Z")
    assert zoom.call("GET", f"/meetings/{number}").status_code == 200
    other = Zoom(sandbox, sandbox.connect("zoom", "yan")["access_token"])
    assert other.create().status_code == 201


def test_a_host_has_a_hundred_creates_and_updates_a_day(sandbox: Sandbox, zoom: Zoom) -> None:
    """Deletes, reads, and what is refused before anything is done are free."""
    sandbox.act("set", name="medium_per_second", value=1000)
    sandbox.act("set", name="light_per_second", value=1000)
    number = zoom.create().json()["id"]
    assert zoom.create(topic="t" * 201).status_code == 400
    assert zoom.call("PATCH", "/meetings/80000000001", json={"topic": "Nobody's"}).status_code == 404
    zoom.call("DELETE", f"/meetings/{zoom.create().json()['id']}")
    made = [zoom.create().status_code for _ in range(49)]
    changed = [zoom.call("PATCH", f"/meetings/{number}", json={"topic": str(n)}).status_code for n in range(49)]
    assert (set(made), set(changed)) == ({201}, {204})
    assert zoom.call("PATCH", f"/meetings/{number}", json={"topic": "One more"}).status_code == 429
    assert zoom.create().status_code == 429
    assert zoom.call("DELETE", f"/meetings/{number}").status_code == 204


def test_the_rate_by_the_second_has_no_retry_after(sandbox: Sandbox, zoom: Zoom) -> None:
    sandbox.act("set", name="light_per_second", value=0)
    answer = zoom.call("GET", "/users/me")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, None)
    assert "per-second" in answer.json()["message"]
    assert answer.headers["X-RateLimit-Category"] == "Light"


def test_what_the_rate_by_the_second_refused_does_not_count_for_the_day(sandbox: Sandbox, zoom: Zoom) -> None:
    sandbox.act("daily_limit", limit=1)
    sandbox.act("set", name="medium_per_second", value=0)
    assert "per-second" in zoom.create().json()["message"]
    sandbox.act("set", name="medium_per_second", value=20)
    assert zoom.create().status_code == 201


class Product(HTTPServer):
    """Takes webhooks."""

    received: list[tuple[dict[str, str], bytes]]


class Hook(BaseHTTPRequestHandler):
    server: Product

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        return


def test_revoking_kills_both_tokens_and_sends_a_signed_webhook(sandbox: Sandbox) -> None:
    with Product(("127.0.0.1", 0), Hook) as product:
        product.received = []
        threading.Thread(target=product.serve_forever, args=(0.02,), daemon=True).start()
        sandbox.act("set_product", webhook_url=f"http://127.0.0.1:{product.server_port}/webhooks/zoom/")
        tokens = sandbox.connect("zoom")
        url, auth = (
            f"{sandbox.urls['zoom_oauth_url']}/revoke",
            (
                sandbox.urls["zoom_client_id"],
                sandbox.urls["zoom_client_secret"],
            ),
        )
        done = sandbox.http.post(url, data={"token": tokens["access_token"]}, auth=auth, timeout=10)
        assert done.json() == {"status": "success"}
        again = sandbox.http.post(url, data={"token": tokens["access_token"]}, auth=auth, timeout=10)
        assert again.status_code == 400
        refresh = sandbox.token("zoom", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert refresh.json()["error"] == "invalid_grant"
        ((headers, body),) = sandbox.wait(lambda: list(product.received))
        sent = f"v0:{headers['x-zm-request-timestamp']}:".encode() + body
        mac = hmac.new(sandbox.urls["zoom_webhook_secret"].encode(), sent, hashlib.sha256).hexdigest()
        assert headers["x-zm-signature"] == f"v0={mac}"
        assert (
            sandbox.act("send_webhook", event="endpoint.url_validation", payload={"plainToken": "t"})["status"] == 200
        )
        product.shutdown()
    sandbox.act("set_product", webhook_url="")
