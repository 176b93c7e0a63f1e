"""What must hold of all bookings together: promises kept, no overlap, nothing left over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from zinnect.tests.faults.verdict.facts import Facts, marker_of, name, uid_of


def promises(facts: Facts) -> Iterator[str]:
    """Bookings that invitees were told of = bookings in the database."""
    stored = {row["token"]: row for row in facts.bookings}
    for token, email in facts.promised.items():
        if token not in stored:
            yield f"the booking that {email} was told of is not in the database"
    if facts.promised:
        yield from (
            f"{name(row)} was confirmed to nobody" for token, row in stored.items() if token not in facts.promised
        )


def overlaps(facts: Facts) -> Iterator[str]:
    """No two bookings of an organizer hold the same time."""
    holding = [row for row in facts.bookings if row["status"] in ("pending", "confirmed")]
    holding.sort(key=lambda row: (row["organizer_id"], row["blocked_from"]))
    for one, other in pairwise(holding):
        if one["organizer_id"] == other["organizer_id"] and other["blocked_from"] < one["blocked_until"]:
            yield f"{name(one)} and {name(other)} overlap"


def left_over(facts: Facts) -> Iterator[str]:
    """Every marked meeting and every event of ours belongs to a booking."""
    known = {row["marker"] for row in facts.meeting_rows}
    for meeting in facts.meetings:
        if meeting["state"] == "live" and marker_of(meeting) and marker_of(meeting) not in known:
            yield f"the Zoom meeting {meeting['id']} carries a marker that no row knows"
    uids = {str(row["uid"]) for row in facts.bookings}
    for event in facts.events:
        if event["status"] != "cancelled" and uid_of(event) and uid_of(event) not in uids:
            yield f"the event {event['id']} belongs to no booking"
