"""How a connection is doing: last success, last error, and its loss, of which the organizer hears once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from integrations import health, notices, removal, tasks
from integrations.errors import ConnectionUnusable, MeetingGone, ProviderError
from integrations.models import Connection
from integrations.oauth import call_with_token
from integrations.sandbox.testing import Sandbox
from integrations.signals import connection_needs_reconnect, connection_recovered
from integrations.tests.conftest import Connect, expire, refreshes, who, with_tokens

pytestmark = pytest.mark.django_db


def test_a_dead_refresh_token_needs_a_reconnect(sandbox: Sandbox, zoom: Connection, ada_user: User) -> None:
    sandbox.act("revoke_grant", service="zoom", user="zoe", webhook=False)
    with pytest.raises(ConnectionUnusable, match="Zoom no longer accepts our access"):
        call_with_token(zoom, who)
    lost = with_tokens(ada_user)
    assert lost.status == Connection.Status.NEEDS_RECONNECT
    assert lost.notice_due
    assert lost.events.first().kind == "needs_reconnect"  # type: ignore[union-attr]
    with pytest.raises(ConnectionUnusable, match="needs to be reconnected"):
        call_with_token(zoom, who)
    assert refreshes(sandbox) == 1


@pytest.mark.django_db(transaction=True)
def test_the_organizer_is_mailed_once_and_the_next_success_clears_it(
    sandbox: Sandbox, zoom: Connection, connect: Connect, ada_user: User, mailoutbox: list[Any]
) -> None:
    sandbox.act("revoke_grant", service="zoom", user="zoe", webhook=False)
    with pytest.raises(ConnectionUnusable):
        call_with_token(zoom, who)
    assert [notices.mail_notice(zoom.pk), notices.mail_notice(zoom.pk)] == [True, False]
    (mail,) = mailoutbox
    assert mail.to == [ada_user.email]
    assert mail.subject == "Zoom needs to be reconnected"
    assert "http://localhost:8000/apps/integrations/zoom/" in mail.body
    assert connect("zoom").usable
    assert with_tokens(ada_user).last_error == ""
    assert notices.due_notices(10) == []


def test_a_notice_that_cannot_be_sent_stays_due(zoom: Connection, settings: Any, mailoutbox: list[Any]) -> None:
    health.lose(zoom, "Lost.")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert notices.mail_notice(zoom.pk) is False
    assert notices.due_notices(10) == [zoom.pk]


def test_a_loss_is_told_once_however_many_notice(
    zoom: Connection, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []
    queued: list[Any] = []
    monkeypatch.setattr(tasks.mail_notice, "apply_async", lambda *, args, **_how: queued.append(args))

    def listen(sender: object, connection: Connection, **kwargs: object) -> None:
        heard.append(connection)

    connection_needs_reconnect.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            health.lose(zoom, "Lost.")
            health.lose(zoom, "Lost.")
    finally:
        connection_needs_reconnect.disconnect(listen)
    assert heard == [zoom]
    assert queued == [(zoom.pk,)]
    assert zoom.events.filter(kind="needs_reconnect").count() == 1


def test_our_own_credentials_being_refused_is_no_loss(
    sandbox: Sandbox, zoom: Connection, settings: Any, ada_user: User
) -> None:
    expire(zoom)
    settings.ZOOM_CLIENT_SECRET = "mistyped"
    with pytest.raises(ProviderError, match="ZOOM_CLIENT_SECRET") as caught:
        call_with_token(zoom, who)
    assert caught.value.retryable
    assert with_tokens(ada_user).usable
    assert "ZOOM_CLIENT_SECRET" in with_tokens(ada_user).last_error


def test_a_401_that_stays_needs_a_reconnect(sandbox: Sandbox, zoom: Connection, ada_user: User) -> None:
    used: list[str] = []

    def refused(token: str) -> str:
        used.append(token)
        raise ProviderError("no", status=401, unauthorized=True)

    with pytest.raises(ConnectionUnusable):
        call_with_token(zoom, refused)
    assert len(used) == len(set(used)) == 2
    assert refreshes(sandbox) == 1
    assert with_tokens(ada_user).status == Connection.Status.NEEDS_RECONNECT


def test_after_a_401_elsewhere_there_is_one_refresh_and_one_more_call(
    sandbox: Sandbox, zoom: Connection, ada_user: User
) -> None:
    sandbox.fault(service="zoom", call="users.me", kind="expired_401")
    with pytest.raises(ConnectionUnusable):
        call_with_token(zoom, who, refused=zoom.access_token)
    assert (refreshes(sandbox), len(sandbox.calls("users.me")) - 1) == (1, 1)  # one was for connecting
    assert with_tokens(ada_user).status == Connection.Status.NEEDS_RECONNECT


def test_a_401_for_a_token_that_was_replaced_meanwhile_is_worth_another_try(
    sandbox: Sandbox, zoom: Connection, ada_user: User
) -> None:
    """Another worker refreshed while our call was on its way, which is what killed our token."""

    def overtaken(_token: str) -> None:
        newer = with_tokens(ada_user)
        newer.access_token, newer.token_version = f"newer {newer.token_version}", newer.token_version + 1
        newer.save()
        raise ProviderError("no", status=401, unauthorized=True)

    with pytest.raises(ProviderError, match="being checked") as caught:
        call_with_token(zoom, overtaken, refused=zoom.access_token)
    assert caught.value.retryable
    assert with_tokens(ada_user).usable


def test_errors_are_remembered_and_the_next_success_clears_them(
    sandbox: Sandbox, zoom: Connection, ada_user: User
) -> None:
    recovered: list[object] = []

    def listen(sender: object, connection: Connection, **kwargs: object) -> None:
        recovered.append(connection)

    sandbox.fault(service="zoom", call="users.me", kind="status", params={"status": 503})
    with pytest.raises(ProviderError):
        call_with_token(zoom, who)
    assert with_tokens(ada_user).last_error == "Zoom has a problem of its own right now (error 503)."
    connection_recovered.connect(listen)
    try:
        call_with_token(zoom, who)
    finally:
        connection_recovered.disconnect(listen)
    assert with_tokens(ada_user).last_error == ""
    assert recovered == [zoom]


def test_a_meeting_that_is_gone_is_no_error_of_the_connection(zoom: Connection, ada_user: User) -> None:
    def gone(_token: str) -> None:
        raise MeetingGone("gone", status=404, code="3001")

    with pytest.raises(MeetingGone):
        call_with_token(zoom, gone)
    assert with_tokens(ada_user).last_error == ""


def test_a_success_is_written_down_once_a_minute(sandbox: Sandbox, zoom: Connection) -> None:
    call_with_token(zoom, who)
    with written_to_connections() as updates:
        call_with_token(zoom, who)
    assert updates == []


def test_a_removed_connection_says_so(zoom: Connection) -> None:
    removal.remove(zoom, by="organizer")
    with pytest.raises(ConnectionUnusable, match="Zoom is not connected") as caught:
        call_with_token(zoom, who)
    assert not caught.value.retryable


@contextmanager
def written_to_connections() -> Iterator[list[str]]:
    """Every UPDATE of a connection that this thread sends meanwhile."""
    seen: list[str] = []
    mine = threading.get_ident()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and threading.get_ident() == mine:
            seen.append(sql)
        return execute(sql, params, many, context)

    with database.execute_wrapper(watch):
        yield seen
