"""Which calendars block time, and which one receives bookings: chosen on a page, respected from then on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

import calendars.busy
from bookings.availability import offered
from bookings.models import Booking, CalendarEntry, EventType, Organizer
from bookings.services import cancel, reschedule
from bookings.tests.world import booked, connect, live_event, next_weekday, settle
from calendars.models import Calendar, KnownBusy
from calendars.sync import receiving_calendar, sync_calendars
from integrations.models import Connection, ConnectionEvent
from integrations.sandbox.testing import Sandbox

pytestmark = pytest.mark.django_db

PAGE = "/apps/integrations/google/calendars/"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which calendars count is looked at here, not how fast a busy machine hears of it."""
    monkeypatch.setattr(calendars.busy, "ASKING_SECONDS", 20)


@pytest.fixture
def connected(ada: Organizer, sandbox: Sandbox) -> dict[str, Calendar]:
    """Ada's calendars by name: her own, Family, which she may only read, and Team."""
    connect(ada, sandbox, "google")
    sync_calendars(Connection.objects.get(user=ada.user))
    own, family, team = Calendar.objects.order_by("-is_primary", "name")
    return {"own": own, "family": family, "team": team}


def save(client: Client, *, blocks: list[Calendar], receives: Calendar | None) -> tuple[int, str]:
    """What comes of the click on "Save"."""
    sent = {"blocks": [str(one.pk) for one in blocks], "receives": [str(receives.pk)] if receives else []}
    answer = client.post(PAGE, sent, follow=True)
    return answer.status_code, answer.content.decode()


def chosen() -> tuple[set[str], str]:
    """The names of those that block time, and of the one that receives bookings."""
    blocking = Calendar.objects.filter(blocks_time=True).values_list("name", flat=True)
    return set(blocking), Calendar.objects.get(receives_bookings=True).name


def offers(organizer: Organizer, start: datetime, *, moving: Booking | None = None) -> list[datetime]:
    """The starts of that day, by what a page would be told now."""
    event_type = EventType.objects.select_related("organizer__user", "schedule").get(organizer=organizer)
    day = timedelta(hours=12)
    return offered(event_type, start=start - day, end=start + day, now=timezone.now(), moving=moving)


def busy(sandbox: Sandbox, calendar: Calendar, start: datetime) -> None:
    end = start + timedelta(hours=1)
    sandbox.act("add_busy", calendar=calendar.external_id, start=start.isoformat(), end=end.isoformat())


def test_the_page_shows_every_calendar_and_what_it_is_for(as_ada: Client, connected: dict[str, Calendar]) -> None:
    page = as_ada.get(PAGE).content.decode()
    assert page.index("Organizer One") < page.index("Family") < page.index("Team")
    assert page.count('name="blocks"') == 3
    assert page.count('name="receives"') == 2
    own = connected["own"].pk
    assert f'name="blocks" value="{own}" checked' in page
    assert f'name="receives" value="{own}" required checked' in page
    assert page.count("checked") == 2
    assert "It is not your own, so bookings cannot go into it." in page


def test_the_integrations_page_and_the_settings_lead_to_it(as_ada: Client, connected: dict[str, Calendar]) -> None:
    for path in ("/apps/integrations/google/", "/settings/"):
        assert f'href="{PAGE}"' in as_ada.get(path).content.decode()


def test_a_calendar_that_is_chosen_blocks_time_at_once(
    as_ada: Client, ada: Organizer, sandbox: Sandbox, connected: dict[str, Calendar]
) -> None:
    start = next_weekday(10)
    busy(sandbox, connected["family"], start)
    assert start in offers(ada, start)
    status, _page = save(as_ada, blocks=[connected["own"], connected["family"]], receives=connected["own"])
    assert status == 200
    assert start not in offers(ada, start)
    save(as_ada, blocks=[connected["own"]], receives=connected["own"])
    assert start in offers(ada, start)


def test_what_was_known_of_other_calendars_counts_no_more(
    as_ada: Client, ada: Organizer, connected: dict[str, Calendar]
) -> None:
    offers(ada, next_weekday(10))
    assert KnownBusy.objects.get().asked_at is not None
    save(as_ada, blocks=[connected["team"]], receives=connected["own"])
    assert KnownBusy.objects.get().asked_at is None


def test_no_calendar_needs_to_block_time(
    as_ada: Client, ada: Organizer, sandbox: Sandbox, connected: dict[str, Calendar]
) -> None:
    start = next_weekday(10)
    busy(sandbox, connected["own"], start)
    save(as_ada, blocks=[], receives=connected["team"])
    assert chosen() == (set(), "Team")
    assert start in offers(ada, start)


def test_a_later_booking_goes_into_the_new_calendar_and_earlier_events_stay(
    as_ada: Client, ada: Organizer, sandbox: Sandbox, connected: dict[str, Calendar]
) -> None:
    earlier = settle(booked(ada))
    save(as_ada, blocks=[connected["own"], connected["team"]], receives=connected["team"])
    later = settle(booked(ada, start=next_weekday(14), key="form-2"))
    where = {entry.booking_id: entry.calendar.name for entry in CalendarEntry.objects.select_related("calendar")}
    assert where == {earlier.pk: "Organizer One", later.pk: "Team"}
    held = {event["id"]: event["calendar"] for event in sandbox.events(live=True)}
    assert sorted(held.values()) == sorted([connected["own"].external_id, connected["team"].external_id])

    settle(reschedule(booking=earlier, start=next_weekday(12), by="invitee"))
    moved = next(event for event in sandbox.events(live=True) if event["calendar"] == connected["own"].external_id)
    assert datetime.fromisoformat(moved["start"]["dateTime"]) == next_weekday(12)
    settle(cancel(booking=earlier, by="invitee"))
    assert live_event(sandbox)["calendar"] == connected["team"].external_id


def test_an_event_in_the_earlier_calendar_does_not_stand_in_its_own_way(
    as_ada: Client, ada: Organizer, connected: dict[str, Calendar]
) -> None:
    EventType.objects.update(duration_minutes=60, interval_minutes=30)
    booking = settle(booked(ada))
    save(as_ada, blocks=[connected["own"], connected["team"]], receives=connected["team"])
    half_later = booking.start + timedelta(minutes=30)
    assert half_later not in offers(ada, booking.start)
    assert half_later in offers(ada, booking.start, moving=booking)
    assert reschedule(booking=booking, start=half_later, by="invitee").revision == 2


# --- What cannot be chosen -------------------------------------------------------------------------------------------


def test_one_calendar_has_to_receive_bookings_and_ticks_are_kept(
    as_ada: Client, connected: dict[str, Calendar]
) -> None:
    status, page = save(as_ada, blocks=[connected["team"]], receives=None)
    assert status == 422
    assert "Choose one calendar that receives your bookings." in page
    assert f'value="{connected["team"].pk}" checked' in page
    assert chosen() == ({"Organizer One"}, "Organizer One")


def test_a_calendar_that_cannot_be_written_to_receives_nothing(as_ada: Client, connected: dict[str, Calendar]) -> None:
    assert save(as_ada, blocks=[], receives=connected["family"])[0] == 422
    assert chosen()[1] == "Organizer One"


@pytest.mark.parametrize("number", ["0", "-1", "9" * 400, "x", "٣", ""])
def test_what_is_no_calendar_is_refused(as_ada: Client, connected: dict[str, Calendar], number: str) -> None:
    own = connected["own"].pk
    assert as_ada.post(PAGE, {"blocks": number, "receives": own}).status_code == 422
    assert as_ada.post(PAGE, {"blocks": own, "receives": number}).status_code == 422
    assert chosen() == ({"Organizer One"}, "Organizer One")


def test_calendars_of_others_are_refused(
    as_ada: Client, sandbox: Sandbox, grace: Organizer, connected: dict[str, Calendar]
) -> None:
    sandbox.persona(google="two")
    connect(grace, sandbox, "google")
    sync_calendars(Connection.objects.get(user=grace.user))
    theirs = Calendar.objects.get(connection__user=grace.user, is_primary=True)
    before = list(Calendar.objects.order_by("pk").values())
    assert theirs.name not in as_ada.get(PAGE).content.decode()
    assert save(as_ada, blocks=[theirs], receives=connected["own"])[0] == 422
    assert save(as_ada, blocks=[], receives=theirs)[0] == 422
    assert list(Calendar.objects.order_by("pk").values()) == before


def test_who_has_no_calendar_connected_is_led_to_where_it_is_connected(as_ada: Client) -> None:
    for path in (PAGE, f"{PAGE}refresh/"):
        answer = as_ada.post(path, follow=True)
        assert answer.redirect_chain == [("/apps/integrations/google/", 302)]
        assert "Google Calendar is not connected." in answer.content.decode()


# --- Calendars that come and go --------------------------------------------------------------------------------------


def refresh(client: Client) -> str:
    return str(client.post(f"{PAGE}refresh/", follow=True).content.decode())


def test_a_calendar_that_vanished_takes_no_part_and_the_history_says_so(
    as_ada: Client, sandbox: Sandbox, connected: dict[str, Calendar]
) -> None:
    save(as_ada, blocks=[connected["own"], connected["team"]], receives=connected["team"])
    sandbox.act("remove_calendar", calendar="Team")
    assert "The list is up to date." in refresh(as_ada)
    assert chosen() == ({"Organizer One"}, "Organizer One")
    assert "Team" not in as_ada.get(PAGE).content.decode()
    assert "The calendar “Team” is not there any more" in as_ada.get("/apps/integrations/google/").content.decode()
    assert save(as_ada, blocks=[connected["team"]], receives=connected["own"])[0] == 422


def test_choices_stay_when_the_list_is_read_again(as_ada: Client, connected: dict[str, Calendar]) -> None:
    save(as_ada, blocks=[connected["family"]], receives=connected["team"])
    refresh(as_ada)
    assert chosen() == ({"Family"}, "Team")
    assert not ConnectionEvent.objects.filter(kind="calendar_gone").exists()


def test_the_main_calendar_steps_in_for_one_that_is_only_shared_now(
    as_ada: Client, sandbox: Sandbox, connected: dict[str, Calendar]
) -> None:
    save(as_ada, blocks=[connected["team"]], receives=connected["team"])
    sandbox.act("set_access", calendar="Team", role="reader")
    refresh(as_ada)
    assert chosen() == ({"Organizer One", "Team"}, "Organizer One")


@pytest.mark.parametrize("role", ["owner", "writer"])
def test_our_permission_is_for_calendars_of_ones_own(
    as_ada: Client, sandbox: Sandbox, connected: dict[str, Calendar], role: str
) -> None:
    """Whoever granted us more may also choose a calendar that is shared for writing."""
    sandbox.act("set_access", calendar="Family", role=role)
    refresh(as_ada)
    connected["family"].refresh_from_db()
    assert connected["family"].can_write is (role == "owner")
    scopes = "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.readonly"
    Connection.objects.update(scopes=scopes)
    refresh(as_ada)
    connected["family"].refresh_from_db()
    assert connected["family"].can_write


@pytest.mark.parametrize("receives", ["own", "team"])
def test_a_page_finds_out_that_a_calendar_vanished_and_goes_on_with_the_rest(
    as_ada: Client, ada: Organizer, sandbox: Sandbox, connected: dict[str, Calendar], receives: str
) -> None:
    save(as_ada, blocks=[connected["own"], connected["team"]], receives=connected[receives])
    start = next_weekday(10)
    busy(sandbox, connected["own"], start)
    sandbox.act("remove_calendar", calendar="Team")
    found = offers(ada, start)
    assert start not in found
    assert start + timedelta(hours=1) in found
    receiving = receiving_calendar(ada.user_id)
    assert receiving is not None
    assert receiving.name == "Organizer One"


def test_a_list_that_cannot_be_read_changes_nothing(
    as_ada: Client, sandbox: Sandbox, connected: dict[str, Calendar]
) -> None:
    sandbox.fault(service="google", call="calendarlist", kind="status", params={"status": 503})
    assert "(error 503)" in refresh(as_ada)
    assert chosen() == ({"Organizer One"}, "Organizer One")


def test_a_list_that_was_never_read_is_read_by_a_click(
    as_ada: Client, ada: Organizer, sandbox: Sandbox, connected: dict[str, Calendar]
) -> None:
    Calendar.objects.all().delete()
    assert "The list was not read yet" in as_ada.get(PAGE).content.decode()
    assert refresh(as_ada).count('name="blocks"') == 3
