"""What a process does when it starts."""

from __future__ import annotations

import pytest
from celery.signals import worker_init
from cryptography.fernet import Fernet
from django.template import Origin
from django.template.loader import get_template
from django.template.loaders.filesystem import Loader as FileSystemLoader
from pytest_django import Settings

from bookings.models import Organizer
from integrations.models import Connection
from zinnect.demo.product import ROOT
from zinnect.startup import look_at_secrets, read_templates

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _connected(ada: Organizer) -> None:
    Connection.objects.create(user=ada.user, provider="zoom", access_token="an access token")


def test_wrong_keys_are_said_with_what_mends_them(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    look_at_secrets()
    (line,) = caplog.messages
    assert line.startswith("The tokens of 1 connections cannot be decrypted.")
    assert "at the end of ENCRYPTION_KEYS" in line


def test_the_right_keys_are_not_worth_a_word(caplog: pytest.LogCaptureFixture) -> None:
    look_at_secrets()
    assert caplog.messages == []


def test_no_template_is_read_later_when_a_new_version_may_lie_there(monkeypatch: pytest.MonkeyPatch) -> None:
    read_templates()

    def refuse(self: FileSystemLoader, origin: Origin) -> str:
        raise AssertionError(f"{origin.name} was read after the start")

    monkeypatch.setattr(FileSystemLoader, "get_contents", refuse)
    ours = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    assert ours
    assert all(get_template(path.relative_to(ROOT / "templates").as_posix()) for path in ours)


def test_workers_read_them_too() -> None:
    assert read_templates in [receiver for _key, receiver in worker_init.receivers]
