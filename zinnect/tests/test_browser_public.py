"""The public pages in a real browser: everybody can finish a booking, and the page follows it truthfully."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Literal
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from bookings import services
from bookings.availability import offered
from bookings.models import Announcement, Booking, Organizer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NewContext = Callable[..., BrowserContext]
WIDTHS = (360, 768, 1280)
RUN_AXE = """rules => axe.run(
    {resultTypes: ["violations"], ...(rules && {runOnly: rules})}
).then(results => results.violations)"""
# Scheme → the rules to run, or all.
RULES: tuple[tuple[Literal["light", "dark"], list[str] | None], ...] = (
    ("light", None),
    ("dark", ["color-contrast", "link-in-text-block"]),
)
LINK = "https://zoom.example/j/81234567890"
BERLIN = {"locale": "en-GB", "timezone_id": "Europe/Berlin"}


@pytest.fixture
def booking(ada: Organizer) -> Booking:
    """The first time that Ada offers, taken by Ines."""
    now = timezone.now()
    intro = ada.event_types.select_related("organizer", "schedule").get()
    first = offered(intro, start=now, end=now + timedelta(days=10), now=now)[0]
    invitee = services.Invitee(name="Ines Ibarra", email="ines@example.com", timezone=ZoneInfo("Europe/Berlin"))
    return services.book(event_type=intro, start=first, invitee=invitee, form_key="a form")


def announce(booking: Booking) -> None:
    """As the worker does when people may know the link."""
    Announcement.objects.create(
        booking=booking,
        revision=booking.revision,
        channel=Announcement.Channel.CALENDAR,
        provider="zoom",
        join_url=LINK,
        done_at=timezone.now(),
    )


def complaints_of(page: Page) -> list[str]:
    """What the browser will complain of on the page: errors, and violations of the security policy among them."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def tab_to(page: Page, selector: str) -> None:
    """Press the tabulator until the focus is there, and see that it is visible on the way."""
    # The page that has it may be on its way: a key that is pressed meanwhile moves no focus in it.
    page.locator(selector).first.wait_for(state="attached")
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"The tabulator does not lead to {selector}.")


def test_a_booking_without_javascript(live_server: LiveServer, ada: Organizer, new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False, **BERLIN).new_page()
    page.goto(f"{live_server.url}/ada/intro/")
    page.locator("[data-slot]").last.click()
    page.get_by_label("Your name").fill("Ines Ibarra")
    page.get_by_label("E-mail address").fill("ines@example.com")
    page.get_by_role("button", name="Book").click()

    expect(page.get_by_role("heading", name="Your time is booked.")).to_be_visible()
    assert Booking.objects.get().invitee_name == "Ines Ibarra"
    assert "Europe/Berlin" in page.content()


def test_a_booking_by_keyboard_alone(live_server: LiveServer, ada: Organizer, new_context: NewContext) -> None:
    page = new_context(**BERLIN).new_page()
    complaints = complaints_of(page)
    page.goto(f"{live_server.url}/ada/")
    tab_to(page, "a[href='/ada/intro/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ada/intro/**")
    tab_to(page, ".month td a")
    page.keyboard.press("Enter")
    page.wait_for_url("**#times")
    tab_to(page, "[data-slot]")
    page.keyboard.press("Enter")
    page.wait_for_url("**slot=**")
    tab_to(page, "[name=name]")
    page.keyboard.type("Ines Ibarra")
    tab_to(page, "[name=email]")
    page.keyboard.type("ines@example.com")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Your time is booked.")).to_be_visible()
    assert complaints == []


def test_choosing_a_day_moves_to_its_times(live_server: LiveServer, ada: Organizer, new_context: NewContext) -> None:
    page = new_context(**BERLIN).new_page()
    page.goto(f"{live_server.url}/ada/intro/")
    page.locator(".month td a").last.click()
    page.wait_for_url("**#times")
    tab_to(page, "[data-slot]")

    chosen = parse_qs(urlsplit(page.url).query)["date"][0]
    focused = page.evaluate("document.activeElement.dataset.slot")
    assert focused.startswith(chosen)


def test_a_double_click_books_once(live_server: LiveServer, ada: Organizer, new_context: NewContext) -> None:
    page = new_context(**BERLIN).new_page()
    page.goto(f"{live_server.url}/ada/intro/")
    page.locator("[data-slot]").first.click()
    page.get_by_label("Your name").fill("Ines Ibarra")
    page.get_by_label("E-mail address").fill("ines@example.com")
    page.get_by_role("button", name="Book").dblclick()

    expect(page.get_by_role("heading", name="Your time is booked.")).to_be_visible()
    assert Booking.objects.count() == 1


def test_a_mistake_brings_the_focus_to_its_field(
    live_server: LiveServer, ada: Organizer, new_context: NewContext
) -> None:
    page = new_context(**BERLIN).new_page()
    page.goto(f"{live_server.url}/ada/intro/")
    page.locator("[data-slot]").first.click()
    page.get_by_label("Your name").fill("Ines Ibarra")
    page.get_by_label("E-mail address").fill("ines@example")
    page.get_by_role("button", name="Book").click()

    field = page.get_by_label("E-mail address")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Your name")).to_have_value("Ines Ibarra")


def test_the_zone_is_guessed_once(live_server: LiveServer, ada: Organizer, new_context: NewContext) -> None:
    page = new_context(locale="en-US", timezone_id="America/New_York").new_page()
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    page.goto(f"{live_server.url}/ada/intro/")
    page.wait_for_url("**tz=America*")

    expect(page.get_by_text("America/New York (UTC").first).to_be_visible()
    page.wait_for_timeout(200)
    assert len(visited) == 2


def test_the_link_appears_without_a_reload(live_server: LiveServer, booking: Booking, new_context: NewContext) -> None:
    page = new_context(permissions=["clipboard-read", "clipboard-write"], **BERLIN).new_page()
    complaints = complaints_of(page)
    page.goto(f"{live_server.url}/b/{booking.token}/")
    expect(page.locator("#status")).to_have_attribute("data-status", "arranging")
    page.evaluate("window.sameDocument = true")
    announce(booking)

    expect(page.locator("[data-join-url]")).to_have_attribute("data-join-url", LINK, timeout=3000)
    expect(page.locator("#status")).to_have_attribute("data-status", "ready")
    assert page.evaluate("window.sameDocument")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == LINK
    assert complaints == []


def test_the_page_is_few_requests_and_none_to_others(
    live_server: LiveServer, ada: Organizer, new_context: NewContext
) -> None:
    page = new_context(**BERLIN).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server.url}/ada/intro/", wait_until="networkidle")

    asked = [url for url in asked if not url.startswith("data:")]
    assert len(asked) <= 4
    assert all(url.startswith(live_server.url) for url in asked)


def _pages(booking: Booking) -> dict[str, str]:
    """Name → path of every page that an invitee may see."""
    slot = Booking.objects.get().start + timedelta(hours=1)
    mine = f"/b/{booking.token}/"
    return {
        "organizer": "/ada/",
        "month": "/ada/intro/?tz=Asia/Tokyo",
        "form": f"/ada/intro/?slot={slot:%Y-%m-%dT%H:%M:%SZ}",
        "empty month": f"/ada/intro/?month={slot.year - 1}-01",
        "unknown zone": "/ada/intro/?tz=Mars/Olympus",
        "booking": mine,
        "reschedule": f"{mine}reschedule/",
        "reschedule, confirm": f"{mine}reschedule/?slot={slot:%Y-%m-%dT%H:%M:%SZ}",
        "cancel": f"{mine}cancel/",
        "not found": "/nobody/",
    }


def violations(page: Page, name: str) -> list[str]:
    """What axe finds, and a page that is wider than the window. In dark, colours are all that can be worse."""
    found: list[str] = []
    page.evaluate(Axe().axe_script)
    for scheme, rules in RULES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{name}, {width}: scrolls sideways")
            if width != 768:  # the same rules as at 1280
                broken = page.evaluate(RUN_AXE, rules)
                found += [f"{name}, {width}, {scheme}: {rule['id']} {rule['nodes'][0]['html']}" for rule in broken]
    return found


@pytest.mark.parametrize("announced", [False, True], ids=["arranging", "ready"])
def test_axe_finds_nothing(live_server: LiveServer, booking: Booking, new_context: NewContext, announced: bool) -> None:
    page = new_context(bypass_csp=True, **BERLIN).new_page()
    pages = _pages(booking)
    if announced:
        announce(booking)
        pages = {"booking": pages["booking"]}
    found: list[str] = []
    for name, path in pages.items():
        page.goto(live_server.url + path)
        found += violations(page, name)

    assert found == []


def test_axe_finds_nothing_on_a_form_with_mistakes(
    live_server: LiveServer, booking: Booking, new_context: NewContext
) -> None:
    page = new_context(bypass_csp=True, **BERLIN).new_page()
    page.goto(live_server.url + _pages(booking)["form"])
    page.evaluate("document.querySelector('#form').noValidate = true")
    page.locator("[name=slot]").evaluate("slot => { slot.value = 'soon' }")
    page.get_by_role("button", name="Book").click()

    expect(page.locator("[aria-invalid=true]")).to_have_count(2)
    expect(page.get_by_role("radio")).to_have_count(8)
    assert violations(page, "form with mistakes") == []


def test_no_page_breaks_the_security_policy(live_server: LiveServer, booking: Booking, new_context: NewContext) -> None:
    page = new_context(**BERLIN).new_page()
    complaints = complaints_of(page)
    for path in _pages(booking).values():
        page.goto(live_server.url + path)

    not_found = re.compile(r"status of 404")
    assert [text for text in complaints if not not_found.search(text)] == []
