"""People and vendors act on their own: meetings and events vanish or change, access is withdrawn, in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from zinnect.tests.faults.harness import Booked, Stage, until
from zinnect.tests.faults.verdict import links_in, moment

pytest_plugins = ["zinnect.tests.faults.fixtures"]
pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.postgres]


def arranged(product: Stage, word: str) -> Booked:
    """A booking with everything there."""
    booked = product.book(word)
    product.comes_to_rest_unharmed()
    return booked


def meeting_of(product: Stage, booked: Booked) -> dict[str, Any]:
    """The live Zoom meeting of a booking."""
    link = product.invitee.look(booked.url).join_url
    return next(meeting for meeting in product.sandbox.meetings(live=True) if meeting["join_url"] == link)


def event_of(product: Stage, booked: Booked) -> dict[str, Any]:
    """The live event of a booking; waits until there is one."""
    (row,) = product.rows("SELECT uid FROM bookings_booking WHERE token = %s", booked.token)

    def found() -> dict[str, Any] | None:
        events = product.sandbox.events(live=True)
        mine = (
            event for event in events if event["extendedProperties"]["private"]["zinnectBooking"] == str(row["uid"])
        )
        return next(mine, None)

    event: dict[str, Any] = until(found, seconds=20)
    return event


def test_a_meeting_deleted_in_zoom_is_made_anew_and_announced_once(product: Stage) -> None:
    booked = arranged(product, "deleted")
    old = meeting_of(product, booked)
    product.sandbox.act("delete_meeting", id=old["id"], webhook=True)
    until(lambda: product.invitee.look(booked.url).join_url not in ("", old["join_url"]), seconds=30)
    product.comes_to_rest_unharmed()
    assert product.shown(booked) == ("ready", "zoom")
    kinds = [entry["kind"] for entry in product.sandbox.ledger(booked.email)]
    assert kinds == ["invitation", "updated invitation"]


def test_a_meeting_deleted_in_zoom_without_a_word_is_found_out_by_the_next_move(product: Stage) -> None:
    booked = arranged(product, "silent")
    product.sandbox.act("delete_meeting", id=meeting_of(product, booked)["id"])
    product.move(booked)
    product.comes_to_rest_unharmed()
    assert product.shown(booked) == ("ready", "zoom")


def test_a_meeting_deleted_in_zoom_and_the_booking_cancelled(product: Stage) -> None:
    booked = arranged(product, "both")
    product.sandbox.act("delete_meeting", id=meeting_of(product, booked)["id"], webhook=True)
    product.cancel(booked)
    product.comes_to_rest_unharmed()
    assert product.shown(booked)[0] == "cancelled"


def test_an_event_deleted_in_google_comes_back_with_the_next_move(product: Stage) -> None:
    booked = arranged(product, "event.gone")
    product.sandbox.act("delete_event", id=event_of(product, booked)["id"])
    product.move(booked)
    product.comes_to_rest_unharmed()


def test_an_event_deleted_in_google_and_the_booking_cancelled(product: Stage) -> None:
    booked = arranged(product, "event.gone")
    product.sandbox.act("delete_event", id=event_of(product, booked)["id"])
    product.cancel(booked)
    product.comes_to_rest_unharmed()
    assert product.shown(booked)[0] == "cancelled"


@pytest.mark.parametrize("act", ["change_event", "delete_event"])
def test_an_event_changed_between_our_writes(product: Stage, act: str) -> None:
    """Zoom takes its time: the event stands there without anybody told, and the organizer edits or deletes it."""
    product.sandbox.tell("/latency", {"zoom": 700})
    booked = product.book("between")
    event = event_of(product, booked)
    changes = {"changes": {"summary": "My own words", "colorId": "5"}} if act == "change_event" else {}
    product.sandbox.act(act, id=event["id"], **changes)
    product.comes_to_rest_unharmed()
    assert product.shown(booked) == ("ready", "zoom")


def test_an_event_that_was_changed_afterwards_follows_the_next_move(product: Stage) -> None:
    """The organizer renamed it and dragged it elsewhere: the move writes over the time, and people are told once."""
    booked = arranged(product, "dragged")
    event = event_of(product, booked)
    later = {
        edge: {**event[edge], "dateTime": (moment(event[edge]["dateTime"]) + timedelta(hours=1)).isoformat()}
        for edge in ("start", "end")
    }
    product.sandbox.act("change_event", id=event["id"], changes={"summary": "My own words", **later})
    product.move(booked)
    product.comes_to_rest_unharmed()
    kinds = [entry["kind"] for entry in product.sandbox.ledger(booked.email)]
    assert kinds == ["invitation", "updated invitation"]


def test_meet_put_back_by_the_calendar_itself_is_taken_out_again(product: Stage) -> None:
    """Seen in the answer to the announcing patch, whose mail Google has sent by then: that mail alone names both."""
    product.sandbox.act("meet_by_default", calendar="primary", times=1)
    booked = product.book("put.back")
    wrong = product.verdict()
    assert all(booked.email in words and "Google's invitation holds" in words for words in wrong), wrong
    assert product.shown(booked) == ("ready", "zoom")
    assert links_in(event_of(product, booked)) == {product.invitee.look(booked.url).join_url}


def test_meet_that_takes_its_time_or_fails(product: Stage) -> None:
    for setting, value, back in (("meet_pending_seconds", 2.5, 0.0), ("meet_outcome", "failure", "success")):
        product.sandbox.act(setting, value=value)
        booked = arranged(product, "meet")
        product.sandbox.act(setting, value=back)
        assert product.shown(booked) == ("ready", "zoom")


def test_zoom_tells_of_a_withdrawal_in_order_late_and_twice(product: Stage) -> None:
    """Only what was connected before counts; a repeat changes nothing."""
    before = arranged(product, "before.withdrawal")
    product.sandbox.act("revoke_grant", service="zoom")
    until(lambda: product.connection("zoom")["status"] == "deauthorized", seconds=20)
    withdrawn_at = datetime.now(UTC)
    row = product.connection("zoom")
    assert (row["access_token"], row["refresh_token"]) == ("", "")
    meanwhile = arranged(product, "after.withdrawal")
    assert product.shown(meanwhile) == ("ready", "google_meet")
    assert product.shown(before)[0] == "ready"

    product.organizer.connect("zoom", product.sandbox)
    for _time in range(2):
        late = withdrawn_at - timedelta(seconds=1)
        fields = {"deauthorization_time": late.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        answer = product.sandbox.act("send_webhook", event="app_deauthorized", fields=fields)
        assert answer["status"] == 200
    again = arranged(product, "connected.again")
    assert product.shown(again) == ("ready", "zoom")
    product.cancel(before)
    product.comes_to_rest_unharmed()
