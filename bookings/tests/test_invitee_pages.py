"""The invitee's pages: truthful about how far a booking is, and open to whoever holds the token and to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from bookings import availability, services
from bookings.models import Announcement, Booking, EventType
from calendars.busy import BusyUnknown
from integrations.models import Connection

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
START = datetime(2026, 12, 3, 14, tzinfo=UTC)
LINK = "https://zoom.example/j/81234567890?pwd=abc"


@pytest.fixture(autouse=True)
def _on_a_monday_morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def booking(intro: EventType) -> Booking:
    """Ines of New York, Thursday at nine in the morning there."""
    return book(intro, START, "ines")


def book(event_type: EventType, start: datetime, who: str) -> Booking:
    zone = ZoneInfo("America/New_York")
    invitee = services.Invitee(name=who.title(), email=f"{who}@example.com", timezone=zone)
    return services.book(event_type=event_type, start=start, invitee=invitee, form_key=f"form of {who}")


def announce(booking: Booking, provider: str = "", join_url: str = "") -> None:
    Announcement.objects.create(
        booking=booking,
        revision=booking.revision,
        channel=Announcement.Channel.CALENDAR,
        provider=provider,
        join_url=join_url,
        done_at=timezone.now(),
    )


def page_of(client: Client, booking: Booking) -> str:
    return client.get(f"/b/{booking.token}/").content.decode()


def signed(client: Client, path: str, **fields: str) -> dict[str, str]:
    found = re.search(r'name="form_key" value="([^"]+)"', client.get(path).content.decode())
    assert found is not None
    return {"form_key": found[1], "website": ""} | fields


def status_of(html: str) -> str:
    found = re.search(r'data-status="(\w+)"', html)
    assert found is not None
    return found[1]


# --- The booking -----------------------------------------------------------------------------------------------------


def test_while_it_is_arranged_the_page_says_so_and_asks_again_without_javascript(
    stranger: Client, booking: Booking
) -> None:
    html = page_of(stranger, booking)

    assert status_of(html) == "arranging"
    assert "Your time is booked." in html
    assert "The video link is on its way." in html
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in html
    assert "data-join-url" not in html


def test_the_zoom_link_is_promised_where_zoom_will_make_it(stranger: Client, booking: Booking) -> None:
    for provider in ("zoom", "google"):
        Connection.objects.create(user=booking.organizer.user, provider=provider, status=Connection.Status.CONNECTED)

    assert "The Zoom link is on its way." in page_of(stranger, booking)


@pytest.mark.parametrize(("provider", "name"), [("zoom", "Zoom"), ("google_meet", "Google Meet")])
def test_when_it_is_ready_the_page_carries_the_link(
    stranger: Client, booking: Booking, provider: str, name: str
) -> None:
    announce(booking, provider, LINK)

    html = page_of(stranger, booking)

    assert status_of(html) == "ready"
    assert f'data-join-url="{LINK}" data-provider="{provider}"' in html
    assert f"Join with {name}" in html
    assert "http-equiv" not in html


def test_without_any_link_the_organizer_will_send_one(stranger: Client, booking: Booking) -> None:
    announce(booking)

    html = page_of(stranger, booking)

    assert status_of(html) == "ready"
    assert "Ada Ambrose will send you the link." in html
    assert "data-join-url" not in html


def test_a_phone_call_waits_for_no_link(stranger: Client, intro: EventType) -> None:
    intro.location, intro.location_detail = EventType.Location.PHONE, "+49 30 000000"
    intro.save()

    html = page_of(stranger, book(intro, START, "ines"))

    assert "The confirmation is on its way." in html
    assert "+49 30 000000" in html


def test_times_are_in_the_invitees_zone_with_its_name(stranger: Client, booking: Booking) -> None:
    html = page_of(stranger, booking)

    assert "Thursday, 3 December 2026" in html
    assert "9:00 AM – 9:30 AM" in html
    assert "America/New York (UTC−5)" in html


@pytest.mark.parametrize("status", ["cancelled", "declined", "pending"])
def test_other_states_are_said(stranger: Client, booking: Booking, status: str) -> None:
    Booking.objects.update(status=status, hold_until=timezone.now() + timedelta(hours=1))

    html = page_of(stranger, booking)

    assert status_of(html) == status
    assert "data-join-url" not in html


def test_the_page_is_kept_from_search_engines_caches_and_other_sites(stranger: Client, booking: Booking) -> None:
    for path in ("", "reschedule/", "cancel/"):
        answer = stranger.get(f"/b/{booking.token}/{path}")

        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["", "reschedule/", "cancel/", "invite.ics"])
def test_a_wrong_token_opens_nothing(stranger: Client, booking: Booking, path: str) -> None:
    assert stranger.get(f"/b/{booking.token[:-1]}/{path}").status_code == 404


def test_the_calendar_file_holds_the_meeting(stranger: Client, booking: Booking) -> None:
    announce(booking, "zoom", LINK)

    answer = stranger.get(f"/b/{booking.token}/invite.ics")

    assert answer["Content-Type"].startswith("text/calendar")
    event = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert event.decoded("dtstart") == START
    assert LINK in str(event["location"])


def test_the_calendar_links_name_the_time(stranger: Client, booking: Booking) -> None:
    html = page_of(stranger, booking)

    assert "dates=20261203T140000Z%2F20261203T143000Z" in html
    assert "startdt=2026-12-03T14%3A00%3A00Z" in html


def test_a_cancelled_booking_has_no_calendar_file(stranger: Client, booking: Booking) -> None:
    services.cancel(booking=booking, by="invitee")

    assert stranger.get(f"/b/{booking.token}/invite.ics").status_code == 404


def test_following_a_booking_asks_the_database_little(
    stranger: Client, booking: Booking, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(6):
        page_of(stranger, booking)


# --- Rescheduling ----------------------------------------------------------------------------------------------------


def test_the_invitee_moves_the_booking(stranger: Client, booking: Booking) -> None:
    path = f"/b/{booking.token}/reschedule/"
    new = "2026-12-04T15:00:00Z"
    assert f'data-slot="{new}"' in stranger.get(path, {"date": "2026-12-04"}).content.decode()

    answer = stranger.post(path, signed(stranger, f"{path}?slot={new}", slot=new, reason="A train"))

    booking.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, f"/b/{booking.token}/")
    assert booking.start == datetime(2026, 12, 4, 15, tzinfo=UTC)
    assert (booking.revision, booking.reason, booking.changed_by) == (2, "A train", "invitee")
    assert "Your new time is booked." in page_of(stranger, booking)


def test_a_moved_booking_keeps_showing_its_link(stranger: Client, booking: Booking) -> None:
    announce(booking, "zoom", LINK)
    services.reschedule(booking=booking, start=START + timedelta(hours=1), by="invitee")

    html = page_of(stranger, booking)

    assert status_of(html) == "arranging"
    assert "The link stays the same." in html
    assert f'data-join-url="{LINK}"' in html


def test_a_booking_does_not_stand_in_its_own_way(stranger: Client, booking: Booking, intro: EventType) -> None:
    EventType.objects.update(interval_minutes=15)

    html = stranger.get(f"/b/{booking.token}/reschedule/", {"date": "2026-12-03"}).content.decode()

    assert 'data-slot="2026-12-03T14:15:00Z"' in html


def test_the_same_move_sent_twice_moves_once(stranger: Client, booking: Booking) -> None:
    path, new = f"/b/{booking.token}/reschedule/", "2026-12-04T15:00:00Z"
    form = signed(stranger, f"{path}?slot={new}", slot=new)

    answers = [stranger.post(path, form) for _ in range(2)]

    booking.refresh_from_db()
    assert [answer.status_code for answer in answers] == [303, 303]
    assert booking.revision == 2


def test_a_move_to_a_taken_time_offers_others(stranger: Client, booking: Booking, intro: EventType) -> None:
    path, new = f"/b/{booking.token}/reschedule/", "2026-12-04T15:00:00Z"
    form = signed(stranger, f"{path}?slot={new}", slot=new, reason="A train")
    book(intro, datetime(2026, 12, 4, 15, tzinfo=UTC), "quentin")

    answer = stranger.post(path, form)

    assert answer.status_code == 409
    assert "A train</textarea>" in answer.content.decode()
    assert 'type="radio" name="slot" value="2026-12-04T14:30:00Z"' in answer.content.decode()


@pytest.mark.parametrize(("slot", "status"), [("soon", 422), ("9998-12-31T23:59:59Z", 409), ("0002-01-01T00:00Z", 409)])
def test_a_move_to_no_time_at_all_is_refused(stranger: Client, booking: Booking, slot: str, status: int) -> None:
    path = f"/b/{booking.token}/reschedule/"
    form = signed(stranger, f"{path}?slot=2026-12-04T15:00:00Z", slot=slot)

    assert stranger.post(path, form).status_code == status


def test_a_move_without_the_forms_key_is_refused(stranger: Client, booking: Booking) -> None:
    answer = stranger.post(f"/b/{booking.token}/reschedule/", {"slot": "2026-12-04T15:00:00Z"})

    booking.refresh_from_db()
    assert (answer.status_code, booking.revision) == (422, 1)


def test_a_move_waits_for_the_calendar(stranger: Client, booking: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
    path, new = f"/b/{booking.token}/reschedule/", "2026-12-04T15:00:00Z"
    form = signed(stranger, f"{path}?slot={new}", slot=new)

    def silence(*args: object, **kwargs: object) -> None:
        raise BusyUnknown

    monkeypatch.setattr(availability, "busy_times", silence)

    assert stranger.post(path, form).status_code == 503
    assert "Times cannot be shown right now" in stranger.get(path, {"slot": new}).content.decode()


# --- Cancelling ------------------------------------------------------------------------------------------------------


def test_cancelling_asks_first_and_then_says_so(stranger: Client, booking: Booking) -> None:
    path = f"/b/{booking.token}/cancel/"
    form = signed(stranger, path, reason="Ill")
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED

    answer = stranger.post(path, form)

    booking.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, f"/b/{booking.token}/")
    assert (booking.status, booking.reason) == (Booking.Status.CANCELLED, "Ill")
    assert "This booking was cancelled" in page_of(stranger, booking)
    assert stranger.post(path, form).status_code == 303


def test_cancelling_without_the_forms_key_is_refused(stranger: Client, booking: Booking) -> None:
    assert stranger.post(f"/b/{booking.token}/cancel/", {}).status_code == 422
    booking.refresh_from_db()
    assert booking.is_live


def _cancelled(booking: Booking) -> None:
    services.cancel(booking=booking, by="organizer")


def _over(booking: Booking) -> None:
    Booking.objects.update(
        start=NOW - timedelta(hours=2),
        end=NOW - timedelta(hours=1),
        blocked_from=NOW - timedelta(hours=2),
        blocked_until=NOW - timedelta(hours=1),
    )


@pytest.mark.parametrize(("happen", "words"), [(_cancelled, "was cancelled"), (_over, "is already over")])
def test_what_cannot_be_moved_any_more_says_why(
    stranger: Client, booking: Booking, happen: Callable[[Booking], None], words: str
) -> None:
    happen(booking)
    path = f"/b/{booking.token}/reschedule/"

    assert words in stranger.get(path).content.decode()
    assert stranger.post(path, {"slot": "2026-12-04T15:00:00Z"}).status_code == 409


def test_a_meeting_that_is_over_cannot_be_cancelled(stranger: Client, booking: Booking) -> None:
    _over(booking)

    assert stranger.post(f"/b/{booking.token}/cancel/", {}).status_code == 409
    booking.refresh_from_db()
    assert booking.is_live
