"""Settings that start but would not do are named at every start; those that would be unsafe stop it."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from zinnect.demo.environment import DEFAULTS
from zinnect.demo.product import ROOT


def _ids() -> set[str]:
    return {str(message.id) for message in run_checks() if str(message.id).startswith("zinnect.")}


def test_the_settings_of_the_tests_are_sound() -> None:
    assert _ids() == set()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ARRANGE_LEASE_SECONDS", 29, "zinnect.W001"),
        ("MEETING_FALLBACK_SECONDS", 5, "zinnect.W002"),
        ("REDIS_URL", "", "zinnect.W003"),
        ("ZOOM_CLIENT_ID", "an id", "zinnect.W004"),
        ("ALLOWED_HOSTS", ["other.example.com"], "zinnect.W005"),
        ("PROVIDER_TIMEOUT_SECONDS", 0, "zinnect.E001"),
        ("SWEEP_SECONDS", 0, "zinnect.E002"),
        ("ENCRYPTION_KEYS", ["not a key"], "zinnect.E003"),
        ("BASE_URL", "https://localhost/path", "zinnect.E004"),
    ],
)
def test_a_setting_that_would_not_do_is_named(settings: Settings, name: str, value: Any, expected: str) -> None:
    setattr(settings, name, value)

    assert expected in _ids()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS is missing"),
        ({"ZOOM_CLIENT_ID": "an-id"}, "ZOOM_CLIENT_SECRET is missing"),
        ({"GOOGLE_CLIENT_ID": "an-id"}, "GOOGLE_CLIENT_SECRET is missing"),
        ({"ZOOM_API_URL": "http://zoom.example.com"}, "ZOOM_API_URL must start with https://"),
        ({"BASE_URL": "http://book.example.com"}, "BASE_URL must start with https://"),
        ({"EMAIL_URL": "submission://user:password@mail.example.com:587"}, "EMAIL_URL: .*smtp\\+tls://"),
        ({"ZINNECT_SANDBOX": "1"}, "needs DEBUG=1"),
    ],
)
def test_unsafe_settings_stop_the_start_with_a_message_that_names_them(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], message: str
) -> None:
    for name, value in (DEFAULTS | changes).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured, match=message):
        runpy.run_path(str(ROOT / "zinnect" / "settings.py"))


def test_the_settings_that_those_differ_from_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DEFAULTS.items():
        monkeypatch.setenv(name, value)

    assert runpy.run_path(str(ROOT / "zinnect" / "settings.py"))["DEBUG"] is False
