"""Calling out: bounded in time and size whatever the other side does, and honest about what may have happened."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from integrations import http
from integrations.http import ProviderError, call, retry_after, session
from integrations.sandbox.testing import Sandbox

PLANTED = "planted-token-0123456789"
NOW = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
def url(sandbox: Sandbox) -> str:
    """A call of the sandbox's Zoom that answers 401 to a token it does not know."""
    return f"{sandbox.urls['zoom_api_url']}/users/me"


def ask(url: str, *, timeout: float = 0.5) -> http.Answer:
    return call("GET", url, service="Zoom", headers={"Authorization": f"Bearer {PLANTED}"}, timeout=timeout)


def failure(url: str, *, timeout: float = 0.5, at_most: float = 1.5) -> ProviderError:
    """The error of a call, which must have come in time."""
    begun = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        ask(url, timeout=timeout)
    assert time.monotonic() - begun < at_most
    return caught.value


def test_any_status_is_an_answer(url: str) -> None:
    answer = ask(url, timeout=5)
    assert answer.status == 401
    assert answer.json()["code"] == 124
    assert answer.headers["CONTENT-TYPE"].startswith("application/json")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "timeout_before", "params": {"seconds": 4}},
        {"kind": "timeout_after", "params": {"seconds": 4}},
        {"kind": "slow_drip", "params": {"interval": 0.1}},
        {"kind": "slow_drip", "params": {"interval": 0.1, "part": "headers"}},
        {"kind": "delay", "params": {"ms": 4000}},
    ],
    ids=str,
)
def test_the_deadline_is_for_everything_together(sandbox: Sandbox, url: str, fault: dict[str, Any]) -> None:
    sandbox.fault(service="zoom", call="users.me", **fault)
    error = failure(url)
    assert str(error) == "Zoom did not answer in time."
    assert (error.retryable, error.in_doubt, error.status) == (True, True, None)


@pytest.mark.parametrize("kind", ["drop_after", "truncated"])
def test_a_broken_connection_leaves_doubt(sandbox: Sandbox, url: str, kind: str) -> None:
    sandbox.fault(service="zoom", call="users.me", kind=kind)
    error = failure(url)
    assert str(error) == "The connection to Zoom broke off."
    assert (error.retryable, error.in_doubt) == (True, True)


def test_a_refused_connection_leaves_none(url: str, settings: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.ZOOM_API_URL = f"http://127.0.0.1:{unused.getsockname()[1]}"
        error = failure(f"{settings.ZOOM_API_URL}/users/me")
    assert str(error) == "Zoom could not be reached."
    assert (error.retryable, error.in_doubt) == (True, False)


@pytest.mark.slow
def test_connecting_to_nowhere_is_given_up_in_time(settings: Any) -> None:
    """A listening socket whose queue is full answers no SYN: the connect itself has to time out."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        settings.ZOOM_API_URL = f"http://127.0.0.1:{address[1]}"
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(address)
        error = failure(f"{settings.ZOOM_API_URL}/users/me")
        for sock in waiting:
            sock.close()
    assert (str(error), error.in_doubt) == ("Zoom did not answer in time.", False)


@pytest.mark.slow
def test_a_name_that_is_never_found_is_given_up_in_time(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    real = socket.getaddrinfo

    def stuck(host: Any, *args: Any, **options: Any) -> Any:
        if options.get("flags") != socket.AI_NUMERICHOST:
            released.wait(5)
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    settings.ZOOM_API_URL = "http://localhost:9"
    error = failure("http://localhost:9/users/me")
    released.set()
    assert (str(error), error.in_doubt) == ("Zoom did not answer in time.", False)


def test_a_huge_body_is_not_read(sandbox: Sandbox, url: str) -> None:
    sandbox.fault(service="zoom", call="users.me", kind="huge_body")
    error = failure(url, timeout=5, at_most=4)
    assert str(error) == "Zoom answered with more data than is accepted."


def test_redirects_are_never_followed(sandbox: Sandbox, url: str) -> None:
    sandbox.fault(service="zoom", call="users.me", kind="redirect", params={"url": url.replace("users", "stolen")})
    error = failure(url)
    assert error.status == 302
    assert not any("stolen" in str(seen) for seen in sandbox.calls())


def test_an_answer_that_is_no_json_leaves_doubt(sandbox: Sandbox, url: str) -> None:
    sandbox.fault(service="zoom", call="users.me", kind="not_json")
    answer = ask(url)
    with pytest.raises(ProviderError, match="cannot be read") as caught:
        answer.json()
    assert (caught.value.retryable, caught.value.in_doubt) == (True, True)


@pytest.mark.parametrize("url", ["https://evil.example/v2/users/me", "http://127.0.0.1:1/v2", "file:///etc/passwd"])
def test_tokens_go_to_configured_hosts_only(sandbox: Sandbox, url: str) -> None:
    with pytest.raises(ProviderError, match="not one of the configured"):
        ask(url)


def test_proxies_and_netrc_of_the_environment_are_ignored(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert ask(url, timeout=5).status == 401


def test_a_session_has_the_same_bounds(sandbox: Sandbox, url: str) -> None:
    with requests.Session() as browser:
        browser.mount("http://", session("Zoom"))
        assert browser.get(url, timeout=5).status_code == 401
        sandbox.fault(service="zoom", call="users.me", kind="redirect")
        with pytest.raises(ProviderError, match="redirect"):
            browser.get(url, timeout=5)
        with pytest.raises(ProviderError, match="not one of the configured"):
            browser.get("http://127.0.0.1:1/")


def test_connections_are_kept_and_shared_by_threads(sandbox: Sandbox, url: str, settings: Any) -> None:
    with counted_connections() as opened, ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: ask(url, timeout=5).status, range(40)))
    assert answers == [401] * 40
    assert len(opened) <= 4


def test_after_a_timeout_the_connection_is_not_used_again(sandbox: Sandbox, url: str) -> None:
    sandbox.fault(service="zoom", call="users.me", kind="slow_drip", params={"interval": 0.1})
    failure(url)
    assert ask(url, timeout=5).status == 401


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_opens_connections_of_its_own(url: str) -> None:
    ask(url, timeout=5)
    parents = http._shared_adapter()
    child = os.fork()
    if child == 0:
        os._exit(0 if http._adapter is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert http._shared_adapter() is parents


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("30", datetime(2026, 12, 3, 9, 0, 30, tzinfo=UTC)),
        ("2026-12-04T00:00:00Z", datetime(2026, 12, 4, tzinfo=UTC)),
        ("Fri, 04 Dec 2026 00:00:00 GMT", datetime(2026, 12, 4, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        ("2026-13-45T00:00:00Z", None),
    ],
)
def test_retry_after_in_all_its_forms(value: str, moment: datetime | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == moment


def test_no_retry_after_is_no_moment() -> None:
    assert retry_after({}, NOW) is None


def test_a_token_shows_in_no_error_and_no_repr(sandbox: Sandbox, url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    sandbox.fault(service="zoom", call="users.me", kind="drop_after")
    error = failure(url)
    answer = ask(url)
    shown = f"{error!r} {error} {error.__cause__!r} {answer!r} {caplog.text}"
    assert PLANTED not in shown


@contextmanager
def counted_connections() -> Iterator[list[object]]:
    """Every connection that is opened meanwhile."""
    from integrations import wire

    opened: list[object] = []
    real = wire._connect

    def counting(host: str, port: int) -> socket.socket:
        opened.append(host)
        return real(host, port)

    wire._connect = counting
    try:
        yield opened
    finally:
        wire._connect = real
