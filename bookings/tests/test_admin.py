"""What an admin sees of a booking, and does about it."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bookings.models import Booking, Meeting, Message, Organizer
from bookings.tests.people import announced, booked
from bookings.tests.world import LIST, act


def test_the_token_of_the_invitee_is_shown_nowhere(as_admin: Client, ada: Organizer) -> None:
    booking = booked(ada)
    own = [f"{LIST}{booking.pk}/{page}/" for page in ("change", "history", "by-hand")]
    pages = [LIST, *own, "/admin/bookings/message/", "/admin/bookings/meeting/", "/admin/overview/"]
    for page in pages:
        answer = as_admin.get(page)
        assert answer.status_code == 200
        assert booking.token not in answer.content.decode()
        assert booking.form_key not in answer.content.decode()


def test_a_booking_shows_all_that_is_known_of_it(as_admin: Client, ada: Organizer) -> None:
    booking = booked(ada, last_error="Zoom did not answer.")
    announced(booking, url="https://zoom.example/j/42")
    booking.timeline.create(kind="booked", text="Booked by the invitee.")
    booking.meetings.create(provider="zoom", generation=1, marker="m1", external_id="84212345678")
    booking.messages.create(revision=1, kind="confirmed", role="invitee", to_email="mary@example.org")
    page = as_admin.get(f"{LIST}{booking.pk}/change/").content.decode()
    for words in ("Booked by the invitee.", "84212345678", "https://zoom.example/j/42", "mary@example.org"):
        assert words in page
    assert "Zoom did not answer." in page


def test_a_booking_that_waits_shows_until_when(as_admin: Client, ada: Organizer) -> None:
    until = timezone.now().replace(hour=14, minute=37)
    booking = booked(ada, status=Booking.Status.PENDING, hold_until=until)
    assert "Waiting for confirmation" in as_admin.get(f"{LIST}?status__exact=pending").content.decode()
    page = as_admin.get(f"{LIST}{booking.pk}/change/").content.decode()
    assert "Hold until" in page
    assert "14:37" in page


def test_what_the_outside_follows_cannot_be_changed_by_hand(as_admin: Client, ada: Organizer) -> None:
    booking = booked(ada)
    assert as_admin.post(f"{LIST}{booking.pk}/change/", {"title": "Other"}).status_code == 403
    assert as_admin.post(f"{LIST}{booking.pk}/delete/", {"post": "yes"}).status_code == 403
    assert as_admin.get(f"{LIST}add/").status_code == 403
    booking.refresh_from_db()
    assert booking.title == "Intro call"


def test_unfinished_bookings_are_found(as_admin: Client, ada: Organizer) -> None:
    booked(ada, name="Mary Moser", arranged_revision=0)
    booked(ada, name="Gwen Given", days=4, arranged_revision=0, gave_up_at=timezone.now())
    booked(ada, name="Paul Plum", days=5)
    everybody = {"Mary Moser", "Gwen Given", "Paul Plum"}
    expected = {"yes": {"Mary Moser", "Gwen Given"}, "gave_up": {"Gwen Given"}, "no": {"Paul Plum"}}
    for choice, names in expected.items():
        page = as_admin.get(f"{LIST}?unfinished={choice}").content.decode()
        assert {name for name in everybody if name in page} == names


def test_arrange_now_makes_the_work_due(as_admin: Client, ada: Organizer) -> None:
    booking = booked(ada, arranged_revision=0, gave_up_at=timezone.now())
    assert "1 booking is being arranged." in act(as_admin, "arrange_now", booking)
    booking.refresh_from_db()
    assert booking.gave_up_at is None
    assert booking.next_attempt_at is not None


def test_cancel_everywhere_cancels_what_can_be_and_names_what_cannot(as_admin: Client, ada: Organizer) -> None:
    coming, over = booked(ada), booked(ada, name="Paul Past", days=-3)
    page = act(as_admin, "cancel_everywhere", coming, over)
    assert "1 booking is cancelled." in page
    assert "This meeting is already over." in page
    coming.refresh_from_db()
    over.refresh_from_db()
    assert (coming.status, coming.changed_by, over.status) == ("cancelled", "admin", "confirmed")


def test_who_may_only_look_is_offered_no_action(ada: Organizer, client: Client) -> None:
    looker = get_user_model().objects.create_user("lea", "lea@example.com", is_staff=True)
    from django.contrib.auth.models import Permission

    looker.user_permissions.set(Permission.objects.filter(codename="view_booking"))
    client.force_login(looker)
    booking = booked(ada)
    assert "cancel_everywhere" not in client.get(LIST).content.decode()
    act(client, "cancel_everywhere", booking)
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_an_organizer_with_bookings_cannot_be_deleted_away_from_under_them(as_admin: Client, ada: Organizer) -> None:
    booked(ada)
    assert as_admin.post(f"/admin/auth/user/{ada.user_id}/delete/", {"post": "yes"}).status_code == 403
    assert Organizer.objects.filter(pk=ada.pk).exists()


@pytest.mark.parametrize("model", ["eventtype", "organizer", "schedule", "message", "meeting"])
def test_every_other_list_and_page_opens(as_admin: Client, ada: Organizer, model: str) -> None:
    booking = booked(ada)
    booking.messages.create(revision=1, kind="confirmed", role="invitee", to_email="mary@example.org")
    booking.meetings.create(provider="zoom", generation=1, marker="m1", external_id="84212345678", last_error="No.")
    rows = {
        "eventtype": ada.event_types.get(),
        "organizer": ada,
        "schedule": ada.schedules.get(),
        "message": Message.objects.get(),
        "meeting": Meeting.objects.get(),
    }
    url = reverse(f"admin:bookings_{model}_change", args=[rows[model].pk])
    assert as_admin.get(f"/admin/bookings/{model}/?q=a").status_code == 200
    assert as_admin.get(url).status_code == 200


def test_meetings_that_failed_are_found_by_what_comes_of_it(as_admin: Client, ada: Organizer) -> None:
    for number, (error, for_good) in enumerate([("", False), ("Later.", False), ("Never.", True)]):
        fields = {"last_error": error, "failed_for_good": for_good, "external_id": f"8421234567{number}"}
        booked(ada, days=number + 1).meetings.create(provider="zoom", generation=1, marker=f"m{number}", **fields)
    for choice, expected in {"again": {"1"}, "for_good": {"2"}, "": {"0", "1", "2"}}.items():
        page = as_admin.get(f"/admin/bookings/meeting/?error={choice}").content.decode()
        assert set(re.findall(r"8421234567(\d)", page)) == expected


def test_an_organizer_who_is_no_admin_does_not_get_in(as_ada: Client) -> None:
    assert as_ada.get(LIST).status_code == 302
