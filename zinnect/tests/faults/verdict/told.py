"""Who was told what: one invitation to a person for the last revision, never two for any, with the link that stayed."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from zinnect.tests.faults.verdict.facts import Case, Json, Row, links_in_text, moment
from zinnect.tests.faults.verdict.trouble import needs_a_person, refused_mails


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


def at_most_once(case: Case) -> Iterator[str]:
    """No person twice for any revision, by Google and by us together."""
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
    return any(row["to_email"].lower() == person.lower() for row in refused_mails(case))


def of_the_last_revision(case: Case) -> Iterator[str]:
    """Exactly one invitation for the last revision, and one mail to each, with the link that stayed and the time."""
    revision = case.booking["revision"]
    if case.last is None:
        yield "finished, but nobody was told of the last revision"
    for person in case.invited:
        if (times := _requests(case, person)[revision]) != 1 and not _refused(case, person):
            yield f"{person} has {times} invitations for the last revision, not one"
    for entry in case.ledger:
        if entry["method"] == "REQUEST" and entry["private"].get("zinnectRevision") == str(revision):
            if case.link and entry["join_links"] != [case.link]:
                yield f"Google's invitation holds {entry['join_links']}, not {case.link} alone"
            if moment(entry["start"]["dateTime"]) != case.booking["start"]:
                yield f"Google's invitation says {entry['start']['dateTime']}"
    for person, zone in case.readers:
        mails = _mails_of_last(case, person)
        if len(mails) != 1 and not _refused(case, person):
            yield f"{person} has {len(mails)} mails of ours for the last revision, not one"
        for mail in mails:
            yield from _what_it_says(case, mail, person, zone)


def _what_it_says(case: Case, mail: Json, person: str, zone: str) -> Iterator[str]:
    """One link and one time in every form that a mail has: text, HTML, and calendar parts."""
    calendars = [part.replace("\r\n ", "") for part in mail["ics"]]
    bodies = [mail["text"], mail["html"], *(part for part in calendars if "METHOD:REQUEST" in part)]
    for body in bodies:
        if case.link and links_in_text(body) != {case.link}:
            yield f"the mail to {person} holds {sorted(links_in_text(body))}, not {case.link} alone"
    clock = _clock(case.booking["start"], zone)
    if clock not in " ".join(html.unescape(mail["text"]).split()):
        yield f"the mail to {person} lacks the time {clock}"
    for part in calendars:
        if f"DTSTART:{case.booking['start']:%Y%m%dT%H%M%SZ}" not in part:
            yield f"the calendar part of the mail to {person} has another time"


def _clock(start: datetime, zone: str) -> str:
    """A moment as our mails say it to somebody in ``zone``."""
    local = start.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%B %Y, %H:%M}"


def of_the_end(case: Case) -> Iterator[str]:
    """Everybody who was invited knows that it was cancelled."""
    for person in case.invited:
        if _requests(case, person) and not _cancels(case, person) and not _refused(case, person):
            yield f"{person} was invited, and never told that it was cancelled"
    for person, _zone in case.readers:
        if not _mails_of_last(case, person) and not _refused(case, person):
            yield f"{person} has no mail of ours about the end"


def of_nothing(case: Case) -> Iterator[str]:
    """What waits for its organizer, or was not taken, is nobody's appointment."""
    for person in case.invited:
        if _requests(case, person):
            yield f"{person} was invited, and nothing was confirmed"
    for guest in case.invited[1:]:
        if _mails_to(case, guest):
            yield f"{guest} has mail of ours, and nothing was confirmed"


def of_the_question(case: Case) -> Iterator[str]:
    """While it waits, the organizer was asked once and the invitee knows; when it was declined, the invitee knows."""
    pending = case.booking["status"] == "pending"
    (invitee, _zone), (organizer, _other_zone) = case.readers
    for person, wanted in ((invitee, 1), (organizer, int(pending))):
        found = len(_mails_of_last(case, person))
        if found != wanted and not _refused(case, person):
            yield f"{case.booking['status']}, and {person} has {found} mails about it, not {wanted}"


def of_trouble(case: Case) -> Iterator[str]:
    """Whatever gave up or needs a person is in one mail to the organizer, unless the meeting is over."""
    organizer, revision = str(case.organizer["email"]), case.booking["revision"]
    for number in {row["revision"] for row, _mail in case.trouble}:
        if len({mail["message_id"] for row, mail in case.trouble if row["revision"] == number}) > 1:
            yield f"the organizer has different mails about trouble with revision {number}"
    if case.booking["end"] <= case.facts.now or any(row["revision"] == revision for row, _mail in case.trouble):
        return
    said = " ".join(html.unescape(mail["text"]) for mail in _mails_of_last(case, organizer))
    for words in needs_a_person(case):
        if words not in " ".join(said.split()) and not _refused(case, organizer):
            yield f"nobody told the organizer: {words}"


def on_the_page(case: Case) -> tuple[str, str]:
    """What the invitee's page has to show once everything was done: status and join URL."""
    return ("ready", case.link) if case.confirmed else (str(case.booking["status"]), "")
