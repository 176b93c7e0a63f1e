"""One stylesheet for all pages, every component of it on one page for developers, and errors in the same look."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.views.defaults import bad_request, page_not_found, server_error
from pytest_django import Settings

from bookings.models import Organizer

STYLES = Path(django_settings.BASE_DIR) / "static/css/app.css"
COMPONENTS = """
    button button-secondary button-danger badge-ok badge-warn badge-bad badge-off notice notice-warn notice-bad field
    field-error card month times zone switch state working empty table steps timeline facts avatar
""".split()
# One round trip holds 14 KB (work on the first congestion window: RFC 6928). They are for the page and its styles.
ROUND_TRIP = 14 * 1024


def classes(html: str) -> set[str]:
    """Every class that a page uses."""
    return {name for names in re.findall(r'class="([^"]*)"', html) for name in names.split()}


def test_developers_see_every_component_on_one_page(client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    page = client.get("/styleguide/").content.decode()

    assert set(COMPONENTS) - classes(page) == set()
    assert not re.search(r"\sstyle=|<style|<script|\son[a-z]+=", page)


@pytest.mark.django_db
def test_nobody_else_sees_the_style_guide(client: Client) -> None:
    assert client.get("/styleguide/").status_code == 404


def test_a_public_page_and_its_styles_fit_into_one_round_trip(client: Client, ada: Organizer) -> None:
    page = client.get(f"/{ada.handle}/intro/").content
    assert page.count(b'rel="stylesheet"') == 1
    assert len(gzip.compress(page)) + len(gzip.compress(STYLES.read_bytes())) <= ROUND_TRIP


def test_errors_are_told_without_a_database() -> None:
    """pytest-django lets nobody near it who is not marked, and server_error hands its template no request."""
    request = RequestFactory().get("/nowhere/")
    answers: list[HttpResponse] = [
        bad_request(request, ValueError()),
        page_not_found(request, ValueError()),
        server_error(request),
    ]
    assert [answer.status_code for answer in answers] == [400, 404, 500]
    for answer in answers:
        assert "css/app.css" in answer.content.decode()
        assert 'class="message"' in answer.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_cookie_is_refused_in_our_look() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "ada@example.com"})
    assert answer.status_code == 403
    assert "You may not do that" in answer.content.decode()
    assert "css/app.css" in answer.content.decode()
