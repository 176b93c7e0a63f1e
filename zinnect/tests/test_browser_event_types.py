"""Questions, schedules, days off and calendars in a real browser: by keyboard, without JavaScript, at any width."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from bookings.models import Booking, Organizer
from bookings.questions import Kind, Question, ask, questions_of
from bookings.schedules import new_schedule
from bookings.working_hours import schedule_of, set_date, take_days_off
from calendars.models import Calendar
from integrations.models import Connection
from zinnect.tests.test_browser_public import BERLIN, NewContext, complaints_of, tab_to, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(context: BrowserContext, server: LiveServer, organizer: Organizer) -> Page:
    """A page of the organizer's browser."""
    client = Client()
    client.force_login(organizer.user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
    return context.new_page()


@pytest.fixture
def coming() -> date:
    """A day some weeks ahead."""
    return datetime.now(tz=UTC).date() + timedelta(days=21)


@pytest.fixture
def full(ada: Organizer, coming: date) -> Organizer:
    """Ada with everything that these pages can show."""
    choices = ["Beginner", "Club player"]
    ask(ada.event_types.get(), [Question(f"{kind.label}?", kind, choices=choices, key=kind) for kind in Kind])
    ada.event_types.update(private=True)
    new_schedule(organizer=ada, name="Evenings")
    take_days_off(schedule=schedule_of(ada), first=coming, last=coming + timedelta(days=9))
    set_date(schedule=schedule_of(ada), day=coming + timedelta(days=20), ranges=[(600, 720)])
    google = Connection.objects.create(user=ada.user, provider="google", email="ada@example.com", external_id="1")
    Connection.objects.update(status=Connection.Status.CONNECTED)
    for name in ("Ada", "A calendar of the club with quite a long name", "Family"):
        owned = name != "Family"
        Calendar.objects.create(
            connection=google,
            account_id="1",
            external_id=name,
            name=name,
            is_primary=name == "Ada",
            can_write=owned,
            blocks_time=owned,
            receives_bookings=name == "Ada",
            seen_at=google.created_at,
        )
    return ada


def test_questions_are_added_and_answered_without_javascript(
    live_server: LiveServer, ada: Organizer, new_context: NewContext
) -> None:
    page = sign_in(new_context(java_script_enabled=False, **BERLIN), live_server, ada)
    page.goto(f"{live_server.url}/event-types/")
    page.get_by_role("link", name="Questions Intro call").click()
    first = page.get_by_role("group", name="Question 1")
    first.get_by_role("textbox", name="Question", exact=True).fill("Your company")
    first.get_by_label("Has to be answered").check()
    page.get_by_role("button", name="Add another question").click()
    second = page.get_by_role("group", name="Question 2")
    second.get_by_role("textbox", name="Question", exact=True).fill("Your level")
    second.get_by_label("Kind of answer").select_option(label="One of several choices")
    second.get_by_label("Choices").fill("Beginner\nClub player")
    page.get_by_role("button", name="Save questions").last.click()
    expect(page.get_by_text("The questions of “Intro call” are saved.")).to_be_visible()

    page.goto(f"{live_server.url}/ada/intro/?name=Ines+Ibarra&q-your-level=Club+player")
    page.locator("[data-slot]").last.click()
    page.get_by_label("E-mail address").fill("ines@example.com")
    page.get_by_label("Your company").fill("Acme")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_role("heading", name="Your time is booked.")).to_be_visible()
    expect(page.get_by_text("Acme")).to_be_visible()
    booking = Booking.objects.get()
    assert booking.invitee_name == "Ines Ibarra"
    assert [answer["value"] for answer in booking.answers] == ["Acme", "Club player"]


def test_a_question_is_added_and_answered_by_keyboard(
    live_server: LiveServer, ada: Organizer, new_context: NewContext
) -> None:
    page = sign_in(new_context(**BERLIN), live_server, ada)
    complaints = complaints_of(page)
    page.goto(f"{live_server.url}/event-types/{ada.event_types.get().pk}/questions/")
    tab_to(page, "[name=form-0-label]")
    page.keyboard.type("I have a board")
    tab_to(page, "[name=form-0-kind]")
    page.keyboard.type("Checkbox")
    tab_to(page, "[name=form-0-required]")
    page.keyboard.press("Space")
    tab_to(page, "button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The questions of “Intro call” are saved.")).to_be_visible()
    assert questions_of(ada.event_types.get()) == [
        Question("I have a board", "checkbox", required=True, key="i-have-a-board")
    ]

    page.goto(f"{live_server.url}/ada/intro/?tz=Europe/Berlin&name=Ines&email=ines@example.com")
    page.locator("[data-slot]").last.click()
    tab_to(page, "[name=q-i-have-a-board]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your time is booked.")).to_be_visible()
    assert Booking.objects.get().answers == [{"label": "I have a board", "value": True}]
    assert complaints == []


def test_days_off_and_schedules_without_javascript(
    live_server: LiveServer, ada: Organizer, new_context: NewContext, coming: date
) -> None:
    page = sign_in(new_context(java_script_enabled=False, **BERLIN), live_server, ada)
    page.goto(f"{live_server.url}/availability/")
    page.get_by_label("First day").fill(coming.isoformat())
    page.get_by_label("Last day").fill((coming + timedelta(days=3)).isoformat())
    page.get_by_role("button", name="Take these days off").click()
    expect(page.get_by_text("You cannot be booked from")).to_be_visible()
    page.get_by_role("region", name="Days off and other hours").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("None: every date follows the week.")).to_be_visible()

    page.get_by_role("form", name="Another schedule").get_by_label("Name").fill("Evenings")
    page.get_by_role("button", name="Add schedule").click()
    expect(page.get_by_role("navigation", name="Schedules").get_by_text("Evenings")).to_be_visible()
    page.get_by_role("button", name="Make it the default").click()
    page.get_by_role("navigation", name="Schedules").get_by_text("Working hours").click()
    page.get_by_role("button", name="Delete this schedule").click()
    expect(page.get_by_text("Event types still use these hours.")).to_be_visible()


def test_a_calendar_is_chosen_without_javascript(
    live_server: LiveServer, full: Organizer, new_context: NewContext
) -> None:
    page = sign_in(new_context(java_script_enabled=False, **BERLIN), live_server, full)
    page.goto(f"{live_server.url}/apps/integrations/google/")
    page.get_by_role("link", name="Choose which calendars").click()
    club = page.get_by_role("group", name="A calendar of the club")
    club.get_by_label("Blocks my time").uncheck()
    club.get_by_label("Receives my bookings").check()
    page.get_by_role("group", name="Family").get_by_label("Blocks my time").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your calendars are saved.")).to_be_visible()
    assert set(Calendar.objects.filter(blocks_time=True).values_list("name", flat=True)) == {"Ada", "Family"}
    assert Calendar.objects.get(receives_bookings=True).name.startswith("A calendar of the club")


def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    live_server: LiveServer, full: Organizer, new_context: NewContext
) -> None:
    Connection.objects.all().update(status=Connection.Status.CONNECTED)
    page = sign_in(new_context(bypass_csp=True, **BERLIN), live_server, full)
    intro, evenings = full.event_types.get().pk, full.schedules.get(name="Evenings").pk
    paths = [
        "/event-types/",
        f"/event-types/{intro}/",
        f"/event-types/{intro}/questions/",
        "/availability/",
        f"/availability/{evenings}/",
        "/apps/integrations/google/calendars/",
    ]
    found: list[str] = []
    for path in paths:
        page.goto(live_server.url + path)
        found += violations(page, path)
    Connection.objects.all().delete()
    page.goto(f"{live_server.url}/ada/intro/?tz=Europe/Berlin")
    page.locator("[data-slot]").last.click()
    found += violations(page, "the form with questions")
    ask(full.event_types.get(), [Question("Your company", required=True, key="company")])
    page.get_by_label("Your name").fill("Ines Ibarra")
    page.get_by_label("E-mail address").fill("ines@example.com")
    page.evaluate("document.querySelector('#form').noValidate = true")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_label("Your company")).to_be_focused()
    found += violations(page, "a question that was not answered")
    assert found == []
