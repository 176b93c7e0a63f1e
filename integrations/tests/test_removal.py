"""Removing: at once here, in the end at the provider, and never at the cost of what came after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import leases, revocations, tasks
from integrations.fields import encrypt
from integrations.models import Connection, Revocation
from integrations.oauth import deauthorize, remove
from integrations.sandbox.testing import Sandbox
from integrations.signals import connection_removed
from integrations.tests.conftest import Connect, come_back, consent_url, with_tokens

pytestmark = pytest.mark.django_db


def test_removing_is_local_and_immediate(sandbox: Sandbox, zoom: Connection, ada_user: User) -> None:
    remove(zoom, by="organizer")
    after = with_tokens(ada_user)
    assert after.status == Connection.Status.REMOVED
    assert (after.access_token, after.refresh_token, after.account_claim) == ("", "", None)
    assert after.generation == 2
    assert after.token_version == 2
    assert zoom.status == after.status
    assert sandbox.calls("revoke") == []
    copy = Revocation.objects.get()
    assert copy.access_token.startswith("ey")
    assert copy.external_id == after.external_id


def test_removing_twice_changes_nothing_more(zoom: Connection, ada_user: User) -> None:
    remove(zoom, by="organizer")
    remove(zoom, by="organizer")
    assert with_tokens(ada_user).generation == 2
    assert Revocation.objects.count() == 1
    assert zoom.events.filter(kind="removed").count() == 1


def test_removing_tells_the_other_apps_after_the_commit(
    zoom: Connection, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Connection] = []

    def listen(sender: object, connection: Connection, **kwargs: object) -> None:
        heard.append(connection)

    connection_removed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            remove(zoom, by="organizer")
            assert heard == []
    finally:
        connection_removed.disconnect(listen)
    assert heard == [zoom]


def test_the_revocation_is_queued_with_an_id_and_nothing_else(
    zoom: Connection, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    queued: list[Any] = []
    monkeypatch.setattr(tasks.revoke, "apply_async", lambda *, args, **_how: queued.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        remove(zoom, by="organizer")
    assert queued == [(Revocation.objects.get().pk,)]


@pytest.mark.parametrize("slug", ["zoom", "google"])
def test_the_grant_is_revoked_at_the_provider(sandbox: Sandbox, connect: Connect, slug: str) -> None:
    connection = connect(slug)
    remove(connection, by="organizer")
    tasks.sweep()
    assert not Revocation.objects.exists()
    (call,) = sandbox.calls("revoke")
    assert call["status"] == 200
    assert connection.events.first().kind == "revoked"  # type: ignore[union-attr]


def test_an_expired_access_token_is_renewed_to_revoke_it(sandbox: Sandbox, zoom: Connection) -> None:
    Connection.objects.filter(pk=zoom.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    sandbox.act("expire_tokens", service="zoom")
    remove(zoom, by="organizer")
    tasks.revoke(Revocation.objects.get().pk)
    assert [call["status"] for call in sandbox.calls("revoke")] == [200]
    assert not Revocation.objects.exists()


def test_an_access_token_that_died_early_is_renewed_as_well(sandbox: Sandbox, zoom: Connection) -> None:
    sandbox.act("expire_tokens", service="zoom")
    remove(zoom, by="organizer")
    tasks.revoke(Revocation.objects.get().pk)
    assert [call["status"] for call in sandbox.calls("revoke")] == [400, 200]
    assert not Revocation.objects.exists()


def test_a_grant_that_is_dead_already_is_done(sandbox: Sandbox, zoom: Connection) -> None:
    remove(zoom, by="organizer")
    sandbox.act("revoke_grant", service="zoom", user="zoe", webhook=False)
    tasks.revoke(Revocation.objects.get().pk)
    assert not Revocation.objects.exists()


def test_a_failing_revocation_is_tried_again_later(sandbox: Sandbox, zoom: Connection) -> None:
    remove(zoom, by="organizer")
    sandbox.fault(service="zoom", call="revoke", kind="status", params={"status": 503})
    tasks.sweep()
    waiting = Revocation.objects.get()
    assert waiting.attempts == 1
    assert waiting.last_error == "Zoom has a problem of its own right now (error 503)."
    assert timedelta(seconds=20) < waiting.next_attempt_at - timezone.now() < timedelta(seconds=40)
    tasks.sweep()
    assert len(sandbox.calls("revoke")) == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        tasks.sweep()
    assert not Revocation.objects.exists()


def test_after_a_week_it_is_given_up_in_words(sandbox: Sandbox, zoom: Connection) -> None:
    remove(zoom, by="organizer")
    Revocation.objects.update(created_at=timezone.now() - timedelta(days=8))
    sandbox.fault(service="zoom", call="revoke", kind="status", params={"status": 503})
    tasks.sweep()
    assert not Revocation.objects.exists()
    event = zoom.events.first()
    assert event is not None
    assert (event.kind, "Please remove it there." in event.text) == ("revocation_failed", True)


def test_a_revocation_waits_while_the_connection_is_being_connected(sandbox: Sandbox, zoom: Connection) -> None:
    remove(zoom, by="organizer")
    assert leases.take(zoom.pk) is not None
    tasks.sweep()
    assert sandbox.calls("revoke") == []
    assert Revocation.objects.exists()


def test_connecting_again_keeps_the_new_grant_alive(
    sandbox: Sandbox, zoom: Connection, connect: Connect, ada_user: User
) -> None:
    remove(zoom, by="organizer")
    again = connect("zoom")
    assert again.usable
    assert again.generation == 2
    tasks.sweep()
    assert sandbox.calls("revoke") == []
    assert not Revocation.objects.exists()


def test_removing_one_organizers_google_leaves_the_same_account_of_another(
    sandbox: Sandbox, connect: Connect, as_grace: Client, grace_user: User
) -> None:
    mine = connect("google")
    come_back(as_grace, sandbox.consent(consent_url(as_grace, "google")))
    assert with_tokens(grace_user, "google").usable
    remove(mine, by="organizer")
    tasks.sweep()
    assert sandbox.calls("revoke") == []
    assert mine.events.first().kind == "kept"  # type: ignore[union-attr]


def test_a_removed_zoom_account_is_free_for_another_organizer(
    sandbox: Sandbox, zoom: Connection, as_grace: Client, grace_user: User
) -> None:
    remove(zoom, by="organizer")
    come_back(as_grace, sandbox.consent(consent_url(as_grace, "zoom")))
    assert with_tokens(grace_user).usable


def test_removing_works_although_no_key_opens_the_tokens(zoom: Connection, ada_user: User, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = ["c29tZSBvdGhlciBrZXkgb2YgMzIgYnl0ZXMgLi4uLi4="]
    remove(zoom, by="organizer")
    assert with_tokens(ada_user).status == Connection.Status.REMOVED
    assert not Revocation.objects.exists()
    assert "ENCRYPTION_KEYS" in str(zoom.events.first())


def test_a_copy_that_no_key_opens_is_given_up_in_the_end(zoom: Connection, settings: Any) -> None:
    remove(zoom, by="organizer")
    settings.ENCRYPTION_KEYS = ["c29tZSBvdGhlciBrZXkgb2YgMzIgYnl0ZXMgLi4uLi4="]
    with pytest.raises(Exception, match="ENCRYPTION_KEYS"):
        Revocation.objects.get()
    tasks.sweep()
    assert "ENCRYPTION_KEYS" in Revocation.objects.values_list("last_error", flat=True).get()
    assert encrypt("x")


def test_deauthorization_forgets_what_was_connected_before(zoom: Connection, ada_user: User) -> None:
    later = timezone.now() + timedelta(seconds=1)
    assert deauthorize(provider="zoom", external_id=zoom.external_id, account_id=zoom.account_id, at=later) == 1
    after = with_tokens(ada_user)
    assert after.status == Connection.Status.DEAUTHORIZED
    assert (after.access_token, after.refresh_token, after.email, after.display_name) == ("", "", "", "")
    assert after.generation == zoom.generation + 1
    assert not Revocation.objects.exists()


def test_a_late_deauthorization_leaves_what_was_connected_since(zoom: Connection, ada_user: User) -> None:
    assert zoom.connected_at is not None
    earlier = zoom.connected_at - timedelta(seconds=1)
    assert deauthorize(provider="zoom", external_id=zoom.external_id, account_id=zoom.account_id, at=earlier) == 0
    assert with_tokens(ada_user).usable


def test_deauthorization_of_somebody_else_leaves_ours(zoom: Connection, ada_user: User) -> None:
    later = timezone.now() + timedelta(seconds=1)
    assert deauthorize(provider="zoom", external_id="somebody else", account_id="", at=later) == 0
    assert deauthorize(provider="zoom", external_id=zoom.external_id, account_id="another account", at=later) == 0
    assert with_tokens(ada_user).usable


def test_two_sweeps_at_once_revoke_once(sandbox: Sandbox, zoom: Connection) -> None:
    remove(zoom, by="organizer")
    pk = Revocation.objects.get().pk
    assert revocations._claim(pk) is not None
    assert revocations._claim(pk) is None
