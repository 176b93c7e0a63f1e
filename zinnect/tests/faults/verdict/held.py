"""What calendar and video service hold of one booking: one event, one meeting or none, one link, one time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from zinnect.tests.faults.verdict.facts import OVERDUE, Case, is_managed, links_in, moment


def at_most_one(case: Case) -> Iterator[str]:
    """Whatever became of it, there is never a second one."""
    if len(case.meetings) > 1:
        yield f"{len(case.meetings)} live meetings in Zoom"
    for meeting in case.unseen:
        yield f"the Zoom meeting {meeting['id']} was made unseen and is left over"
    if len(case.events) > 1:
        yield f"{len(case.events)} live events in Google"


def nothing(case: Case) -> Iterator[str]:
    """Nothing is left of a cancelled booking."""
    if case.events:
        yield "cancelled, but its event is still there"
    if case.meetings:
        yield "cancelled, but its meeting is still in Zoom"


def nothing_yet(case: Case) -> Iterator[str]:
    """What waits for its organizer, or was not taken, is nowhere; and it waits no longer than its hold."""
    if case.events or case.meetings or case.ledger:
        yield "never confirmed, and yet in Google or in Zoom"
    if case.booking["status"] == "pending" and case.booking["hold_until"] < case.facts.now - OVERDUE:
        yield f"still waits, although its hold ended at {case.booking['hold_until']}"


def of_a_booking_that_stands(case: Case) -> Iterator[str]:
    """Event and meeting of a booking that stands: one link in all places, and one time."""
    booking, last, link = case.booking, case.last or {}, case.link
    if booking["location"] == "video" and not link and _has_calendar(case) and not last.get("why"):
        yield "a meeting by video without a link, and no row says why"
    if not case.events and _has_calendar(case):
        yield "no event in Google"
    for event in case.events:
        if link and links_in(event) != {link}:
            yield f"the event holds {sorted(links_in(event))}, not {link} alone"
        if len(links_in(event)) > 1:
            yield f"the event holds several links: {sorted(links_in(event))}"
        if moment(event["start"]["dateTime"]) != booking["start"] or moment(event["end"]["dateTime"]) != booking["end"]:
            yield f"the event is at {event['start']['dateTime']}"
    yield from _meeting(case, str(last.get("provider", "")), link)


def _meeting(case: Case, provider: str, link: str) -> Iterator[str]:
    """With Zoom's link exactly the one meeting, at the time; with another link none."""
    if provider != "zoom":
        yield from (f"the Zoom meeting {meeting['id']} is left over" for meeting in case.meetings)
        return
    rows = [row for row in case.meeting_rows if row["join_url"] == link]
    if case.meetings and [meeting["join_url"] for meeting in case.meetings] != [link]:
        yield "the meeting in Zoom is not the one that people hold the link of"
    if not case.meetings and any(is_managed(case.facts, row) for row in rows):
        yield "people hold the link of a meeting that is not in Zoom"
    for meeting in case.meetings:
        if moment(meeting["start_time"]) != case.booking["start"]:
            yield f"the meeting in Zoom is at {meeting['start_time']}"
        if timedelta(minutes=meeting["duration"]) != case.booking["end"] - case.booking["start"]:
            yield f"the meeting in Zoom is at its time for {meeting['duration']} minutes"


def _has_calendar(case: Case) -> bool:
    """Whether the organizer has a calendar connected."""
    return any(
        row["provider"] == "google" and row["user_id"] == case.organizer["user_id"] and row["status"] == "connected"
        for row in case.facts.connections
    )
