"""The mails Google would send to guests: who is told what about an event.

Rules: `sendUpdates` in the discovery document. Guests added by a patch get an invitation; guests who
were already there get an updated one; the organizer whose calendar it is never gets any.
"""

from __future__ import annotations

import copy
import html
import re

from .personas import Calendar
from .state import Json, World

NOTICED = ("summary", "description", "location", "start", "end", "recurrence", "conferenceData", "hangoutLink")
JOIN_LINK = re.compile(r"https://(?:meet\.google\.com/[a-z-]+|[\w.-]*zoom\.us/j/\d+[^\s\"'<>]*)")


def join_links(event: Json) -> list[str]:
    """The distinct join links a guest would find in an event."""
    texts = (event.get("location"), event.get("description"), event.get("hangoutLink"))
    found = [link.rstrip(".,;)") for text in texts if text for link in JOIN_LINK.findall(html.unescape(text))]
    return list(dict.fromkeys(found))


def guests(event: Json, calendar: Calendar) -> set[str]:
    """The addresses to tell, the calendar's owner left out."""
    emails = {str(guest["email"]).lower() for guest in event.get("attendees", []) if not guest.get("resource")}
    return emails - {calendar.owner.lower(), calendar.id.lower()}


def announce(world: World, calendar: Calendar, before: Json | None, after: Json, send_updates: str) -> None:
    """Write down whom Google mails when an event goes from `before` to `after`."""
    if send_updates not in ("all", "externalOnly"):
        return
    gone = after.get("status") == "cancelled"
    old = guests(before, calendar) if before and before.get("status") != "cancelled" else set()
    new = set() if gone else guests(after, calendar)
    changed = before is not None and any(before.get(name) != after.get(name) for name in NOTICED)
    plan = [(email, "invitation") for email in sorted(new - old)]
    plan += [(email, "updated invitation") for email in sorted(new & old) if changed]
    plan += [(email, "cancelled") for email in sorted(old - new)]
    for email, kind in plan:
        if send_updates == "externalOnly" and email in world.google_users:
            continue
        world.ledger.append(_entry(world, calendar, after, email, kind))


def _entry(world: World, calendar: Calendar, event: Json, email: str, kind: str) -> Json:
    return {
        "at": world.stamp(),
        "to": email,
        "kind": kind,
        "method": "CANCEL" if kind == "cancelled" else "REQUEST",
        "calendar": calendar.id,
        "event_id": event["id"],
        "iCalUID": event["iCalUID"],
        "sequence": event["sequence"],
        "summary": event.get("summary", ""),
        "start": copy.deepcopy(event["start"]),
        "end": copy.deepcopy(event["end"]),
        "location": event.get("location", ""),
        "hangout_link": event.get("hangoutLink", ""),
        "join_links": join_links(event),
        "private": dict(event.get("extendedProperties", {}).get("private", {})),
    }
