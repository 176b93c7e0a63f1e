"""Secrets at rest: ciphertext only, an error that names the key problem, and rotation under way."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection as database

from integrations import rotation
from integrations.errors import ProviderError
from integrations.fields import EncryptionKeyError, decrypt
from integrations.models import AuthorizationRequest, Connection, Revocation
from integrations.oauth import call_with_token, remove
from integrations.sandbox.testing import Sandbox
from integrations.tests.conftest import Connect, with_tokens

pytestmark = pytest.mark.django_db

NEW_KEY = Fernet.generate_key().decode()


def stored(table: str, *columns: str) -> list[tuple[str, ...]]:
    """What really stands in the database."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM integrations_{table} ORDER BY id")  # noqa: S608
        return [tuple(row) for row in cursor.fetchall()]


def everything_stored() -> str:
    with database.cursor() as cursor:
        text = []
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            text.append(str(cursor.fetchall()))
    return "\n".join(text)


def test_no_token_stands_in_the_database(sandbox: Sandbox, connect: Connect) -> None:
    connect("google")
    remove(connect("zoom"), by="organizer")
    assert Revocation.objects.exists()
    assert AuthorizationRequest.objects.count() == 2
    for columns in stored("revocation", "access_token", "refresh_token"):
        assert all(value.startswith("gAAAA") for value in columns)
    assert sandbox.leaks(everything_stored()) == []


def test_tokens_are_not_even_loaded_unless_they_are_asked_for(connect: Connect, ada_user: User) -> None:
    connect("zoom")
    loaded = Connection.objects.get(user=ada_user)
    assert {"access_token", "refresh_token"} <= loaded.get_deferred_fields()


def test_a_wrong_key_is_named_and_never_silently_empty(connect: Connect, ada_user: User, settings: Any) -> None:
    connection = connect("zoom")
    settings.ENCRYPTION_KEYS = [NEW_KEY]
    with pytest.raises(EncryptionKeyError, match="ENCRYPTION_KEYS"):
        with_tokens(ada_user)
    with pytest.raises(ProviderError, match="ENCRYPTION_KEYS") as caught:
        call_with_token(connection, str)
    assert caught.value.retryable


def test_connecting_again_mends_a_lost_key(connect: Connect, settings: Any) -> None:
    connect("zoom")
    settings.ENCRYPTION_KEYS = [NEW_KEY]
    assert connect("zoom").usable


def rotate() -> str:
    out = StringIO()
    call_command("rotate_encryption_keys", stdout=out)
    return out.getvalue()


def test_rotation_brings_everything_under_the_newest_key(connect: Connect, ada_user: User, settings: Any) -> None:
    before = connect("zoom")
    old_key = settings.ENCRYPTION_KEYS[0]
    settings.ENCRYPTION_KEYS = [NEW_KEY, old_key]
    said = rotate()
    assert "integrations.Connection.access_token: 1 encrypted anew, 0 changed meanwhile, 0 that no key opens" in said
    assert "integrations.AuthorizationRequest.code_verifier: 1 encrypted anew" in said
    settings.ENCRYPTION_KEYS = [NEW_KEY]
    after = with_tokens(ada_user)
    assert (after.access_token, after.refresh_token) == (before.access_token, before.refresh_token)


def test_rotation_leaves_what_was_changed_meanwhile(
    connect: Connect, ada_user: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refresh saves a new token between our reading and our writing."""
    connection = connect("zoom")
    settings.ENCRYPTION_KEYS = [NEW_KEY, *settings.ENCRYPTION_KEYS]
    real = decrypt

    def refreshed_meanwhile(ciphertext: str) -> str:
        Connection.objects.filter(pk=connection.pk).update(access_token="a newer token")
        return real(ciphertext)

    monkeypatch.setattr(rotation, "decrypt", refreshed_meanwhile)
    field = Connection._meta.get_field("access_token")
    done = rotation.rotate(Connection, field)
    assert (done.rewritten, done.changed_meanwhile) == (0, 1)
    assert with_tokens(ada_user).access_token == "a newer token"


def test_rotation_in_small_batches_reaches_every_row(ada_user: User, settings: Any) -> None:
    for number in range(5):
        AuthorizationRequest.objects.create(
            user=ada_user, provider="zoom", state_digest=str(number), session_digest="", code_verifier=str(number)
        )
    settings.ENCRYPTION_KEYS = [NEW_KEY, *settings.ENCRYPTION_KEYS]
    field = AuthorizationRequest._meta.get_field("code_verifier")
    assert rotation.rotate(AuthorizationRequest, field, batch=2).rewritten == 5


def test_what_no_key_opens_is_named_and_left_alone(connect: Connect, settings: Any) -> None:
    connection = connect("zoom")
    before = stored("connection", "access_token")
    settings.ENCRYPTION_KEYS = [NEW_KEY]
    with pytest.raises(CommandError, match=f"integrations.Connection {connection.pk}"):
        rotate()
    assert stored("connection", "access_token") == before
