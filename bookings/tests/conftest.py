"""Fixtures of the bookings' tests."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from threading import Barrier

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from bookings.models import Booking, EventType, Organizer
from bookings.services import NotChangeable, SlotTaken
from bookings.tests.invitee import START, book
from bookings.tests.public import NOW
from bookings.tests.world import Many, connect
from integrations.sandbox.testing import Sandbox


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address that the mail server refuses for good."""
    address, deliver = "nobody@example.org", EmailBackend.send_messages

    def answer(self: EmailBackend, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            if address in message.to:
                raise smtplib.SMTPRecipientsRefused({address: (550, b"no such mailbox")})
        return deliver(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", answer)
    return address


@pytest.fixture
def as_admin(db: None) -> Client:
    """Signed in as an admin."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("olga", "olga@example.com", "a password"))
    return client


@pytest.fixture
def at_once() -> Many:
    """Run a function in several threads at the same moment; results, or refusals of the domain, in order."""

    def run(count: int, function: Callable[[int], object]) -> list[object]:
        barrier = Barrier(count)

        def one(number: int) -> object:
            barrier.wait()
            try:
                return function(number)
            except (SlotTaken, NotChangeable) as refusal:
                return refusal
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run


@pytest.fixture
def on_a_monday_morning() -> Iterator[None]:
    """The clock stands still on a Monday in Berlin's winter."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def at_noon() -> Iterator[None]:
    """Today at noon UTC: no test sees the day end by chance."""
    with time_machine.travel(timezone.now().astimezone(UTC).replace(hour=12, minute=0)):
        yield


@pytest.fixture
def connected_at_noon(at_noon: None, ada: Organizer, sandbox: Sandbox, settings: Settings) -> None:
    """Ada's Google and Zoom, at noon, with the limits on."""
    settings.RATE_LIMITS = "default"
    connect(ada, sandbox, "google", "zoom")


@pytest.fixture
def intro(ada: Organizer) -> EventType:
    """Ada's thirty minutes, Mon–Fri 09:00–17:00 in Berlin."""
    return ada.event_types.get(slug="intro")


@pytest.fixture
def booking(intro: EventType) -> Booking:
    """Ines of New York, Thursday at nine in the morning there."""
    return book(intro, START, "ines")


@pytest.fixture
def stranger() -> Client:
    """A browser that sends no cookie, against a server that checks for one wherever it wants one."""
    return Client(enforce_csrf_checks=True)
