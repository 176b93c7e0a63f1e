"""Connecting and removing an account in a real browser: by keyboard, without JavaScript, on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from bookings.models import Booking, Organizer
from integrations.models import Connection
from integrations.sandbox.testing import Sandbox
from zinnect.tests.test_browser_event_types import sign_in
from zinnect.tests.test_browser_public import BERLIN, NewContext, complaints_of, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
# Provider → its own words for connecting and for yes.
WORDS = {
    "google": ("Connect Google Calendar", "Allow", "Google Calendar is connected."),
    "zoom": ("Connect Zoom Account", "Authorize", "Zoom is connected."),
}


@pytest.fixture(autouse=True)
def _come_back_here(live_server: LiveServer, sandbox: Sandbox, settings: Settings) -> None:
    """Consent leads back to the site that is visited."""
    settings.BASE_URL = live_server.url


def connections(organizer: Organizer) -> dict[str, bool]:
    """Whether each account that was ever connected can be used."""
    return {row.provider: row.usable for row in Connection.objects.filter(user=organizer.user)}


def press(page: Page, selector: str) -> None:
    """By keyboard alone."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("provider", WORDS)
def test_connected_and_removed_by_keyboard_alone(
    live_server: LiveServer, ada: Organizer, new_context: NewContext, provider: str
) -> None:
    page = sign_in(new_context(**BERLIN), live_server, ada)
    complaints = complaints_of(page)
    page.goto(f"{live_server.url}/apps/integrations/")
    press(page, f"main a[href='/apps/integrations/{provider}/']")
    page.wait_for_url(f"**/{provider}/")
    press(page, f"form[action='/apps/integrations/{provider}/connect/'] button")
    page.wait_for_url("**/oauth**")
    press(page, "button[value=Authorize], button[value=Allow]")
    expect(page.get_by_text(WORDS[provider][2], exact=True)).to_be_visible()
    assert connections(ada) == {provider: True}

    press(page, f"a[href='/apps/integrations/{provider}/remove/']")
    page.wait_for_url("**/remove/")
    press(page, "main form button")
    expect(page.get_by_text("was removed.")).to_be_visible()
    assert connections(ada) == {provider: False}
    assert complaints == []


@pytest.mark.parametrize("how", [{"java_script_enabled": False}, PHONE], ids=["no JavaScript", "phone"])
def test_connected_and_removed(
    live_server: LiveServer, ada: Organizer, new_context: NewContext, how: dict[str, Any]
) -> None:
    page = sign_in(new_context(**how, **BERLIN), live_server, ada)
    for provider, (connect, agree, connected) in WORDS.items():
        page.goto(f"{live_server.url}/apps/integrations/{provider}/")
        page.get_by_role("button", name=connect).click()
        page.get_by_role("button", name=agree, exact=True).click()
        expect(page.get_by_text(connected, exact=True)).to_be_visible()
    assert connections(ada) == {"google": True, "zoom": True}

    for provider in WORDS:
        page.goto(f"{live_server.url}/apps/integrations/{provider}/")
        page.get_by_role("link", name="Remove", exact=True).click()
        page.get_by_role("button", name="Remove", exact=True).click()
        expect(page.get_by_text("was removed.")).to_be_visible()
    assert connections(ada) == {"google": False, "zoom": False}


def test_a_refusal_leads_back_to_a_friendly_word(
    live_server: LiveServer, ada: Organizer, new_context: NewContext
) -> None:
    page = sign_in(new_context(**PHONE, **BERLIN), live_server, ada)
    page.goto(f"{live_server.url}/apps/integrations/zoom/")
    page.get_by_role("button", name="Connect Zoom Account").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("button", name="Connect Zoom Account")).to_be_visible()
    assert connections(ada) == {}


def test_a_booking_on_a_phone(live_server: LiveServer, ada: Organizer, new_context: NewContext) -> None:
    page = new_context(**PHONE, **BERLIN).new_page()
    page.goto(f"{live_server.url}/ada/")
    page.get_by_role("link", name="Intro call").tap()
    page.locator(".month td a").last.tap()
    page.wait_for_url("**#times")
    page.locator("[data-slot]").first.tap()
    page.get_by_label("Your name").fill("Ines Ibarra")
    page.get_by_label("E-mail address").fill("ines@example.com")
    page.get_by_role("button", name="Book").tap()

    expect(page.get_by_role("heading", name="Your time is booked.")).to_be_visible()
    assert Booking.objects.get().invitee_name == "Ines Ibarra"
