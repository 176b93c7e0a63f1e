"""The sandbox's faults, its mailbox, and how it starts and ends."""

from __future__ import annotations

import signal
import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
import requests

from integrations.sandbox.testing import Sandbox, start_sandbox

ICS = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with start_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    shared.reset()
    return shared


@pytest.fixture
def access(sandbox: Sandbox) -> str:
    return str(sandbox.connect("zoom")["access_token"])


def create(sandbox: Sandbox, access: str, timeout: float = 5) -> requests.Response:
    body = {"topic": "Intro", "start_time": "2027-01-12T09:00:00Z", "type": 2}
    url = f"{sandbox.urls['zoom_api_url']}/users/me/meetings"
    headers = {"Authorization": f"Bearer {access}", "Connection": "close"}
    with requests.Session() as session:
        return session.post(url, json=body, headers=headers, timeout=timeout, allow_redirects=False)


@pytest.mark.parametrize(
    ("kind", "made"),
    [("refuse", 0), ("timeout_before", 0), ("timeout_after", 1), ("drop_after", 1), ("truncated", 1), ("slow_drip", 1)],
)
def test_no_whole_answer_comes_but_the_work_is_done_or_not(sandbox: Sandbox, access: str, kind: str, made: int) -> None:
    sandbox.fault(service="zoom", call="meetings.create", kind=kind, params={"part": "headers"})
    with pytest.raises(requests.RequestException):
        create(sandbox, access, timeout=0.3).json()
    assert len(sandbox.meetings()) == made
    assert create(sandbox, access).status_code == 201


@pytest.mark.parametrize(
    ("kind", "status", "made"),
    [("status", 503, 0), ("status_after", 503, 1), ("expired_401", 401, 0), ("redirect", 302, 0)],
)
def test_another_status_comes(sandbox: Sandbox, access: str, kind: str, status: int, made: int) -> None:
    params = {"status": 503, "headers": {"Retry-After": "7"}} if kind.startswith("status") else {}
    sandbox.fault(service="zoom", call="meetings.create", kind=kind, params=params)
    answer = create(sandbox, access)
    assert (answer.status_code, len(sandbox.meetings())) == (status, made)
    if params:
        assert answer.headers["Retry-After"] == "7"
    last = sandbox.calls("meetings.create")[-1]
    assert (last["fault"], last["status"]) == (kind, status)


def test_not_json_and_a_huge_body(sandbox: Sandbox, access: str) -> None:
    sandbox.fault(service="zoom", call="meetings.create", kind="not_json")
    answer = create(sandbox, access)
    assert answer.status_code == 200
    assert answer.text.startswith("<html>")
    sandbox.fault(service="zoom", call="meetings.create", kind="huge_body", params={"bytes": 1_000_000})
    assert len(create(sandbox, access).content) == 1_000_000


def test_times_after_and_clearing(sandbox: Sandbox, access: str) -> None:
    fault = {"service": "zoom", "call": "*", "kind": "status"}
    sandbox.fault(**fault, times=2, after=1)
    assert [create(sandbox, access).status_code for _ in range(4)] == [201, 500, 500, 201]
    sandbox.fault(**fault, times=None)
    assert create(sandbox, access).status_code == 500
    sandbox.clear_faults()
    assert create(sandbox, access).status_code == 201
    with pytest.raises(ValueError, match="unknown kind"):
        sandbox.fault(kind="surprise")


def test_the_two_token_calls_fail_apart(sandbox: Sandbox) -> None:
    sandbox.fault(service="zoom", call="token.refresh", kind="status", params={"status": 500})
    tokens = sandbox.connect("zoom")
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert sandbox.token("zoom", **refresh).status_code == 500
    assert sandbox.token("zoom", **refresh).status_code == 200


def test_latency_and_delay(sandbox: Sandbox, access: str) -> None:
    sandbox.tell("/latency", {"zoom": 60})
    sandbox.fault(service="zoom", call="meetings.create", kind="delay", params={"ms": 60})
    started = time.monotonic()
    assert create(sandbox, access).status_code == 201
    assert time.monotonic() - started >= 0.12


def test_a_port_can_be_gone_for_a_while(sandbox: Sandbox, access: str) -> None:
    sandbox.fault(service="zoom", call="meetings.create", kind="connection_stop", params={"seconds": 2})

    def answer() -> int:
        try:
            return create(sandbox, access).status_code
        except requests.ConnectionError:
            return 0

    assert (answer(), answer()) == (0, 0)
    assert sandbox.wait(answer) == 201


def send(sandbox: Sandbox) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Reply-To"] = "Host <host@example.com>", "guest@example.org", "host@example.com"
    mail["Subject"], mail["Message-ID"] = "Grüße <b>", "<m1@example.com>"
    mail.set_content("Plain words")
    mail.add_alternative("<p>Words<script>alert(1)</script></p>", subtype="html")
    mail.add_alternative(ICS.encode(), maintype="text", subtype="calendar", params={"method": "REQUEST"})
    host, _, port = str(sandbox.urls["smtp"]).removeprefix("smtp://").partition(":")
    with smtplib.SMTP(host, int(port), timeout=0.5) as smtp:
        smtp.send_message(mail)


def test_mail_is_kept_and_shown(sandbox: Sandbox) -> None:
    send(sandbox)
    (mail,) = sandbox.mails("guest@example.org")
    assert (mail["subject"], mail["message_id"], mail["reply_to"]) == (
        "Grüße <b>",
        "<m1@example.com>",
        "host@example.com",
    )
    assert mail["text"].strip() == "Plain words"
    assert mail["ics"] == [ICS]
    index = sandbox.http.get(sandbox.urls["mailbox_url"], timeout=5).text
    assert "Grüße &lt;b&gt;" in index
    assert "guest@example.org" in index
    shown = sandbox.http.get(sandbox.urls["mailbox_url"] + "1", timeout=5).text
    assert "Plain words" in shown
    assert "<script" not in shown
    assert "<iframe sandbox" in shown
    frame = sandbox.http.get(sandbox.urls["mailbox_url"] + "1/html", timeout=5)
    assert "sandbox" in frame.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("kind", "params", "kept"),
    [("refuse", {}, 0), ("status", {"status": 451}, 0), ("timeout_before", {}, 0), ("drop_after", {}, 1)],
)
def test_mail_can_fail(sandbox: Sandbox, kind: str, params: dict[str, int], kept: int) -> None:
    sandbox.fault(service="smtp", call="smtp", kind=kind, params=params)
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(sandbox)
    assert len(sandbox.mails()) == kept


def test_the_consent_page_works_for_everybody(sandbox: Sandbox) -> None:
    page = sandbox.http.get(sandbox.authorize_url("zoom"), timeout=5)
    assert "Sandbox: stands in for Zoom" in page.text
    assert "<script" not in page.text
    assert "Set-Cookie" not in page.headers
    sandbox.persona(zoom="yan")
    assert '<option value="yan" selected>' in sandbox.http.get(sandbox.authorize_url("zoom"), timeout=5).text


def test_a_registered_redirect_uri_is_the_only_one() -> None:
    registered = ["http://127.0.0.1:8000/apps/integrations/zoom/callback/"]
    with start_sandbox(redirect_uri=registered) as sandbox, pytest.raises(ValueError, match="no consent page"):
        sandbox.consent(sandbox.authorize_url("zoom"))


def test_it_starts_and_ends_at_once() -> None:
    with start_sandbox() as sandbox:
        sandbox.process.send_signal(signal.SIGTERM)
        assert sandbox.process.wait(timeout=10) == 0
