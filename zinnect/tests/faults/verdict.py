"""The one verdict that is taken after every fault: our own rows against what Zoom, Google and the mailbox really hold.

``faults(facts)`` is a list of sentences, empty when all is right. It knows nothing of what was broken before.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
Json = dict[str, Any]

MARKER = re.compile(r"zinnect-[0-9a-f]{32}")
JOIN_LINK = re.compile(r"https://(?:[\w.-]+\.)?(?:zoom\.us/j/|meet\.google\.com/)[^\s\"'<>\\]+")
OVERDUE = timedelta(seconds=60)


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


@dataclass(frozen=True)
class Case:
    """All that there is of one booking."""

    facts: Facts
    booking: Row
    meetings: list[Json]
    """Live ones in Zoom that we manage."""
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
        mine = [a for a in self.facts.announcements if a["booking_id"] == self.booking["id"]]
        return next((a for a in mine if a["revision"] == self.booking["revision"] and a["done_at"]), None)

    @property
    def invited(self) -> list[str]:
        """Invitee and guests."""
        guests = [guest["email"] for guest in self.facts.guests if guest["booking_id"] == self.booking["id"]]
        return [str(self.booking["invitee_email"]).lower(), *(str(guest).lower() for guest in guests)]

    @property
    def organizer(self) -> Row:
        """The organizer."""
        return next(o for o in self.facts.organizers if o["id"] == self.booking["organizer_id"])

    @property
    def readers(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Address and time zone of those who get a mail of ours each time."""
        invitee = (self.invited[0], str(self.booking["invitee_timezone"]))
        return invitee, (str(self.organizer["email"]), str(self.organizer["timezone"]))


def faults(facts: Facts) -> list[str]:
    """Everything that is wrong, each as a sentence that names its booking."""
    return [
        *_promises(facts),
        *_overlaps(facts),
        *_left_over(facts),
        *(f"{_name(case.booking)}: {words}" for case in map(_case(facts), facts.bookings) for words in _booking(case)),
    ]


def _name(booking: Row) -> str:
    return f"booking {booking['id']} of {booking['invitee_email']} (revision {booking['revision']})"


def _case(facts: Facts) -> Any:
    markers = {row["marker"]: row for row in facts.meeting_rows}
    generations = {row["id"]: row["generation"] for row in facts.connections}

    def managed(row: Row) -> bool:
        return bool(row["state"] != "unmanaged" and generations.get(row["connection_id"]) == row["generation"])

    def of(booking: Row) -> Case:
        uid = str(booking["uid"])
        mine = {str(m["uid"]): m for m in facts.messages if m["booking_id"] == booking["id"]}
        ours = [(mine[key], mail) for mail in facts.mails if (key := _message_uid(mail)) in mine]
        rows = [(meeting, markers.get(_marker(meeting))) for meeting in facts.meetings if meeting["state"] == "live"]
        return Case(
            facts,
            booking,
            [meeting for meeting, row in rows if row and row["booking_id"] == booking["id"] and managed(row)],
            [event for event in facts.events if event["status"] != "cancelled" and _uid(event) == uid],
            [entry for entry in facts.ledger if entry["private"].get("zinnectBooking") == uid],
            [(row, mail) for row, mail in ours if not row["kind"].startswith(("trouble", "reminder"))],
            [(row, mail) for row, mail in ours if row["kind"] == "trouble"],
        )

    return of


def _marker(meeting: Json) -> str:
    found = MARKER.match(str(meeting.get("agenda", "")))
    return found.group() if found else ""


def _uid(event: Json) -> str:
    return str(event.get("extendedProperties", {}).get("private", {}).get("zinnectBooking", ""))


def _message_uid(mail: Json) -> str:
    return str(mail["message_id"]).strip("<>").partition("@")[0]


def links_in(event: Json) -> set[str]:
    """Every join link a guest could follow from a calendar event."""
    words = f"{event.get('location', '')} {event.get('description', '')} {event.get('hangoutLink', '')}"
    points = [str(point.get("uri", "")) for point in event.get("conferenceData", {}).get("entryPoints", [])]
    found = JOIN_LINK.findall(html.unescape(" ".join([words, *points])))
    return {link.rstrip(".,;)") for link in found}


# --- Of all bookings -----------------------------------------------------------------------------------------------


def _promises(facts: Facts) -> Iterator[str]:
    """Bookings that invitees were told of = bookings in the database."""
    stored = {row["token"]: row for row in facts.bookings}
    for token, email in facts.promised.items():
        if token not in stored:
            yield f"the booking that {email} was told of is not in the database"
    if facts.promised:
        yield from (
            f"{_name(row)} was confirmed to nobody" for token, row in stored.items() if token not in facts.promised
        )


def _overlaps(facts: Facts) -> Iterator[str]:
    """No two bookings of an organizer hold the same time."""
    holding = [row for row in facts.bookings if row["status"] in ("pending", "confirmed")]
    holding.sort(key=lambda row: (row["organizer_id"], row["blocked_from"]))
    for one, other in pairwise(holding):
        if one["organizer_id"] == other["organizer_id"] and other["blocked_from"] < one["blocked_until"]:
            yield f"{_name(one)} and {_name(other)} overlap"


def _left_over(facts: Facts) -> Iterator[str]:
    """Every marked meeting and every event of ours belongs to a booking."""
    known = {row["marker"] for row in facts.meeting_rows}
    for meeting in facts.meetings:
        if meeting["state"] == "live" and _marker(meeting) and _marker(meeting) not in known:
            yield f"the Zoom meeting {meeting['id']} carries a marker that no row knows"
    uids = {str(row["uid"]) for row in facts.bookings}
    for event in facts.events:
        if event["status"] != "cancelled" and _uid(event) and _uid(event) not in uids:
            yield f"the event {event['id']} belongs to no booking"


# --- Of one booking ------------------------------------------------------------------------------------------------


def _booking(case: Case) -> Iterator[str]:
    if len(case.meetings) > 1:
        yield f"{len(case.meetings)} live meetings in Zoom"
    if len(case.events) > 1:
        yield f"{len(case.events)} live events in Google"
    yield from _at_most_once(case)
    yield from _organizer_knows(case)
    if not case.booking["confirmed_at"]:
        yield from _never_confirmed(case)
    if not case.finished:
        yield from _unfinished(case)
    elif case.confirmed:
        yield from _told(case)
        yield from _confirmed(case)
    elif case.booking["status"] == "cancelled":
        yield from _ended(case)
    else:
        yield from _asked(case)


def _unfinished(case: Case) -> Iterator[str]:
    """Work that is not done has a row that says when and why, or that it was given up."""
    booking = case.booking
    if booking["gave_up_at"]:
        return
    looks = [row for row in case.facts.meeting_rows if row["booking_id"] == booking["id"] and row["look_again_at"]]
    if not booking["next_attempt_at"]:
        yield "unfinished, and never due again"
    elif booking["next_attempt_at"] < case.facts.now - OVERDUE:
        yield f"unfinished, and overdue since {booking['next_attempt_at']}"
    if not booking["last_error"] and not looks:
        yield "unfinished, and no row says why"
    working = {row["id"] for row in case.facts.connections if row["status"] == "connected"}
    mine = [row for row in case.facts.meeting_rows if row["booking_id"] == booking["id"]]
    unseen = [row for row in mine if row["lost_calls"] and row["state"] == "creating" and row["failed_for_good"]]
    if any(row["connection_id"] in working for row in unseen):
        yield "a meeting may have been made unseen, and nobody looks for it"


def _requests(case: Case, person: str) -> Counter[int]:
    """Invitations to a person by revision: Google's, and ours by distinct Message-ID."""
    found = Counter(
        int(entry["private"].get("zinnectRevision", "0"))
        for entry in case.ledger
        if entry["to"].lower() == person and entry["method"] == "REQUEST"
    )
    ours = {(row["revision"], mail["message_id"]) for row, mail in _mails_to(case, person) if _has(mail, "REQUEST")}
    found.update(revision for revision, _message_id in ours)
    return found


def _has(mail: Json, method: str) -> bool:
    return any(f"METHOD:{method}" in part for part in mail["ics"])


def _mails_to(case: Case, person: str) -> list[tuple[Row, Json]]:
    return [(row, mail) for row, mail in case.mails if person in [to.lower() for to in mail["envelope_to"]]]


def _at_most_once(case: Case) -> Iterator[str]:
    for person in case.invited:
        for revision, times in _requests(case, person).items():
            if times > 1:
                yield f"{person} was invited {times} times for revision {revision}"
        if (times := _cancels(case, person)) > 1:
            yield f"{person} was told {times} times that it was cancelled"
    mails = Counter(
        (mail["envelope_to"][0], row["revision"])
        for row, mail in {mail["message_id"]: (row, mail) for row, mail in case.mails}.values()
    )
    for (person, revision), times in mails.items():
        if times > 1:
            yield f"{person} has {times} different mails for revision {revision}"


def _cancels(case: Case, person: str) -> int:
    google = [entry for entry in case.ledger if entry["to"].lower() == person and entry["kind"] == "cancelled"]
    return len(google) + len({mail["message_id"] for _row, mail in _mails_to(case, person) if _has(mail, "CANCEL")})


def _mails_of_last(case: Case, person: str) -> list[Json]:
    revision = case.booking["revision"]
    found = {mail["message_id"]: mail for row, mail in _mails_to(case, person.lower()) if row["revision"] == revision}
    return list(found.values())


def _refused(case: Case, person: str) -> bool:
    """Whether the mail server refused this person's mail for good, and the row says so."""
    return any(row["to_email"].lower() == person.lower() for row in _refused_mails(case))


def _refused_mails(case: Case) -> list[Row]:
    mine = [row for row in case.facts.messages if row["booking_id"] == case.booking["id"]]
    return [row for row in mine if row["state"] == "failed" and row["last_error"]]


def _organizer_knows(case: Case) -> Iterator[str]:
    """Whatever gave up or needs a person is in one mail to the organizer, unless the meeting is over."""
    revision = case.booking["revision"]
    for number in {row["revision"] for row, _mail in case.trouble}:
        if len({mail["message_id"] for row, mail in case.trouble if row["revision"] == number}) > 1:
            yield f"the organizer has different mails about trouble with revision {number}"
    if case.booking["end"] <= case.facts.now or any(row["revision"] == revision for row, _mail in case.trouble):
        return
    said = " ".join(html.unescape(mail["text"]) for mail in _mails_of_last(case, case.organizer["email"]))
    for words in _needs_a_person(case):
        if words not in " ".join(said.split()) and not _refused(case, case.organizer["email"]):
            yield f"nobody told the organizer: {words}"


def _needs_a_person(case: Case) -> Iterator[str]:
    """The words of what no further try of ours will mend. What waits for a lost connection has a mail of its own."""
    working = {row["id"] for row in case.facts.connections if row["status"] == "connected"}
    for row in [*case.facts.meeting_rows, *case.facts.entries]:
        mine = row["booking_id"] == case.booking["id"] and row["connection_id"] in working
        is_open = row["state"] in ("creating", "inserting", "live") or row.get("look_again_at")
        if mine and is_open and row["failed_for_good"]:
            yield row["last_error"]
    for row in _refused_mails(case):
        if row["revision"] == case.booking["revision"] and row["role"] != "organizer":
            yield row["last_error"]
    for row in case.facts.timeline:
        noted = row["booking_id"] == case.booking["id"] and row["at"] >= case.booking["revised_at"]
        if noted and row["kind"] in ("meeting_left", "two_links"):
            yield row["text"]
    if case.booking["gave_up_at"]:
        yield "it was given up"


def _told(case: Case) -> Iterator[str]:
    """Exactly one invitation for the last revision, and one mail to each, with the link that stayed and the time."""
    link, revision = (case.last or {}).get("join_url", ""), case.booking["revision"]
    if case.last is None:
        yield "finished, but nobody was told of the last revision"
    for person in case.invited:
        if _requests(case, person)[revision] != 1 and not _refused(case, person):
            yield f"{person} has {_requests(case, person)[revision]} invitations for the last revision, not one"
    for entry in case.ledger:
        if entry["method"] == "REQUEST" and entry["private"].get("zinnectRevision") == str(revision):
            if link and entry["join_links"] != [link]:
                yield f"Google's invitation holds {entry['join_links']}, not {link} alone"
            if _moment(entry["start"]["dateTime"]) != case.booking["start"]:
                yield f"Google's invitation says {entry['start']['dateTime']}"
    for person, zone in case.readers:
        yield from _mail_of_last(case, person, zone, link)


def _mail_of_last(case: Case, person: str, zone: str, link: str) -> Iterator[str]:
    clock = _clock(case.booking["start"], zone)
    mails = _mails_of_last(case, person)
    if len(mails) != 1 and not _refused(case, person):
        yield f"{person} has {len(mails)} mails of ours for the last revision, not one"
    for mail in mails:
        text = html.unescape(mail["text"])
        if link and {found.rstrip(".,;)") for found in JOIN_LINK.findall(text)} != {link}:
            yield f"the mail to {person} holds {JOIN_LINK.findall(text)}, not {link} alone"
        if clock not in " ".join(text.split()):
            yield f"the mail to {person} lacks the time {clock}"
        for part in mail["ics"]:
            if f"DTSTART:{case.booking['start']:%Y%m%dT%H%M%SZ}" not in part:
                yield f"the calendar part of the mail to {person} has another time"


def _clock(start: datetime, zone: str) -> str:
    """A moment as our mails say it to somebody in ``zone``."""
    local = start.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%B %Y, %H:%M}"


def _confirmed(case: Case) -> Iterator[str]:
    """Event and meeting of a booking that stands: one link in all places, and one time."""
    booking, last = case.booking, case.last or {}
    link, provider = last.get("join_url", ""), last.get("provider", "")
    if booking["location"] == "video" and not link and _has_calendar(case) and not last.get("why"):
        yield "a meeting by video without a link, and no row says why"
    if not case.events and _has_calendar(case):
        yield "no event in Google"
    for event in case.events:
        if link and links_in(event) != {link}:
            yield f"the event holds {sorted(links_in(event))}, not {link} alone"
        if (
            _moment(event["start"]["dateTime"]) != booking["start"]
            or _moment(event["end"]["dateTime"]) != booking["end"]
        ):
            yield f"the event is at {event['start']['dateTime']}"
    yield from _meeting(case, provider, link)


def _meeting(case: Case, provider: str, link: str) -> Iterator[str]:
    """With Zoom's link exactly the one meeting, at the time; with another link none."""
    if provider != "zoom":
        yield from (f"the Zoom meeting {meeting['id']} is left over" for meeting in case.meetings)
        return
    rows = [
        row for row in case.facts.meeting_rows if row["booking_id"] == case.booking["id"] and row["join_url"] == link
    ]
    if case.meetings and [meeting["join_url"] for meeting in case.meetings] != [link]:
        yield "the meeting in Zoom is not the one that people hold the link of"
    if not case.meetings and any(_is_managed(case.facts, row) for row in rows):
        yield "people hold the link of a meeting that is not in Zoom"
    for meeting in case.meetings:
        if _moment(meeting["start_time"]) != case.booking["start"]:
            yield f"the meeting in Zoom is at {meeting['start_time']}"


def _is_managed(facts: Facts, row: Row) -> bool:
    generations = {connection["id"]: connection["generation"] for connection in facts.connections}
    return bool(row["state"] != "unmanaged" and generations.get(row["connection_id"]) == row["generation"])


def _has_calendar(case: Case) -> bool:
    """Whether the organizer has a calendar connected."""
    return any(
        row["provider"] == "google" and row["user_id"] == case.organizer["user_id"] and row["status"] == "connected"
        for row in case.facts.connections
    )


def _ended(case: Case) -> Iterator[str]:
    """Nothing is left of a cancelled booking, and everybody who was invited knows."""
    if case.events:
        yield "cancelled, but its event is still there"
    if case.meetings:
        yield "cancelled, but its meeting is still in Zoom"
    for person in case.invited:
        if _requests(case, person) and not _cancels(case, person) and not _refused(case, person):
            yield f"{person} was invited, and never told that it was cancelled"
    for person, _zone in case.readers:
        if not _mails_of_last(case, person) and not _refused(case, person):
            yield f"{person} has no mail of ours about the end"


def _never_confirmed(case: Case) -> Iterator[str]:
    """What waits for its organizer, or was not taken, is nobody's appointment."""
    if case.events or case.meetings or case.ledger:
        yield "never confirmed, and yet in Google or in Zoom"
    for person in case.invited:
        if _requests(case, person):
            yield f"{person} was invited, and nothing was confirmed"
    for guest in case.invited[1:]:
        if _mails_to(case, guest):
            yield f"{guest} has mail of ours, and nothing was confirmed"


def _asked(case: Case) -> Iterator[str]:
    """While it waits, the organizer was asked once and the invitee knows; when it was declined, the invitee knows."""
    pending = case.booking["status"] == "pending"
    if pending and case.booking["hold_until"] < case.facts.now - OVERDUE:
        yield f"still waits, although its hold ended at {case.booking['hold_until']}"
    (invitee, _zone), (organizer, _other_zone) = case.readers
    for person, wanted in ((invitee, 1), (organizer, int(pending))):
        found = len(_mails_of_last(case, person))
        if found != wanted and not _refused(case, person):
            yield f"{case.booking['status']}, and {person} has {found} mails about it, not {wanted}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
