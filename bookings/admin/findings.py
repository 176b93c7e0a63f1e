"""What is wrong with a booking and what mends it, for somebody on call. Most of it is read by bookings/problems.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.admin.story import stamp
from bookings.models import Booking
from bookings.problems import Problem, problems
from bookings.words import service_name
from integrations.models import Connection

SWEEPS_MISSED = 3
"""As ``readyz`` counts: one may fall out, three in a row do not."""


@dataclass(frozen=True)
class Finding:
    """What is wrong, and what mends it, both in sentences."""

    text: str
    mends: str


def findings(booking: Booking) -> list[Finding]:
    """Everything that is wrong right now; nothing while all is well or simply under way."""
    lost = _lost(booking)
    waiting = {reverse("integrations:detail", args=[connection.provider]) for connection in lost}
    return [
        *_lost_connections(lost),
        *_nobody_works(booking),
        *_gave_up(booking),
        *(_of(problem, booking, waiting) for problem in problems(booking)),
    ]


def outlook(booking: Booking) -> str:
    """The sentence that stands there where nothing is wrong."""
    if not booking.is_behind:
        return _("Nothing is wrong: calendar, meeting and mail follow the booking.")
    return _("Nothing is wrong so far: it is being arranged.")


def _lost(booking: Booking) -> list[Connection]:
    lost = Connection.objects.filter(status=Connection.Status.NEEDS_RECONNECT)
    return list(lost.filter(user_id=booking.organizer.user_id).order_by("provider"))


def _lost_connections(lost: list[Connection]) -> Iterator[Finding]:
    for connection in lost:
        named = {"service": service_name(connection.provider), "why": connection.last_error}
        yield Finding(
            _("%(service)s needs to be reconnected: %(why)s") % named,
            _(
                "The organizer presses Connect under Apps → Integrations; they were mailed. After that “Arrange now”"
                " does at once what waited."
            ),
        )


def _nobody_works(booking: Booking) -> Iterator[Finding]:
    due, now = booking.next_attempt_at, timezone.now()
    unfinished = booking.is_behind and booking.gave_up_at is None
    free = booking.lease_until is None or booking.lease_until < now
    patience = timedelta(seconds=max(SWEEPS_MISSED * settings.SWEEP_SECONDS, 30))
    if unfinished and free and due is not None and due < now - patience:
        yield Finding(
            _("It is due since %(when)s, and no worker has taken it up.") % {"when": stamp(due)},
            _("Start workers and beat. “Arrange here” does it at once, without them."),
        )


def _gave_up(booking: Booking) -> Iterator[Finding]:
    if booking.gave_up_at is not None:
        yield Finding(
            _("The tries ended at %(when)s.") % {"when": stamp(booking.gave_up_at)},
            _("“Arrange now” tries again, as long as the meeting is still to come."),
        )


def _of(problem: Problem, booking: Booking, waiting: set[str]) -> Finding:
    """``waiting``: where problems are mended that wait for a lost account."""
    text = " ".join(filter(None, (problem.text, problem.undone)))
    if problem.mend_url in waiting:
        return Finding(text, _("It follows when the account is connected again."))
    return Finding(text, _mends(problem, booking))


def _mends(problem: Problem, booking: Booking) -> str:
    """The organizer's page has a click for them; an admin has actions."""
    if problem.mend_url.startswith("mailto:"):
        return _("Once the address takes mail, “Send mail again”; a wrong address is put right by “Change by hand”.")
    if not booking.is_behind:
        return _("Nothing to do: people hold what is announced. What the reason names is for the organizer to mend.")
    if problem.needs_person:
        return _(
            "Where a permission is missing, “Force a reconnect” on the organizer's connection; what waits follows when"
            " the organizer has connected anew. Where it is something else, “Arrange now” once it is mended."
        )
    if booking.next_attempt_at is not None and timezone.now() < booking.next_attempt_at < booking.last_moment:
        words = _("It is tried again by itself at %(when)s; “Arrange now” tries at once.")
        return words % {"when": stamp(booking.next_attempt_at)}
    return _("When the reason is mended, “Arrange now” tries again.")
