"""What really happened, asked of the sandbox over HTTP and never of our own rows."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox.testing import Sandbox
from zinnect.demo.people import Shown

Json = dict[str, Any]
JOIN_LINK = re.compile(r"https://(?:[\w.-]+\.)?(?:zoom\.us/j/|meet\.google\.com/)[^\s\"'<>]+")


@dataclass(frozen=True)
class Evidence:
    """All that the sandbox holds of one booking. ``event`` carries its ``history``, first version first."""

    event: Json
    meetings: list[Json]
    invitations: list[Json]
    to_organizer: list[Json]
    invitee_mails: list[Json]
    organizer_mails: list[Json]


def _hosts(sandbox: Sandbox) -> set[str]:
    """Addresses of the Google accounts in whose calendars events stand."""
    return {calendar["owner"] for calendar in sandbox.state()["google"]["calendars"]}


def _mails_with(mails: list[Json], link: str) -> list[Json]:
    return [mail for mail in mails if link in html.unescape(mail["text"])]


def _matches(item: Json, shown: Shown) -> bool:
    return datetime.fromisoformat(item["start_time"]) == datetime.fromisoformat(shown.start)


def gather(sandbox: Sandbox, shown: Shown, *, invitee: str, organizer: str) -> Evidence:
    """What there is of the booking of ``invitee`` (an address used for one booking only). Raises LookupError."""
    found = [
        event
        for event in sandbox.events()
        if invitee in {guest["email"] for version in event["history"] for guest in version["data"].get("attendees", [])}
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} calendar events name {invitee}, not one")
    ledger = [entry for entry in sandbox.ledger() if entry["event_id"] == found[0]["id"]]
    return Evidence(
        event=found[0],
        meetings=[meeting for meeting in sandbox.meetings() if _matches(meeting, shown)],
        invitations=[entry for entry in ledger if entry["to"] == invitee],
        to_organizer=[entry for entry in ledger if entry["to"] in _hosts(sandbox) | {organizer}],
        invitee_mails=sandbox.mails(invitee),
        organizer_mails=_mails_with(sandbox.mails(organizer), shown.join_url),
    )


def gather_when_told(sandbox: Sandbox, shown: Shown, *, invitee: str, organizer: str, seconds: float = 15) -> Evidence:
    """Wait until both have their mail, then a moment for a second one that should not come; what there is then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if sandbox.mails(invitee) and _mails_with(sandbox.mails(organizer), shown.join_url):
            break
        time.sleep(0.2)
    time.sleep(1.0)
    return gather(sandbox, shown, invitee=invitee, organizer=organizer)


def _join_links(event: Json) -> set[str]:
    """Every join link a guest could follow: location, description, Meet's own fields."""
    links = {event.get("hangoutLink", "")}
    links |= {entry.get("uri", "") for entry in event.get("conferenceData", {}).get("entryPoints", [])}
    words = html.unescape(f"{event.get('location', '')} {event.get('description', '')}")
    links |= {link.rstrip(".,;)") for link in JOIN_LINK.findall(words)}
    return {link for link in links if JOIN_LINK.match(link)}


def _before(version: Json) -> Iterator[str]:
    """What is wrong with the event as it was first written."""
    data = version["data"]
    if not data.get("hangoutLink") and "conferenceData" not in data:
        yield "the event was not made with a Meet link"
    if data.get("attendees"):
        yield "the event was made with attendees"
    if version.get("sendUpdates") != "none":
        yield "somebody was told when the event was made"


def _told(evidence: Evidence, shown: Shown) -> Iterator[str]:
    """What is wrong with who was told."""
    if len(evidence.invitations) != 1:
        yield f"Google told the invitee {len(evidence.invitations)} times, not once"
    for entry in evidence.invitations:
        if (entry["kind"], entry["method"]) != ("invitation", "REQUEST"):
            yield f"Google's mail was {entry['kind']} ({entry['method']}), not an invitation"
        if entry["join_links"] != [shown.join_url]:
            yield f"the invitation holds {entry['join_links']}, not the one join link"
    if evidence.to_organizer:
        yield "Google told the organizer"
    for whom, mails in (("invitee", evidence.invitee_mails), ("organizer", evidence.organizer_mails)):
        if len(_mails_with(mails, shown.join_url)) != 1 or len(mails) != 1:
            yield f"the {whom} has {len(mails)} mails from us, not one with the join link"
    if any("METHOD:REQUEST" in part for mail in evidence.invitee_mails for part in mail["ics"]):
        yield "our mail to the invitee is a second invitation"


def _event_after(evidence: Evidence, shown: Shown) -> Iterator[str]:
    event = evidence.event
    if event["status"] != "confirmed":
        yield f"the event is {event['status']}"
    if _join_links(event) != {shown.join_url}:
        yield f"the event holds the join links {sorted(_join_links(event))}, not {shown.join_url} alone"
    if urlsplit(shown.url).path in json.dumps(event):
        yield "the event holds the invitee's own link"


def faults_of_zoom(evidence: Evidence, shown: Shown) -> list[str]:
    """What is wrong with a booking that should have been announced with Zoom; nothing when all is right."""
    event, live = evidence.event, [meeting for meeting in evidence.meetings if meeting["state"] == "live"]

    def look() -> Iterator[str]:
        if (shown.status, shown.provider) != ("ready", "zoom"):
            yield f"the booking page says {shown.status!r} and {shown.provider!r}"
        yield from _before(event["history"][0])
        if len(live) != 1 or len(evidence.meetings) != 1:
            yield f"Zoom holds {len(evidence.meetings)} meetings for the booking, {len(live)} of them live"
        elif live[0]["join_url"] != shown.join_url:
            yield "the booking page shows another link than Zoom's"
        if event.get("location") != shown.join_url:
            yield f"the event's location is {event.get('location')!r}"
        if shown.join_url not in html.unescape(event.get("description", "")):
            yield "the event's description lacks the join link"
        if "hangoutLink" in event or "conferenceData" in event:
            yield "the event still holds Meet"
        yield from _event_after(evidence, shown)
        yield from _told(evidence, shown)

    return list(look())


def faults_of_meet(evidence: Evidence, shown: Shown) -> list[str]:
    """What is wrong with a booking that should have been announced with Meet; nothing when all is right."""

    def look() -> Iterator[str]:
        if (shown.status, shown.provider) != ("ready", "google_meet"):
            yield f"the booking page says {shown.status!r} and {shown.provider!r}"
        if evidence.meetings:
            yield "Zoom holds a meeting for the booking"
        if evidence.event.get("hangoutLink") != shown.join_url:
            yield f"the event's Meet link is {evidence.event.get('hangoutLink')!r}"
        yield from _event_after(evidence, shown)
        yield from _told(evidence, shown)

    return list(look())
