"""Whoever reads German meets no English: on no page, in no message and in no mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from bookings import services
from bookings.models import Booking, Organizer
from bookings.tests.people import announced
from bookings.tests.people import booked as row
from bookings.tests.world import booked, connect, next_weekday, settle
from integrations.sandbox.testing import Sandbox
from zinnect.tests.german import english_in
from zinnect.tests.security import test_authorization
from zinnect.tests.security.forms import filled
from zinnect.tests.security.test_authorization import path_of, routes

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
adas = test_authorization.adas  # one of everything of hers, which the addresses lead to
GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}


@pytest.fixture
def ada(ada: Organizer) -> Organizer:
    """Ada, who reads German and offers what she offers in it."""
    ada.language = "de"
    ada.save()
    ada.event_types.update(title="Kennenlernen")
    return ada


@pytest.fixture
def stranger() -> Client:
    """A browser whose language is German."""
    return Client(headers=GERMAN)


@pytest.fixture
def as_ada(ada: Organizer) -> Client:
    """Ada's browser."""
    client = Client(headers=GERMAN)
    client.force_login(ada.user)
    return client


def pages(client: Client, paths: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of everything that a visitor can look at."""
    for path in paths:
        answer = client.get(path, follow=True)
        if answer.get("Content-Type", "").startswith("text/html"):
            yield path, answer.content.decode()


def english(found: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(path, words) for path, text in found for words in english_in(text)]


def everywhere(booking: Booking) -> Iterator[str]:
    """Every address but admin's and the way out."""
    left_out = ("admin/", "accounts/logout", "healthz", "readyz", "metrics")
    return (path_of(route, booking) for route in routes() if not route.startswith(left_out))


def test_a_stranger_meets_no_english(stranger: Client, adas: Booking) -> None:
    assert english(pages(stranger, everywhere(adas))) == []


def test_an_organizer_meets_no_english(as_ada: Client, adas: Booking) -> None:
    assert english(pages(as_ada, everywhere(adas))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "pending", "hold_until": datetime(2099, 1, 1, tzinfo=UTC)},
        {"status": "declined"},
        {"status": "cancelled", "reason": "Krank", "changed_by": "invitee"},
        {"days": -1},
        {"arranged_revision": 0},
        {"arranged_revision": 0, "last_error": "Zoom antwortet nicht."},
        {"location": "phone", "location_detail": "030 123"},
    ],
    ids=lambda changes: str(next(iter(changes.values()))),
)
def test_a_booking_speaks_german_in_every_state(
    as_ada: Client, stranger: Client, ada: Organizer, changes: dict[str, Any]
) -> None:
    booking = row(ada, **changes)
    announced(booking)
    theirs = (f"/b/{booking.token}/{page}" for page in ("", "reschedule/", "cancel/"))
    hers = (f"/bookings/{booking.uid}/{page}" for page in ("", "reschedule/", "cancel/", "answer/"))
    assert english(pages(stranger, theirs)) == []
    assert english(pages(as_ada, hers)) == []
    assert (
        english(pages(as_ada, (f"/bookings/?show={show}" for show in ("upcoming", "waiting", "past", "cancelled"))))
        == []
    )


def test_a_form_that_is_not_accepted_says_why_in_german(stranger: Client, ada: Organizer) -> None:
    form = filled(stranger)
    wrong = [{"name": ""}, {"email": "ida"}, {"guests": "ida"}, {"slot": "2026-01-01T09:00:00Z"}, {"form_key": ""}]
    answers = [stranger.post("/ada/intro/", {**form, **changes}) for changes in wrong]
    assert {answer.status_code for answer in answers} == {409, 422}
    assert (
        english((str(changes), answer.content.decode()) for changes, answer in zip(wrong, answers, strict=True)) == []
    )


def test_signing_up_speaks_german_and_so_does_its_mail(stranger: Client) -> None:
    for typed in ({}, {"email": "ida@example.org", "password1": "a", "password2": "b"}):
        assert english_in(stranger.post("/accounts/signup/", typed).content.decode()) == []
    typed = {"email": "ida@example.org", "password1": "ein langes Passwort", "password2": "ein langes Passwort"}
    stranger.post("/accounts/signup/", typed)
    stranger.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert len(mail.outbox) == 2
    assert [line for sent in mail.outbox for line in letter(sent) if english_in(line)] == []


def letter(sent: Any) -> list[str]:
    """Everything of a mail that is read, line by line; the HTML as one."""
    pages = [content for content, kind in getattr(sent, "alternatives", []) if kind == "text/html"]
    return [sent.subject, *sent.body.splitlines(), *pages]


def test_mail_and_history_speak_german_from_the_booking_to_its_end(
    as_ada: Client, ada: Organizer, sandbox: Sandbox
) -> None:
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada, language="de"))
    services.reschedule(booking=booking, start=next_weekday(14), by="organizer", reason="Zug")
    settle(booking)
    services.cancel(booking=booking, by="invitee", reason="Krank")
    settle(booking)
    assert len(mail.outbox) == 6
    assert [line for sent in mail.outbox for line in letter(sent) if english_in(line)] == []
    assert english_in(as_ada.get(f"/bookings/{booking.uid}/").content.decode()) == []


def test_what_goes_wrong_is_told_in_german(as_ada: Client, ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="zoom", call="meetings.create", kind="status", params={"status": 400, "code": 3161})
    sandbox.fault(service="google", call="events.insert", kind="status", params={"status": 404})
    booking = settle(booked(ada, language="de"))
    assert [sent.subject for sent in mail.outbox if "Sie sind gefragt: " in sent.subject]
    assert [line for sent in mail.outbox for line in letter(sent) if english_in(line)] == []
    assert english_in(as_ada.get(f"/bookings/{booking.uid}/").content.decode()) == []
    assert english(pages(as_ada, (f"/apps/integrations/{slug}/" for slug in ("zoom", "google")))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<p>Your page</p>", ["Your page"]),
        ('<img alt="The logo">', ["The logo"]),
        ("Hello to you", ["Hello to you"]),
        ('<a lang="en" title="The English one">English is here</a><p>Ihre Seite</p>', []),
        ("<script>for (const is of []) {}</script>Ihre Seite", []),
        ("Frage an the@example.org auf Europe/Isle of Man", []),
    ],
)
def test_english_is_seen_where_it_is(text: str, found: list[str]) -> None:
    assert english_in(text) == found
