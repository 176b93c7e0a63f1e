"""What the verdict looks at: rows of ours, and what Zoom, Google and the mailbox hold; then sorted by booking."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Row = Mapping[str, Any]
Json = dict[str, Any]

MARKER = re.compile(r"zinnect-[0-9a-f]{32}")
OVERDUE = timedelta(seconds=60)
JOIN_LINK = re.compile(r"https://(?:[\w.-]+\.)?(?:zoom\.us/j/|meet\.google\.com/)[^\s\"'<>\\]+")


@dataclass(frozen=True)
class Facts:
    """Rows of our tables as dictionaries, and what the sandbox says. ``promised``: token of each 303 → invitee."""

    bookings: list[Row]
    guests: list[Row]
    meeting_rows: list[Row]
    entries: list[Row]
    """With the ``connection_id`` of their calendar."""
    timeline: list[Row]
    announcements: list[Row]
    messages: list[Row]
    connections: list[Row]
    organizers: list[Row]
    """``id``, ``user_id``, ``email`` and ``timezone``."""
    events: list[Json]
    meetings: list[Json]
    ledger: list[Json]
    mails: list[Json]
    now: datetime
    promised: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that there is of one booking."""

    facts: Facts
    booking: Row
    guests: list[Row]
    meeting_rows: list[Row]
    entries: list[Row]
    timeline: list[Row]
    announcements: list[Row]
    messages: list[Row]
    meetings: list[Json]
    """Live ones in Zoom that we manage."""
    unseen: list[Json]
    """Live ones in Zoom that we would not touch any more, and of which no row knows."""
    events: list[Json]
    """Live ones in Google."""
    ledger: list[Json]
    mails: list[tuple[Row, Json]]
    """Our mails that announce the booking, each with its row."""
    trouble: list[tuple[Row, Json]]
    """Our mails about what needs the organizer, likewise."""

    @property
    def confirmed(self) -> bool:
        """Whether it should stand in calendars."""
        return bool(self.booking["status"] == "confirmed")

    @property
    def finished(self) -> bool:
        """Whether the product says that everything was done."""
        return bool(self.booking["arranged_revision"] >= self.booking["revision"])

    @property
    def last(self) -> Row | None:
        """The announcement of the last revision, when it was made."""
        return next((a for a in self.announcements if a["revision"] == self.booking["revision"] and a["done_at"]), None)

    @property
    def link(self) -> str:
        """The link that people were told last; empty where there is none, or where it was erased here."""
        return str((self.last or {}).get("join_url", ""))

    @property
    def invited(self) -> list[str]:
        """Invitee and guests."""
        return [str(self.booking["invitee_email"]).lower(), *(str(guest["email"]).lower() for guest in self.guests)]

    @property
    def organizer(self) -> Row:
        """The organizer."""
        return next(o for o in self.facts.organizers if o["id"] == self.booking["organizer_id"])

    @property
    def readers(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Address and time zone of those who get a mail of ours each time."""
        invitee = (self.invited[0], str(self.booking["invitee_timezone"]))
        return invitee, (str(self.organizer["email"]), str(self.organizer["timezone"]))


def name(booking: Row) -> str:
    """How a sentence names a booking."""
    return f"booking {booking['id']} of {booking['invitee_email']} (revision {booking['revision']})"


def cases(facts: Facts) -> Iterator[Case]:
    """Everything sorted by booking."""
    names = ("guests", "meeting_rows", "entries", "timeline", "announcements", "messages")
    tables = {name: _by_booking(getattr(facts, name)) for name in names}
    (managed, unseen), events, ledger, mails = _live_meetings(facts), _live_events(facts), _ledger(facts), _mails(facts)
    for booking in facts.bookings:
        pk, uid = booking["id"], str(booking["uid"])
        yield Case(
            facts=facts,
            booking=booking,
            **{name: rows[pk] for name, rows in tables.items()},
            meetings=managed[pk],
            unseen=unseen[pk],
            events=events[uid],
            ledger=ledger[uid],
            mails=[(row, mail) for row, mail in mails[pk] if not row["kind"].startswith(("trouble", "reminder"))],
            trouble=[(row, mail) for row, mail in mails[pk] if row["kind"] == "trouble"],
        )


def _by_booking(rows: list[Row]) -> dict[int, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row["booking_id"]].append(row)
    return found


def _ledger(facts: Facts) -> dict[str, list[Json]]:
    """What Google mailed, by the booking's UID."""
    found = defaultdict(list)
    for entry in facts.ledger:
        found[str(entry["private"].get("zinnectBooking"))].append(entry)
    return found


def _live_meetings(facts: Facts) -> tuple[dict[int, list[Json]], dict[int, list[Json]]]:
    """By booking: managed ones, and those that are neither managed nor known. What a timeline speaks of is neither."""
    rows, known = {row["marker"]: row for row in facts.meeting_rows}, {row["external_id"] for row in facts.meeting_rows}
    left = {row["booking_id"] for row in facts.timeline if row["kind"] == "meeting_left"}
    managed, unseen = defaultdict(list), defaultdict(list)
    for meeting in facts.meetings:
        row = rows.get(marker_of(meeting))
        if meeting["state"] != "live" or row is None:
            continue
        is_known = str(meeting["id"]) in known
        if not is_known and row["booking_id"] in left:
            continue
        if is_managed(facts, row):
            managed[row["booking_id"]].append(meeting)
        elif not is_known:
            unseen[row["booking_id"]].append(meeting)
    return managed, unseen


def _live_events(facts: Facts) -> dict[str, list[Json]]:
    """By the booking's UID."""
    found = defaultdict(list)
    for event in facts.events:
        if event["status"] != "cancelled":
            found[uid_of(event)].append(event)
    return found


def _mails(facts: Facts) -> dict[int, list[tuple[Row, Json]]]:
    """By booking; what belongs to none is a notice."""
    rows, found = {str(row["uid"]): row for row in facts.messages}, defaultdict(list)
    for mail in facts.mails:
        row = rows.get(str(mail["message_id"]).strip("<>").partition("@")[0])
        if row:
            found[row["booking_id"]].append((row, mail))
    return found


def is_managed(facts: Facts, row: Row) -> bool:
    """Whether the connection that made a meeting was not removed since."""
    generations = {connection["id"]: connection["generation"] for connection in facts.connections}
    return bool(row["state"] != "unmanaged" and generations.get(row["connection_id"]) == row["generation"])


def marker_of(meeting: Json) -> str:
    """Our mark at the start of a meeting's agenda, or nothing."""
    found = MARKER.match(str(meeting.get("agenda", "")))
    return found.group() if found else ""


def uid_of(event: Json) -> str:
    """The UID of the booking that an event is for, or nothing."""
    return str(event.get("extendedProperties", {}).get("private", {}).get("zinnectBooking", ""))


def links_in_text(text: str) -> set[str]:
    """Every join link in a text, plain or HTML."""
    return {link.rstrip(".,;)") for link in JOIN_LINK.findall(html.unescape(text))}


def links_in(event: Json) -> set[str]:
    """Every join link a guest could follow from a calendar event."""
    words = f"{event.get('location', '')} {event.get('description', '')} {event.get('hangoutLink', '')}"
    points = [str(point.get("uri", "")) for point in event.get("conferenceData", {}).get("entryPoints", [])]
    return links_in_text(" ".join([words, *points]))


def moment(text: str) -> datetime:
    """A moment as the vendors write it."""
    return datetime.fromisoformat(text)
