"""Tokens: one refresh at a time, saved before use, never lost to a race, and lost in words when they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone

from integrations import grants, leases, providers, tokens
from integrations.errors import ConnectionUnusable, ProviderError
from integrations.models import Connection, Revocation
from integrations.oauth import call_with_token, remove, with_valid_token
from integrations.sandbox.testing import Sandbox
from integrations.tests.conftest import Connect, expire, refreshes, who, with_tokens

pytestmark = pytest.mark.django_db


def test_a_valid_token_is_used_as_it_is(sandbox: Sandbox, zoom: Connection) -> None:
    assert call_with_token(zoom, who) == "Organizer One"
    assert refreshes(sandbox) == 0


@pytest.mark.parametrize(("left", "wanted"), [(90, 0), (30, 1), (-30, 1)])
def test_a_token_is_refreshed_a_minute_ahead(sandbox: Sandbox, zoom: Connection, left: int, wanted: int) -> None:
    Connection.objects.filter(pk=zoom.pk).update(expires_at=timezone.now() + timedelta(seconds=left))
    assert call_with_token(zoom, who) == "Organizer One"
    assert refreshes(sandbox) == wanted


def test_the_rotated_pair_is_kept(sandbox: Sandbox, zoom: Connection, ada_user: User) -> None:
    expire(zoom)
    call_with_token(zoom, who)
    renewed = with_tokens(ada_user)
    assert renewed.refresh_token != zoom.refresh_token
    assert renewed.token_version == zoom.token_version + 1
    assert (renewed.lease_owner, renewed.lease_until) == ("", None)
    expire(zoom)
    assert call_with_token(zoom, who) == "Organizer One"
    assert sandbox.state()["reused_refresh_tokens"] == 0


def test_google_keeps_its_refresh_token(sandbox: Sandbox, connect: Connect, ada_user: User) -> None:
    google = connect("google")
    expire(google)
    assert with_valid_token(google.pk).access_token != google.access_token
    assert with_tokens(ada_user, "google").refresh_token == google.refresh_token


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_refresh_once(sandbox: Sandbox, zoom: Connection) -> None:
    expire(zoom, sandbox)

    def use(_number: int) -> str:
        with closing(database):
            return call_with_token(zoom, who)

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(use, range(20))) == ["Organizer One"] * 20
    assert refreshes(sandbox) == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_with_the_same_refused_token_refresh_once(sandbox: Sandbox, zoom: Connection) -> None:
    sandbox.act("expire_tokens", service="zoom")

    def use(_number: int) -> str:
        with closing(database):
            return call_with_token(zoom, who)

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(use, range(20))) == ["Organizer One"] * 20
    assert refreshes(sandbox) == 1


def test_a_401_that_names_an_earlier_token_refreshes_nothing(sandbox: Sandbox, zoom: Connection) -> None:
    assert call_with_token(zoom, lambda token: token, refused="an earlier token") == zoom.access_token
    assert refreshes(sandbox) == 0


def test_the_pair_is_saved_although_the_lease_ran_out(
    sandbox: Sandbox, zoom: Connection, ada_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody took the lease over while our refresh was on its way: the new pair is what counts."""
    real = grants.refresh

    def slow(*args: Any) -> grants.Grant:
        grant = real(*args)
        Connection.objects.filter(pk=zoom.pk).update(lease_owner="somebody else")
        return grant

    monkeypatch.setattr(grants, "refresh", slow)
    expire(zoom)
    token = with_valid_token(zoom.pk).access_token
    assert with_tokens(ada_user).access_token == token != zoom.access_token
    assert with_tokens(ada_user).lease_owner == "somebody else"


def test_a_newer_pair_is_never_overwritten(
    sandbox: Sandbox, zoom: Connection, ada_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The organizer connected again while our refresh was on its way."""

    def overtaken(*args: Any) -> grants.Grant:
        newer = with_tokens(ada_user)
        newer.access_token, newer.refresh_token = "newer access", "newer refresh"
        newer.expires_at, newer.token_version = timezone.now() + timedelta(hours=1), newer.token_version + 1
        newer.save()
        return grants.Grant("late access", "late refresh", timezone.now() + timedelta(hours=1), None)

    monkeypatch.setattr(grants, "refresh", overtaken)
    expire(zoom)
    assert with_valid_token(zoom.pk).access_token == "newer access"
    assert with_tokens(ada_user).refresh_token == "newer refresh"


def test_removing_while_refreshing_brings_no_token_back_and_revokes_the_new_pair(
    sandbox: Sandbox, zoom: Connection, ada_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = grants.refresh

    def removed_meanwhile(*args: Any) -> grants.Grant:
        grant = real(*args)
        remove(Connection.objects.get(pk=zoom.pk), by="organizer")
        return grant

    monkeypatch.setattr(grants, "refresh", removed_meanwhile)
    expire(zoom)
    with pytest.raises(ConnectionUnusable, match="Zoom is not connected"):
        with_valid_token(zoom.pk)
    after = with_tokens(ada_user)
    assert (after.status, after.access_token, after.refresh_token) == ("removed", "", "")
    copy = Revocation.objects.get()
    assert zoom.refresh_token != copy.refresh_token
    assert providers.get("zoom").revoke(copy.access_token) is True


def test_what_was_refreshed_before_the_lease_came_free_is_not_refreshed_again(
    sandbox: Sandbox, zoom: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = leases.take

    def after_the_winner(connection_id: int) -> leases.Lease | None:
        Connection.objects.filter(pk=connection_id).update(
            access_token="the winner's", expires_at=timezone.now() + timedelta(hours=1), token_version=99
        )
        return real(connection_id)

    monkeypatch.setattr(leases, "take", after_the_winner)
    expire(zoom)
    assert with_valid_token(zoom.pk).access_token == "the winner's"
    assert refreshes(sandbox) == 0


def test_an_invalid_grant_after_somebody_won_is_no_loss(
    sandbox: Sandbox, zoom: Connection, ada_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beaten(*args: Any) -> grants.Grant:
        Connection.objects.filter(pk=zoom.pk).update(
            access_token="the winner's", expires_at=timezone.now() + timedelta(hours=1), token_version=99
        )
        raise grants.InvalidGrant("too late")

    monkeypatch.setattr(grants, "refresh", beaten)
    expire(zoom)
    assert with_valid_token(zoom.pk).access_token == "the winner's"
    assert with_tokens(ada_user).usable


def test_after_a_takeover_a_refusal_is_waited_out_before_anything_is_given_up(
    sandbox: Sandbox, zoom: Connection, ada_user: User, settings: Any
) -> None:
    """The holder whose lease ran out may be slow and not dead: its new pair may still arrive."""
    settings.PROVIDER_TIMEOUT_SECONDS = 2
    expire(zoom, sandbox)
    grants.refresh(providers.get("zoom"), zoom.refresh_token)  # The slow one's; not saved yet.
    past = timezone.now() - timedelta(seconds=1)
    Connection.objects.filter(pk=zoom.pk).update(lease_owner="the slow one", lease_until=past)
    with pytest.raises(ProviderError) as first:
        with_valid_token(zoom.pk)
    assert first.value.retryable
    assert first.value.retry_at is not None
    assert with_tokens(ada_user).usable
    with pytest.raises(ProviderError) as meanwhile:
        with_valid_token(zoom.pk)
    assert meanwhile.value.retry_at == first.value.retry_at
    assert refreshes(sandbox) == 2
    Connection.objects.filter(pk=zoom.pk).update(lease_until=past)
    with pytest.raises(ConnectionUnusable):
        with_valid_token(zoom.pk)
    assert with_tokens(ada_user).status == Connection.Status.NEEDS_RECONNECT


def test_a_pair_that_arrives_while_it_is_waited_for_is_used(sandbox: Sandbox, zoom: Connection, ada_user: User) -> None:
    expire(zoom, sandbox)
    slow = grants.refresh(providers.get("zoom"), zoom.refresh_token)
    past = timezone.now() - timedelta(seconds=1)
    Connection.objects.filter(pk=zoom.pk).update(lease_owner="the slow one", lease_until=past)
    with pytest.raises(ProviderError, match="being checked"):
        with_valid_token(zoom.pk)
    assert tokens._save(zoom, slow)
    assert call_with_token(zoom, who) == "Organizer One"


def test_whoever_waits_too_long_for_a_refresh_may_try_again_later(
    sandbox: Sandbox, zoom: Connection, settings: Any
) -> None:
    settings.PROVIDER_TIMEOUT_SECONDS = 0.3
    expire(zoom)
    assert leases.take(zoom.pk) is not None
    with pytest.raises(ProviderError, match="just being renewed") as caught:
        with_valid_token(zoom.pk)
    assert caught.value.retryable
