"""The one verdict that is taken after every fault: our own rows against what Zoom, Google and the mailbox really hold.

``faults(facts)`` is a list of sentences, empty when all is right. It knows nothing of what was broken before.
"""

from __future__ import annotations

from collections.abc import Iterator

from zinnect.tests.faults.verdict import held, together, told
from zinnect.tests.faults.verdict.facts import OVERDUE, Case, Facts, Row, cases, links_in, moment, name

__all__ = ["Facts", "Row", "faults", "links_in", "moment", "pages"]


def faults(facts: Facts) -> list[str]:
    """Everything that is wrong, each as a sentence that names its booking."""
    return [
        *together.promises(facts),
        *together.overlaps(facts),
        *together.left_over(facts),
        *(f"{name(case.booking)}: {words}" for case in cases(facts) for words in _booking(case)),
    ]


def pages(facts: Facts) -> dict[str, tuple[str, str]]:
    """Token of each booking of which all was done → the status and the join URL that its page has to show."""
    return {str(case.booking["token"]): told.on_the_page(case) for case in cases(facts) if case.finished}


def _booking(case: Case) -> Iterator[str]:
    yield from held.at_most_one(case)
    yield from told.at_most_once(case)
    yield from told.of_trouble(case)
    if not case.booking["confirmed_at"]:
        yield from held.nothing_yet(case)
        yield from told.of_nothing(case)
    if not case.finished:
        yield from _unfinished(case)
    elif case.confirmed:
        yield from told.of_the_last_revision(case)
        yield from held.of_a_booking_that_stands(case)
    elif case.booking["status"] == "cancelled":
        yield from held.nothing(case)
        yield from told.of_the_end(case)
    else:
        yield from told.of_the_question(case)


def _unfinished(case: Case) -> Iterator[str]:
    """Work that is not done has a row that says when and why, or that it was given up."""
    booking = case.booking
    if booking["gave_up_at"]:
        return
    looks = [row for row in case.meeting_rows if row["look_again_at"]]
    if not booking["next_attempt_at"]:
        yield "unfinished, and never due again"
    elif booking["next_attempt_at"] < case.facts.now - OVERDUE:
        yield f"unfinished, and overdue since {booking['next_attempt_at']}"
    if not booking["last_error"] and not looks:
        yield "unfinished, and no row says why"
    working = {row["id"] for row in case.facts.connections if row["status"] == "connected"}
    unseen = [
        row for row in case.meeting_rows if row["lost_calls"] and row["state"] == "creating" and row["failed_for_good"]
    ]
    if any(row["connection_id"] in working for row in unseen):
        yield "a meeting may have been made unseen, and nobody looks for it"
