"""What the sandbox holds after a booking, in lines for a person."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from zinnect.demo.people import Shown
from zinnect.demo.verdict import Evidence

Json = dict[str, Any]


def _indented(text: str) -> list[str]:
    return [f"      {line}" for line in html.unescape(text).splitlines() if line.strip()]


def _event(data: Json) -> Iterator[str]:
    people = ", ".join(guest["email"] for guest in data.get("attendees", []))
    yield f"    when        {data['start'].get('dateTime')}"
    yield f"    Meet link   {data.get('hangoutLink', '(none)')}"
    yield f"    location    {data.get('location') or '(none)'}"
    yield f"    guests      {people or '(none)'}"
    yield "    description"
    yield from _indented(data.get("description") or "(none)")


def lines(evidence: Evidence, shown: Shown) -> Iterator[str]:
    """The event before and after, the meeting, Google's ledger, our mails."""
    first = evidence.event["history"][0]
    yield f"The calendar event as it was made (sendUpdates={first.get('sendUpdates')}):"
    yield from _event(first["data"])
    yield "The Zoom meeting:"
    for meeting in evidence.meetings or [{"id": "(none)", "join_url": "", "state": "", "start_time": ""}]:
        yield f"    {meeting['id']}  {meeting['state']}  {meeting['start_time']}  {meeting['join_url']}"
    yield "The calendar event now:"
    yield from _event(evidence.event)
    yield "Google's ledger, what it told whom:"
    for entry in evidence.invitations:
        links = ", ".join(entry["join_links"])
        yield f"    {entry['kind']} to {entry['to']} (METHOD:{entry['method']}), join links: {links}"
    yield f"    to the organizer: {len(evidence.to_organizer)}"
    yield "Our mails:"
    for mail in evidence.invitee_mails + evidence.organizer_mails:
        with_link = "with the join link" if shown.join_url in html.unescape(mail["text"]) else "WITHOUT the join link"
        yield f"    to {', '.join(mail['envelope_to'])}: {mail['subject']!r}, {with_link}"
