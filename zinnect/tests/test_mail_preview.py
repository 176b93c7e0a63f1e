"""Every mail that the product sends, as its preview shows it: HTML and text, facts first, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from allauth.core import context
from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from zinnect.mail_samples import ZOOM, samples

pytestmark = pytest.mark.django_db

TEMPLATES = Path(django_settings.BASE_DIR) / "templates"
# What people of the samples wrote stays as they wrote it.
AS_TYPED = {"I should like to talk about the schedule for January.", "Please excuse me."}
BOOKING = ("confirmed", "moved", "corrected", "new-link", "requested", "declined", "cancelled", "reminder", "trouble")


Mails = dict[str, EmailMultiAlternatives]


@pytest.fixture
def mails_in(rf: RequestFactory) -> Callable[[str], Mails]:
    """Each by its name, in a language; allauth's own are rendered within a request."""

    def render(language: str) -> Mails:
        with context.request_context(rf.get("/")):
            return samples(language)

    return render


@pytest.fixture
def mails(mails_in: Callable[[str], Mails]) -> Mails:
    """In English."""
    return mails_in("en")


def html_of(mail: EmailMultiAlternatives) -> str:
    return unescape(str(mail.alternatives[0][0]))


def words_of(html: str) -> str:
    """What a reader sees of it."""
    body = re.sub(r"(?s)<style>.*?</style>|<title>.*?</title>", "", html)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.fixture
def preview(client: Client, settings: Settings) -> Client:
    """As a developer sees it."""
    settings.DEBUG = True
    return client


def test_in_production_there_is_no_preview(client: Client) -> None:
    for name in ("mail_preview", "mail_preview_html"):
        assert client.get(reverse(name), {"mail": "confirmed"}).status_code == 404


def test_the_preview_shows_every_mail_and_writes_nothing(preview: Client, mails: Mails) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = unescape(preview.get(reverse("mail_preview")).content.decode())
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    for name, mail in mails.items():
        assert str(mail.subject) in page, name
        assert f"?mail={name}&language=en" in page


def test_the_html_of_a_mail_is_framed_by_the_preview_alone(preview: Client) -> None:
    page = preview.get(reverse("mail_preview_html"), {"mail": "confirmed"})
    policy = page["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "script-src 'self'" in policy
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src 'self'" in preview.get(reverse("mail_preview"))["Content-Security-Policy"]
    assert preview.get(reverse("mail_preview_html"), {"mail": "nothing"}).status_code == 404


@pytest.mark.parametrize("language", [code for code, _name in django_settings.LANGUAGES])
def test_every_mail_has_html_and_text_and_loads_nothing(mails_in: Callable[[str], Mails], language: str) -> None:
    mails = mails_in(language)
    for name, mail in mails.items():
        assert str(mail.subject) == " ".join(mail.subject.split()), name
        assert mail.alternatives[0][1] == "text/html", name
        html = html_of(mail)
        assert not re.search(r"<(img|script|link|iframe)\b|\bsrc=|url\(|@import", html), name
        assert html.startswith("<!doctype html>"), name
        assert f'<html lang="{language}">' in html, name
        assert "{" not in mail.body, name


def test_a_german_reader_finds_no_english(mails_in: Callable[[str], Mails]) -> None:
    english, german = mails_in("en"), mails_in("de")
    for name, mail in german.items():
        same = lines_of(mail) & lines_of(english[name])
        assert {line for line in same if "http" not in line} <= AS_TYPED, name
        assert mail.subject != english[name].subject, name


def lines_of(mail: EmailMultiAlternatives) -> set[str]:
    """The lines of its text that are not empty."""
    return {line.strip("- ") for line in str(mail.body).splitlines() if line.strip()}


def test_html_and_text_hold_the_same_links(mails: Mails) -> None:
    def links(text: str) -> set[str]:
        return {link.rstrip(".") for link in re.findall(r"(?:https?://|mailto:)[^\s\"<>]+", text)}

    for name, mail in mails.items():
        assert links(html_of(mail)) == links(str(mail.body)), name


def test_the_facts_come_first_and_then_the_link(mails: Mails) -> None:
    for name in [name for name in mails if name.startswith(BOOKING)]:
        mail, organizers = mails[name], mails[name].to == ["sarah@example.com"]
        when = "Thursday, 3 December 2026, " + (
            "10:00–10:30 (Europe/Berlin, UTC+01:00)" if organizers else "04:00–04:30 (America/New_York, UTC-05:00)"
        )
        other = "Ines Ibarra" if organizers else "Sarah Sample"
        for text in (" ".join(mail.body.split()), words_of(html_of(mail))):
            places = [text.find(words) for words in ("Intro call", when, other)]
            assert -1 < places[0] < places[1] < places[2] < 250, f"{name}: {text}"
            if ZOOM[1] in text and not name.startswith("trouble"):
                assert places[2] < text.index(ZOOM[1]) < 400, f"{name}: {text}"


def test_who_may_change_a_booking_is_told_how(mails: Mails) -> None:
    for name in ("confirmed", "moved", "new-link", "requested", "reminder-day", "reminder-hour", "confirmed-no-link"):
        assert "Reschedule or cancel: http://localhost:8000/b/sample/" in mails[name].body, name
    for name in ("cancelled", "confirmed-guest", "confirmed-organizer", "trouble"):
        assert "/b/sample/" not in mails[name].body, name
        assert "/b/sample/" not in html_of(mails[name]), name


def test_every_template_of_a_mail_is_there_as_html_and_as_text() -> None:
    folders = [TEMPLATES / "emails", TEMPLATES / "integrations/mail", TEMPLATES / "account/email"]
    for folder in folders:
        names = {path.stem for path in folder.glob("*.html")} - {"_layout", "email_confirmation_signup_message"}
        texts = {path.stem for path in folder.glob("*.txt") if not path.stem.endswith("_subject")}
        assert names == texts, folder
