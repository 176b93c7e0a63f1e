"""``manage.py doctor`` looks at everything, says ok or what mends it, and ends accordingly."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings
from pytest_django import Settings

from bookings.models import Organizer
from bookings.tests.people import booked as row_of_booking
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox
from zinnect import heartbeat

pytestmark = pytest.mark.django_db

NAMES = """
    settings, keys, zone data, static files, database, migrations, stored tokens, permissions, unfinished work, broker,
    workers, beat, mail, Zoom, Google, clock
"""


def doctor() -> tuple[str, bool]:
    """What it says, and whether all is well."""
    output = StringIO()
    try:
        call_command("doctor", stdout=output)
    except CommandError:
        return output.getvalue(), False
    return output.getvalue(), True


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What collectstatic leaves; the manifest is another matter."""
    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=root):
        call_command("collectstatic", "--noinput", verbosity=0)
    (root / "staticfiles.json").write_text("{}")
    return root


@pytest.fixture
def healthy(sandbox: Sandbox, settings: Settings, collected: Path) -> Settings:
    """A production in which nothing is to mend."""
    for name, value in {
        "SILENCED_SYSTEM_CHECKS": ["async.E001"],  # the tests' own environment, which a browser needs
        "BASE_URL": "https://book.example.com",
        "ALLOWED_HOSTS": ["book.example.com"],
        "TRUSTED_PROXIES": 1,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "STATIC_ROOT": collected,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": int(re.sub(r"\D", "", sandbox.environment()["EMAIL_URL"].rsplit(":", 1)[1])),
    }.items():
        setattr(settings, name, value)
    heartbeat.note(type("Sweep", (), {"name": "bookings.tasks.arrange_due"}))
    return settings


def test_where_all_is_well_every_line_says_ok_and_the_addresses_to_enter_are_named(healthy: Settings) -> None:
    said, well = doctor()

    assert well, said
    assert re.findall(r"✓ ([\w ]+): ok", said) == [name.strip() for name in NAMES.split(",")]
    assert "redirect URL: https://book.example.com/apps/integrations/zoom/callback/" in said
    assert "redirect URL: https://book.example.com/apps/integrations/google/callback/" in said
    assert "event notification endpoint: https://book.example.com/webhooks/zoom/" in said
    assert "meeting:write:meeting" in said
    assert "https://www.googleapis.com/auth/calendar.events.owned" in said


@pytest.mark.parametrize(
    ("change", "said", "mend"),
    [
        ({"ARRANGE_LEASE_SECONDS": 5}, "✗ settings: ARRANGE_LEASE_SECONDS", "Raise ARRANGE_LEASE_SECONDS"),
        ({"TRUSTED_PROXIES": 0}, "✗ settings: TRUSTED_PROXIES is 0", "Set TRUSTED_PROXIES"),
        ({"ENCRYPTION_KEYS": ["no key"]}, "✗ keys: ENCRYPTION_KEYS cannot encrypt", "Set Fernet keys"),
        ({"STATIC_ROOT": "/nowhere"}, "✗ static files:", "collectstatic"),
        ({"REDIS_URL": "redis://127.0.0.1:9/0"}, "✗ broker: The broker does not answer", "Check REDIS_URL"),
        ({"EMAIL_PORT": 9}, "✗ mail: The mail server does not take us", "Check EMAIL_URL"),
        ({"EMAIL_BACKEND": "…console.EmailBackend"}, "✗ mail: EMAIL_URL names no mail server", "Set EMAIL_URL"),
        ({"ZOOM_CLIENT_ID": ""}, "✗ Zoom: Zoom is not configured", "Set ZOOM_CLIENT_ID"),
        ({"ZOOM_WEBHOOK_SECRET": ""}, "✗ Zoom: ZOOM_WEBHOOK_SECRET is not set", "Copy the secret token"),
        ({"GOOGLE_CLIENT_ID": ""}, "✗ Google: Google is not configured", "docs/google.md"),
        ({"GOOGLE_API_URL": "http://127.0.0.1:9"}, "✗ clock: Google was not reached", "over HTTPS"),
    ],
)
def test_each_fault_has_its_line_and_what_mends_it(
    healthy: Settings, change: dict[str, Any], said: str, mend: str
) -> None:
    for name, value in change.items():
        setattr(healthy, name, value)

    text, well = doctor()

    assert not well
    assert re.search(re.escape(said) + r".*\n    .*" + re.escape(mend), text), text
    assert text.count("✗") == 1, text


def test_workers_and_beat_are_missed(healthy: Settings) -> None:
    cache.clear()

    text, well = doctor()

    assert not well
    assert "✗ workers: Nothing was heard of workers lately." in text
    assert "✗ beat: Nothing was heard of beat lately." in text


@pytest.mark.parametrize("change", [lambda file: file.write_text("of before"), lambda file: file.unlink()])
def test_static_files_of_another_version_are_named(
    healthy: Settings, collected: Path, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    healthy.STATIC_ROOT = copytree(collected, tmp_path / "static")
    change(tmp_path / "static" / "css" / "app.css")

    assert "✗ static files: 1 static files are not those of this version, css/app.css for one." in doctor()[0]


def test_missing_migrations_are_named_and_rows_not_looked_at(healthy: Settings) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="bookings").delete()

    text, well = doctor()

    assert not well
    assert "Run manage.py migrate." in text
    assert "stored tokens" not in text


def test_permissions_that_connections_lack_are_named(healthy: Settings, ada: Organizer) -> None:
    scopes = "user:read:user meeting:write:meeting meeting:update:meeting"
    Connection.objects.create(user=ada.user, provider="zoom", status=Connection.Status.CONNECTED, scopes=scopes)

    assert "✗ permissions: 1 connections to Zoom lack meeting:delete:meeting." in doctor()[0]


def test_unfinished_work_is_counted(healthy: Settings, ada: Organizer) -> None:
    row_of_booking(ada, arranged_revision=0, attempts=1)

    assert "✗ unfinished work: 1 bookings are not fully arranged though it was tried." in doctor()[0]


@pytest.fixture
def slow_clock() -> Iterator[str]:
    """A provider whose clock is an hour behind."""

    class Behind(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return "Thu, 01 Jan 2026 00:00:00 GMT"

        def do_GET(self) -> None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Behind) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_clock_that_goes_wrong_is_noticed_by_the_providers(healthy: Settings, slow_clock: str) -> None:
    healthy.ZOOM_API_URL = slow_clock

    text, well = doctor()

    assert not well
    assert re.search(r"✗ clock: This machine's clock is \d+ s ahead of Zoom's\.\n    Switch on time", text)
