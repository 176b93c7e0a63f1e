"""What Zoom's webhooks do to bookings: a deleted meeting is replaced, the data of a user who left are erased."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from bookings import tasks as booking_tasks
from bookings.arrange import arrange
from bookings.models import Announcement, Booking, Meeting, Organizer
from bookings.services import cancel, provider_side, reschedule
from bookings.status import current_link, unmanaged_meetings
from bookings.tests.world import INVITEE, booked, connect, live_event, live_meeting, next_weekday, settle
from integrations import tasks
from integrations.models import Connection, Erasure
from integrations.oauth import deauthorize, remove
from integrations.sandbox.testing import Sandbox
from integrations.tests.webhook_events import meeting_deleted, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def zoom_says_deleted(external_id: object, **more: Any) -> None:
    """The webhook, and the task behind it."""
    assert send(meeting_deleted(external_id, **more)).status_code == 200
    tasks.sweep()


def its_host_deletes(sandbox: Sandbox, meeting: dict[str, Any]) -> None:
    """The host deletes a meeting in Zoom, which says so."""
    sandbox.act("delete_meeting", id=meeting["id"])
    zoom_says_deleted(meeting["id"], host_id=meeting["host_id"])


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the bookings whose arranging was queued."""
    ids: list[int] = []
    monkeypatch.setattr(booking_tasks.arrange_booking, "apply_async", lambda *, args, **_how: ids.extend(args))
    return ids


@pytest.fixture
def ready(ada: Organizer, sandbox: Sandbox) -> Booking:
    """A booking with a Zoom meeting, of which everybody was told."""
    connect(ada, sandbox, "google", "zoom")
    booking = settle(booked(ada))
    mail.outbox.clear()
    return booking


def test_a_deleted_meeting_is_made_anew_and_told_once(ready: Booking, sandbox: Sandbox, handed_over: list[int]) -> None:
    old = live_meeting(sandbox)
    its_host_deletes(sandbox, old)
    assert handed_over == [ready.pk]
    booking = settle(ready)
    new = live_meeting(sandbox)
    assert new["id"] != old["id"]
    assert current_link(booking) == ("zoom", new["join_url"])
    event = live_event(sandbox)
    assert (event["location"], event.get("hangoutLink")) == (new["join_url"], None)
    assert old["join_url"] not in event["description"]
    assert (booking.revision, booking.arranged_revision, booking.change) == (2, 2, "link")
    assert len(sandbox.ledger(INVITEE)) == 2
    assert sorted(message.to for message in mail.outbox) == [["ada@example.com"], [INVITEE]]


def test_the_organizer_is_told_why(ready: Booking, sandbox: Sandbox, as_ada: Client) -> None:
    its_host_deletes(sandbox, live_meeting(sandbox))
    settle(ready)
    (to_organizer,) = [message for message in mail.outbox if message.to == ["ada@example.com"]]
    assert "The earlier meeting was deleted by its host." in to_organizer.body
    assert live_meeting(sandbox)["join_url"] in to_organizer.body
    page = as_ada.get(f"/bookings/{ready.uid}/").content.decode()
    assert "The meeting was deleted in Zoom. A new one is being made." in page


def test_the_dead_link_is_shown_no_more(ready: Booking, sandbox: Sandbox, client: Client) -> None:
    old = live_meeting(sandbox)
    its_host_deletes(sandbox, old)
    page = client.get(f"/b/{ready.token}/").content.decode()
    assert 'data-status="arranging"' in page
    assert old["join_url"] not in page
    client.force_login(ready.organizer.user)
    for path in ("/bookings/", f"/bookings/{ready.uid}/"):
        assert old["join_url"] not in client.get(path).content.decode()


def test_a_repeat_and_the_arranging_itself_hear_of_it_once(ready: Booking, sandbox: Sandbox) -> None:
    old = live_meeting(sandbox)
    its_host_deletes(sandbox, old)
    zoom_says_deleted(str(old["id"]), host_id=old["host_id"])
    gone = Meeting.objects.get(external_id=old["id"])
    assert not provider_side.lose_meeting(gone)
    booking = settle(ready)
    assert booking.revision == 2
    assert booking.timeline.filter(kind="meeting_gone").count() == 1


def test_a_meeting_deleted_before_anybody_was_told_is_replaced(ada: Organizer, sandbox: Sandbox) -> None:
    connect(ada, sandbox, "google", "zoom")
    sandbox.fault(service="google", call="events.patch", kind="status", times=1, params={"status": 503})
    booking = settle(booked(ada))
    its_host_deletes(sandbox, live_meeting(sandbox))
    booking.refresh_from_db()
    booking.calendar_entries.update(next_attempt_at=None)
    booking = settle(booking)
    assert current_link(booking) == ("zoom", live_meeting(sandbox)["join_url"])
    assert len(sandbox.ledger(INVITEE)) == 1
    assert len(mail.outbox) == 2
    assert all("booked" in message.body for message in mail.outbox)


def unchanged(booking: Booking, sandbox: Sandbox, *, revision: int) -> bool:
    """Nothing came of it: no revision, no mail, no word on the timeline."""
    sent = len(mail.outbox)
    booking = settle(booking)
    silent = not booking.timeline.filter(kind="meeting_gone").exists() and len(mail.outbox) == sent
    return booking.revision == revision and silent


def test_our_own_deletion_after_a_cancel_does_nothing(ready: Booking, sandbox: Sandbox) -> None:
    meeting = live_meeting(sandbox)
    cancel(booking=ready, by="invitee")
    zoom_says_deleted(meeting["id"], host_id=meeting["host_id"])
    assert Meeting.objects.get().state == Meeting.State.LIVE
    booking = settle(ready)
    zoom_says_deleted(str(meeting["id"]), host_id=meeting["host_id"])
    assert unchanged(booking, sandbox, revision=2)
    assert Meeting.objects.get().state == Meeting.State.DELETED


def test_our_own_deletion_of_a_surplus_meeting_does_nothing(ready: Booking, sandbox: Sandbox) -> None:
    """It turned up after people had been told another link, and its deletion is announced while we record it."""
    kept = Meeting.objects.get()
    surplus = Meeting.objects.create(
        booking=ready,
        provider="zoom",
        connection=kept.connection,
        generation=kept.generation,
        host_id=kept.host_id,
        marker="zinnect-surplus",
        state=Meeting.State.LIVE,
        external_id="86999999999",
        join_url="https://zoom.example/j/86999999999",
    )
    zoom_says_deleted(86999999999, host_id=kept.host_id)
    surplus.refresh_from_db()
    assert surplus.state == Meeting.State.LIVE
    assert unchanged(ready, sandbox, revision=1)


def test_an_unmanaged_meeting_does_nothing(ready: Booking, sandbox: Sandbox) -> None:
    remove(Connection.objects.get(provider="zoom"), by="organizer")
    its_host_deletes(sandbox, live_meeting(sandbox))
    assert unchanged(ready, sandbox, revision=1)


def test_a_meeting_that_is_over_does_nothing(ready: Booking, sandbox: Sandbox) -> None:
    past = timezone.now() - (ready.end - ready.start)
    Booking.objects.update(
        start=past - (ready.end - ready.start),
        blocked_from=past - (ready.end - ready.start),
        end=past,
        blocked_until=past,
    )
    its_host_deletes(sandbox, live_meeting(sandbox))
    assert unchanged(ready, sandbox, revision=1)


@pytest.mark.parametrize("changes", [{"external_id": 86999999999}, {"host_id": "somebody"}])
def test_somebody_elses_meeting_does_nothing(ready: Booking, sandbox: Sandbox, changes: dict[str, Any]) -> None:
    meeting = live_meeting(sandbox)
    zoom_says_deleted(**({"external_id": meeting["id"], "host_id": meeting["host_id"]} | changes))
    assert unchanged(ready, sandbox, revision=1)


# --- The user took our access away in Zoom ---------------------------------------------------------------------------


def zoom_data_left(booking: Booking, secrets: list[str]) -> list[str]:
    """Which of ``secrets`` stand in any row of the booking or of its organizer's connection."""
    rows: list[Any] = [booking, *booking.announcements.all(), *booking.meetings.all(), *booking.timeline.all()]
    rows += [*booking.calendar_entries.all(), *booking.messages.all(), *Erasure.objects.all()]
    connection = Connection.objects.get(user=booking.organizer.user, provider="zoom")
    rows += [connection, *connection.events.all()]
    text = " ".join(repr(sorted(vars(row).items(), key=lambda item: item[0])) for row in rows)
    return [secret for secret in secrets if secret in text]


@pytest.fixture
def zoom_data(ready: Booking) -> list[str]:
    """What came from Zoom for this booking."""
    meeting, connection = Meeting.objects.get(), Connection.objects.get(provider="zoom")
    return [meeting.external_id, meeting.join_url, connection.external_id, connection.account_id, connection.email]


def user_leaves(booking: Booking, *, erased: bool = True) -> None:
    """The organizer takes our access away at Zoom; where ``erased``, a week passes."""
    zoom = Connection.objects.get(user=booking.organizer.user, provider="zoom")
    assert deauthorize(provider="zoom", external_id=zoom.external_id, account_id="", at=timezone.now()) == 1
    if erased:
        Erasure.objects.update(erase_after=timezone.now())
        tasks.sweep()


def test_until_the_erasure_the_link_stays(ready: Booking, zoom_data: list[str]) -> None:
    user_leaves(ready, erased=False)
    tasks.sweep()
    assert current_link(ready) == ("zoom", zoom_data[1])
    assert [meeting.external_id for meeting in unmanaged_meetings(ready)] == [zoom_data[0]]


def test_everything_that_came_from_zoom_is_erased(ready: Booking, zoom_data: list[str]) -> None:
    assert zoom_data_left(ready, zoom_data) == zoom_data
    user_leaves(ready)
    ready.refresh_from_db()
    assert not zoom_data_left(ready, zoom_data)


def test_pages_point_to_the_calendar_invitation(
    ready: Booking, zoom_data: list[str], client: Client, as_ada: Client
) -> None:
    user_leaves(ready)
    invitees = client.get(f"/b/{ready.token}/").content.decode()
    assert 'data-status="ready"' in invitees
    assert "The Zoom link is in your calendar invitation." in invitees
    assert "data-join-url" not in invitees
    organizers = as_ada.get(f"/bookings/{ready.uid}/").content.decode()
    assert "The Zoom link is in the calendar event." in organizers
    assert "no longer managed" not in organizers
    assert "No link yet" not in organizers
    assert "No link yet" not in as_ada.get("/bookings/").content.decode()
    assert client.get(f"/b/{ready.token}/invite.ics").status_code == 200


def test_a_later_move_keeps_the_link_in_the_event_and_offers_no_other(
    ready: Booking, zoom_data: list[str], sandbox: Sandbox
) -> None:
    before = live_event(sandbox)
    user_leaves(ready)
    booking = settle(reschedule(booking=ready, start=next_weekday(14), by="organizer"))
    event = live_event(sandbox)
    assert (event["location"], event["description"]) == (before["location"], before["description"])
    assert event["start"] != before["start"]
    assert not event.get("hangoutLink")
    assert len(sandbox.ledger(INVITEE)) == 2
    assert (booking.revision, booking.arranged_revision) == (2, 2)
    assert current_link(booking) == ("zoom", "")
    for message in mail.outbox:
        assert "The Zoom link has not changed: it is in the invitation that you have." in message.body
        assert "will send you the link" not in message.body


def test_a_later_move_that_our_mail_announces_says_so_too(
    ready: Booking, zoom_data: list[str], sandbox: Sandbox
) -> None:
    user_leaves(ready)
    remove(Connection.objects.get(provider="google"), by="organizer")
    booking = settle(reschedule(booking=ready, start=next_weekday(14), by="organizer"))
    assert current_link(booking) == ("zoom", "")
    assert Announcement.objects.get(booking=booking, revision=2).channel == "mail"
    assert all("it is in the invitation that you have" in message.body for message in mail.outbox)


def test_a_later_move_that_the_calendar_is_late_with_says_so_too(
    ready: Booking, zoom_data: list[str], sandbox: Sandbox, settings: Settings
) -> None:
    user_leaves(ready)
    settings.MEETING_FALLBACK_SECONDS = 0
    sandbox.fault(service="google", call="events.patch", kind="status", times=1, params={"status": 429})
    booking = settle(reschedule(booking=ready, start=next_weekday(14), by="organizer"))
    told = Announcement.objects.get(booking=booking, revision=2)
    assert (told.channel, told.provider) == ("mail", "zoom")
    assert len(mail.outbox) == 2
    assert all("it is in the invitation that you have" in message.body for message in mail.outbox)


def test_a_replaced_meeting_does_not_make_the_erased_link_look_dead(
    ready: Booking, sandbox: Sandbox, zoom_data: list[str]
) -> None:
    its_host_deletes(sandbox, live_meeting(sandbox))
    booking = settle(ready)
    user_leaves(booking)
    booking = settle(reschedule(booking=booking, start=next_weekday(14), by="organizer"))
    assert current_link(booking) == ("zoom", "")
    assert live_event(sandbox)["location"] == live_meeting(sandbox)["join_url"]


def test_a_cancel_after_the_erasure_leaves_the_meeting_in_zoom(
    ready: Booking, zoom_data: list[str], sandbox: Sandbox
) -> None:
    user_leaves(ready)
    cancel(booking=ready, by="invitee")
    arrange(ready.pk)
    assert not sandbox.events(live=True)
    assert live_meeting(sandbox)


def test_connecting_again_before_it_was_due_keeps_everything(
    ready: Booking, zoom_data: list[str], sandbox: Sandbox, ada: Organizer
) -> None:
    user_leaves(ready, erased=False)
    connect(ada, sandbox, "zoom")
    assert not Erasure.objects.exists()
    assert current_link(ready) == ("zoom", zoom_data[1])


def test_another_organizers_bookings_are_left_alone(
    ready: Booking, zoom_data: list[str], sandbox: Sandbox, grace: Organizer
) -> None:
    """Even with the same host, which cannot be: an erasure stays with its owner."""
    provider_side.forget_account(user_id=grace.user_id, provider="zoom", external_id=zoom_data[2])
    assert current_link(ready) == ("zoom", zoom_data[1])


def test_meet_comes_back_when_zoom_cannot_replace_the_deleted_meeting(ready: Booking, sandbox: Sandbox) -> None:
    refusal = {"status": 400, "code": 3161}
    sandbox.fault(service="zoom", call="meetings.create", kind="status", times=None, params=refusal)
    its_host_deletes(sandbox, live_meeting(sandbox))
    booking = settle(settle(ready))
    assert current_link(booking) == ("google_meet", live_event(sandbox)["hangoutLink"])
    assert not live_event(sandbox).get("location")
    assert booking.arranged_revision == 2
