"""A booking in the organizer's words: its state at a glance, and the link that people hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from bookings.models import Announcement, Booking, Meeting
from integrations import providers


@dataclass(frozen=True)
class State:
    """A badge (``tone`` is ok, warn, bad or off) and the join link; empty strings where there is none."""

    tone: str
    words: str
    icon: str
    link_name: str
    join_url: str


def state(booking: Booking, *, link: tuple[str, str], now: datetime) -> State:
    """The booking's state; ``link`` is (provider, join URL) as ``bookings.status.current_link`` gives it."""
    provider, join_url = link
    tone, words, icon = _badge(booking, has_link=bool(provider), now=now)
    return State(tone, words, icon, service_name(provider), join_url)


def with_link(found: QuerySet[Booking]) -> QuerySet[Booking]:
    """Each booking with the link of ``current_link``, for ``held_link``: one query for a whole list."""
    deleted = Meeting.objects.filter(
        booking=OuterRef("booking"), join_url=OuterRef("join_url"), state=Meeting.State.GONE
    ).exclude(join_url="")
    told = (
        Announcement.objects.filter(~Exists(deleted), booking=OuterRef("pk"), done_at__isnull=False)
        .exclude(provider="")
        .order_by("-revision")
    )
    return found.annotate(
        link_provider=Subquery(told.values("provider")[:1]), link_url=Subquery(told.values("join_url")[:1])
    )


def held_link(booking: Booking) -> tuple[str, str]:
    """``(provider, join URL)`` of a booking that came through ``with_link``."""
    if not booking.is_live:
        return "", ""
    return getattr(booking, "link_provider", None) or "", getattr(booking, "link_url", None) or ""


def service_name(slug: str) -> str:
    """How people call the service that a link belongs to."""
    names = {provider.slug: provider.name for provider in providers.all_providers()}
    return names.get(slug) or {"google_meet": "Google Meet"}.get(slug, slug)


def _badge(booking: Booking, *, has_link: bool, now: datetime) -> tuple[str, str, str]:
    """Tone, words and icon: the first that applies, what needs somebody first."""
    if booking.is_behind and booking.gave_up_at:
        return "bad", _("Gave up: needs you"), "x-circle"
    if booking.is_behind and booking.last_error:
        return "warn", _("Problem: trying again"), "exclamation-triangle"
    if booking.status == Booking.Status.CANCELLED:
        return "off", _("Cancelled"), "minus-circle"
    if booking.went_unanswered(now):
        return "off", _("Declined: not confirmed in time"), "minus-circle"
    if booking.status == Booking.Status.DECLINED:
        return "off", _("Declined"), "minus-circle"
    if booking.status == Booking.Status.PENDING:
        return "warn", _("Waits for confirmation"), "clock"
    if booking.is_behind:
        return "off", _("Being arranged"), "arrow-path"
    if booking.is_over(now):
        return "off", _("Over"), "check"
    if booking.is_video and not has_link:
        return "bad", _("No link yet"), "x-circle"
    return "ok", _("Ready"), "check-circle"
