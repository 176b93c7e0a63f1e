"""Somebody who has read nothing comes to the demo's front page, and leaves with a booked Zoom meeting."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from zinnect.demo.product import ROOT, START_SECONDS
from zinnect.processes import Household

pytestmark = [pytest.mark.browser, pytest.mark.system]

AT_MOST = 20
LINK = re.compile(r"^https://[\w.]*zoom\.us/j/\d+")
PASSWORD = "a long password of nora's"


@dataclass
class Visitor:
    """Sees labels alone, and counts what is clicked. Opening the mail programme is no click on a page of ours."""

    page: Page
    clicks: int = 0

    def click(self, target: Locator) -> None:
        """What is visible, one click."""
        target.click()
        self.clicks += 1

    def press(self, name: str) -> None:
        """A button of this name."""
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def follow(self, name: str | re.Pattern[str]) -> None:
        """The first link of this name."""
        self.click(self.page.get_by_role("link", name=name).first)

    def write(self, label: str, text: str) -> None:
        """Into a field, which the tabulator leads to."""
        self.page.get_by_label(label, exact=True).fill(text)


@dataclass(frozen=True)
class Demo:
    """Where it runs."""

    base_url: str
    mailbox: str


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """`make demo`, as somebody starts it."""
    log = tmp_path / "demo.log"
    with Household() as household:
        child = household.spawn("demo", [sys.executable, "-m", "zinnect.demo"], log=log, cwd=ROOT)
        child.wait_until(lambda: "Press Ctrl-C" in log.read_text(), seconds=START_SECONDS)
        said = log.read_text()
        yield Demo(*(re.findall(pattern, said)[0] for pattern in (r"runs at (\S+)", r"all mail\s+(\S+)")))


def sign_up(nora: Visitor, demo: Demo) -> None:
    """From the front page to the bookings of an account whose address is proven."""
    nora.page.goto(demo.base_url)
    nora.follow("Get your page")
    nora.write("Email", "nora@example.com")
    nora.write("Password", PASSWORD)
    nora.write("Password (again)", PASSWORD)
    nora.press("Sign up")
    expect(nora.page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    nora.page.goto(demo.mailbox)
    nora.click(nora.page.get_by_role("row").filter(has_text="nora@example.com").get_by_role("link"))
    nora.follow(re.compile("confirm-email"))
    nora.press("Confirm")


def sign_in(nora: Visitor) -> None:
    """With what was just chosen."""
    nora.write("Email", "nora@example.com")
    nora.write("Password", PASSWORD)
    nora.press("Sign in")


def set_up(nora: Visitor) -> None:
    """The three first steps."""
    nora.write("Your name", "Nora Nilsen")
    nora.write("Address of your page", "nora")
    nora.press("Make my page")
    nora.follow("Connect Google Calendar")
    nora.press("Connect Google Calendar")
    nora.press("Allow")
    nora.follow("Connect Zoom")
    nora.press("Connect Zoom Account")
    nora.press("Authorize")


def book(nora: Visitor) -> None:
    """On her own public page, as an invitee."""
    nora.follow("/nora/")
    nora.follow("Intro call")
    nora.click(nora.page.get_by_role("link", name=re.compile(r"^\d\d?:\d\d")).first)
    nora.write("Your name", "Ines Ibarra")
    nora.write("E-mail address", "ines@example.com")
    nora.press("Book")


def test_from_the_front_page_to_a_zoom_meeting(demo: Demo, browser: Browser) -> None:
    page = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin").new_page()
    page.set_default_timeout(20_000)
    nora = Visitor(page)
    sign_up(nora, demo)
    sign_in(nora)
    set_up(nora)
    book(nora)

    expect(page.get_by_role("heading", name="Your time is booked.")).to_be_visible()
    join = page.get_by_role("link", name="Join")
    expect(join).to_have_attribute("href", LINK, timeout=30_000)
    assert nora.clicks <= AT_MOST
