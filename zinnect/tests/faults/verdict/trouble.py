"""What no further try of ours will mend, in the words that the organizer has to hear."""

from __future__ import annotations

from collections.abc import Iterator

from zinnect.tests.faults.verdict.facts import Case, Row


def needs_a_person(case: Case) -> Iterator[str]:
    """Words of rows. What waits for a lost connection has a mail of its own, what was removed is nobody's to mend."""
    working = {row["id"]: row["generation"] for row in case.facts.connections if row["status"] == "connected"}
    for row in [*case.meeting_rows, *case.entries]:
        is_open = row["state"] in ("creating", "inserting", "live") or row.get("look_again_at")
        generation = working.get(row["connection_id"])
        is_ours = generation is not None and row.get("generation", generation) == generation
        if is_ours and is_open and row["failed_for_good"]:
            yield row["last_error"]
    for row in refused_mails(case):
        if row["revision"] == case.booking["revision"] and row["role"] != "organizer":
            yield row["last_error"]
    for row in case.timeline:
        if row["at"] >= case.booking["revised_at"] and row["kind"] in ("meeting_left", "two_links"):
            yield row["text"]
    if case.booking["gave_up_at"]:
        yield "it was given up"


def refused_mails(case: Case) -> list[Row]:
    """What the mail server refused for good, if the row says so."""
    return [row for row in case.messages if row["state"] == "failed" and row["last_error"]]
