"""A booking that its organizer confirms, from the event type's form to the Zoom link, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from bookings.arrange import arrange_due
from bookings.models import Organizer
from bookings.tests.world import connect, live_meeting
from integrations.sandbox.testing import Sandbox
from zinnect.tests.fixtures import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NewContext = Callable[..., BrowserContext]
BERLIN = {"locale": "en-GB", "timezone_id": "Europe/Berlin"}


def link_in_mail(to: str, pattern: str) -> str:
    """The path of the link that the newest mail to somebody holds."""
    newest = [message for message in mail.outbox if message.to == [to]][-1]
    found = re.search(rf"https?://[^/\s]+({pattern})", str(newest.body))
    assert found is not None, newest.body
    return found[1]


def ask_for_a_time(page: Page, base: str) -> None:
    """As an invitee does."""
    page.goto(f"{base}/ada/intro/")
    page.locator("[data-slot]").last.click()
    page.get_by_label("Your name").fill("Ines Ibarra")
    page.get_by_label("E-mail address").fill("ines@example.com")
    page.get_by_role("button", name="Ask for this time").click()
    expect(page.locator("#status")).to_have_attribute("data-status", "pending")


def sign_in(page: Page) -> None:
    """As Ada does on the page that a link sent her to."""
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()


def require_confirmation(page: Page, base: str) -> None:
    """As Ada does on the form of her event type, without a mouse's need."""
    page.goto(f"{base}/event-types/")
    sign_in(page)
    page.get_by_role("link", name="Edit Intro call").click()
    page.get_by_label("I confirm each booking myself").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("you confirm each booking")).to_be_visible()


def test_asked_confirmed_and_met(
    live_server: LiveServer, ada: Organizer, sandbox: Sandbox, new_context: NewContext
) -> None:
    connect(ada, sandbox, "google", "zoom")
    organizer, invitee = new_context(**BERLIN).new_page(), new_context(**BERLIN).new_page()
    require_confirmation(organizer, live_server.url)

    ask_for_a_time(invitee, live_server.url)
    assert arrange_due() == 1
    assert sandbox.events() == []
    elsewhere = new_context(**BERLIN).new_page()  # the mail is read on another machine
    elsewhere.goto(live_server.url + link_in_mail("ada@example.com", r"/bookings/[^/]+/answer/"))
    sign_in(elsewhere)
    elsewhere.get_by_role("button", name="Confirm").click()
    expect(elsewhere.get_by_text("Confirmed. Ines Ibarra is told.")).to_be_visible()

    invitee.goto(live_server.url + link_in_mail("ines@example.com", r"/b/[^/]+/"))
    expect(invitee.locator("#status")).to_have_attribute("data-status", "arranging")
    assert arrange_due() == 1
    expect(invitee.locator("[data-join-url]")).to_have_attribute(
        "data-join-url", live_meeting(sandbox)["join_url"], timeout=5000
    )


def test_declined_with_a_message_from_the_list(
    live_server: LiveServer, ada: Organizer, new_context: NewContext
) -> None:
    ada.event_types.update(requires_confirmation=True)
    organizer, invitee = new_context(**BERLIN).new_page(), new_context(java_script_enabled=False, **BERLIN).new_page()
    ask_for_a_time(invitee, live_server.url)

    organizer.goto(f"{live_server.url}/bookings/")
    sign_in(organizer)
    organizer.get_by_role("link", name="Waiting for you 1").click()
    organizer.get_by_role("link", name="Confirm or decline").click()
    organizer.get_by_label("Message").fill("I am away that week.")
    organizer.get_by_role("button", name="Decline").click()
    expect(organizer.get_by_text("Declined. Ines Ibarra is told.")).to_be_visible()

    invitee.reload()
    expect(invitee.locator("#status")).to_have_attribute("data-status", "declined")
    expect(invitee.get_by_text("I am away that week.")).to_be_visible()
    invitee.get_by_role("link", name="Book another time").click()
    expect(invitee.locator("[data-slot]").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_a_request(
    live_server: LiveServer, ada: Organizer, new_context: NewContext, scheme: str
) -> None:
    ada.event_types.update(requires_confirmation=True)
    page = new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": 360, "height": 800}, **BERLIN
    ).new_page()
    ask_for_a_time(page, live_server.url)
    arrange_due()
    mine = page.url
    page.goto(f"{live_server.url}/bookings/?show=waiting")
    sign_in(page)
    answer = link_in_mail("ada@example.com", r"/bookings/[^/]+/answer/")
    found: list[str] = []
    for url in (page.url, live_server.url + answer, live_server.url + answer.replace("answer/", ""), mine):
        page.goto(url)
        found += [f"{url}: {rule['id']}" for rule in Axe().run(page).response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth") > 360:
            found.append(f"{url}: scrolls sideways")
    assert found == []
