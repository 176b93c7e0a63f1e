"""How the service is doing, on one page of admin: today, unfinished work, failures, and what is about to fail."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from bookings.models import Booking, CalendarEntry, Meeting, Message
from bookings.words import service_name
from zinnect import counters, doubts, heartbeat, metrics

AGES = (
    (gettext_lazy("under a minute"), timedelta(minutes=1)),
    (gettext_lazy("under 15 minutes"), timedelta(minutes=15)),
    (gettext_lazy("under an hour"), timedelta(hours=1)),
    (gettext_lazy("under a day"), timedelta(days=1)),
    (gettext_lazy("older"), None),
)
SPANS = ((gettext_lazy("24 hours"), timedelta(days=1)), (gettext_lazy("7 days"), timedelta(days=7)))
MAIL = "Mail"


@dataclass(frozen=True)
class LinkTimes:
    """Seconds from a booking to its first link, of ``count`` bookings; None where there was none."""

    span: str
    count: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Failures:
    """What failed at a service: rows that still say so, and calls since Redis began to count (None: not known)."""

    service: str
    rows: int
    calls: int | None
    failed: int | None


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """For whoever may see bookings and connections."""
    if not request.user.has_perms(("bookings.view_booking", "integrations.view_connection")):
        raise PermissionDenied
    now, counted = timezone.now(), counters.totals()
    context = admin.site.each_context(request) | {
        "title": _("Overview"),
        "today": bookings_today(now),
        "links": [link_times(str(words), now - span) for words, span in SPANS],
        "unfinished": unfinished(now),
        "gave_up": Booking.objects.filter(gave_up_at__isnull=False).count(),
        "failures": failures(counted),
        "counted": counted is not None,
        "doubts": doubts.connections(now),
        "most_doubts": doubts.AT_MOST,
        "silent": heartbeat.silent(),
    }
    return render(request, "admin/overview.html", context)


def bookings_today(now: datetime) -> list[tuple[str, int]]:
    """Those made since midnight UTC, by what has become of them."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    made = Booking.objects.filter(created_at__gte=midnight).order_by()
    counts = dict(made.values_list("status").annotate(count=Count("pk")))
    return [(str(words), counts.get(status, 0)) for status, words in Booking.Status.choices]


def link_times(words: str, since: datetime) -> LinkTimes:
    """The half and the twentieth that waited longest, by nearest rank: the database sorts, two rows are read."""
    took = metrics.first_links().filter(done_at__gte=since).order_by("took").values_list("took", flat=True)
    count = took.count()
    return LinkTimes(words, count, _percentile(took, count, 0.5), _percentile(took, count, 0.95))


def _percentile(took: QuerySet[Any, timedelta], count: int, part: float) -> float | None:
    rank = math.ceil(part * count)
    return next((each.total_seconds() for each in took[rank - 1 : rank]), None) if rank else None


def unfinished(now: datetime) -> list[tuple[str, int]]:
    """How many bookings are not in line yet, by how long ago their revision began."""
    counts, not_younger = {}, Q()
    for number, (_words, age) in enumerate(AGES):
        counts[f"age{number}"] = Count("pk", filter=not_younger & (Q(revised_at__gt=now - age) if age else Q()))
        not_younger = Q(revised_at__lte=now - age) if age else not_younger
    found = Booking.objects.unfinished().aggregate(**counts)
    return [(str(words), found[f"age{number}"]) for number, (words, _age) in enumerate(AGES)]


def failures(counted: Mapping[str, float] | None) -> list[Failures]:
    """By service: what of bookings that are unfinished failed there last, refused mails, and the calls."""
    rows = _failed_rows()
    calls, failed = _calls(counted or {})
    names = sorted(set(rows) | set(calls))
    known = counted is not None
    return [
        Failures(name, rows[name], calls[name] if known else None, failed[name] if known else None) for name in names
    ]


def _failed_rows() -> Counter[str]:
    found: Counter[str] = Counter()
    behind = Booking.objects.behind()
    meetings = Meeting.objects.filter(booking__in=behind).exclude(last_error="").order_by().values_list("provider")
    entries = CalendarEntry.objects.filter(booking__in=behind).exclude(last_error="").order_by()
    for rows in (meetings, entries.values_list("calendar__connection__provider")):
        for slug, count in rows.annotate(count=Count("pk")):
            found[service_name(slug)] += count
    refused = Message.objects.filter(state=Message.State.FAILED, revision=F("booking__revision")).count()
    if refused:
        found[MAIL] = refused
    return found


def _calls(counted: Mapping[str, float]) -> tuple[Counter[str], Counter[str]]:
    """How many calls each service got, and how many of them did not go well."""
    calls: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for key, number in counted.items():
        kind, service, *rest = key.split("|")
        if kind == "calls":
            calls[service] += int(number)
            failed[service] += int(number) if rest[-1] != "ok" else 0
    return calls, failed
