"""What Prometheus is told. What the database knows is read from it when Prometheus asks; calls are counted in Redis.

Labels are words of ours (a status, a service, an outcome): no id, no name, no URL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, DurationField, Exists, ExpressionWrapper, F, Min, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bookings.models import Announcement, Booking, CalendarEntry
from bookings.words import MEET
from integrations.models import Connection
from zinnect import counters

CONTENT_TYPE = CONTENT_TYPE_LATEST
LINK_SECONDS = (1, 2, 5, 10, 30, 60, 300)


def text() -> bytes:
    """Everything, in Prometheus' format."""
    registry = CollectorRegistry()
    registry.register(_Everything())
    return generate_latest(registry)


def one_link_violations() -> QuerySet[CalendarEntry]:
    """Events of meetings to come that show Meet beside the link of another service."""
    other = Announcement.objects.filter(booking=OuterRef("booking"), done_at__isnull=False).exclude(
        provider__in=("", MEET)
    )
    shown = CalendarEntry.objects.filter(state=CalendarEntry.State.LIVE, people_added=True).exclude(meet_url="")
    to_come = shown.filter(booking__status=Booking.Status.CONFIRMED, booking__end__gt=timezone.now())
    return to_come.filter(Exists(other.filter(revision=OuterRef("written_revision"))))


def first_links() -> QuerySet[Any]:
    """The announcements that first told people a link, with what they ``took`` from the booking."""
    done = Announcement.objects.filter(done_at__isnull=False).exclude(provider="")
    earlier = done.filter(booking=OuterRef("booking"), revision__lt=OuterRef("revision"))
    took = ExpressionWrapper(F("done_at") - F("booking__confirmed_at"), output_field=DurationField())
    return done.filter(~Exists(earlier), booking__confirmed_at__isnull=False).annotate(took=took)


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from _bookings()
        yield from _links()
        yield from _connections()
        yield from _broker()

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: a registry would ask the database when it is made."""
        yield from ()


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"zinnect_{name}", words, labels=labels)


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"zinnect_{name}", words, value=value)


def _bookings() -> Iterator[Metric]:
    by_status = dict.fromkeys(Booking.Status.values, 0) | dict(
        Booking.objects.order_by().values_list("status").annotate(count=Count("pk"))
    )
    family = _gauge("bookings", "Bookings by status.", "status")
    for status, count in by_status.items():
        family.add_metric([status], count)
    yield family
    facts = Booking.objects.unfinished().aggregate(count=Count("pk"), oldest=Min("revised_at"))
    age = (timezone.now() - facts["oldest"]).total_seconds() if facts["oldest"] else 0.0
    yield _one("bookings_unfinished", "Bookings whose calendar, meeting or mail is not in line yet.", facts["count"])
    yield _one("bookings_unfinished_oldest_seconds", "Age of the oldest of them.", age)
    given_up = Booking.objects.filter(gave_up_at__isnull=False).count()
    yield _one("bookings_gave_up", "Bookings whose arranging was given up.", given_up)


def _links() -> Iterator[Metric]:
    yield _link_seconds()
    fallbacks = _gauge("fallbacks", "Announcements with another link or channel than wanted.", "link", "channel")
    told = Announcement.objects.exclude(why="").order_by().values_list("provider", "channel")
    for provider, channel, count in told.annotate(count=Count("pk")):
        fallbacks.add_metric([provider or "none", channel], count)
    yield fallbacks
    words = "Events of meetings to come with Meet beside another service's link: never more than 0."
    yield _one("one_link_violations", words, one_link_violations().count())


def _link_seconds() -> Metric:
    """From the booking to the first link that people were told, of all bookings."""
    within = {f"within_{bound}": Count("pk", filter=Q(took__lte=timedelta(seconds=bound))) for bound in LINK_SECONDS}
    facts = first_links().aggregate(count=Count("pk"), total=Sum("took"), **within)
    buckets = [(str(float(bound)), facts[f"within_{bound}"]) for bound in LINK_SECONDS] + [("+Inf", facts["count"])]
    total = (facts["total"] or timedelta()) / timedelta(seconds=1)
    words = "Seconds from a booking to its first link."
    return HistogramMetricFamily("zinnect_link_seconds", words, buckets=buckets, sum_value=total)


def _connections() -> Iterator[Metric]:
    family = _gauge("connections", "Connected accounts by state.", "provider", "status")
    for provider, status, count in (
        Connection.objects.order_by().values_list("provider", "status").annotate(count=Count("pk"))
    ):
        family.add_metric([provider, status], count)
    yield family


def _broker() -> Iterator[Metric]:
    counted, waiting = counters.totals(), counters.queued()
    away = counted is None or waiting is None
    yield _one("broker_up", "Whether Redis answers. Without it there are no numbers of queue and calls.", not away)
    if counted is None or waiting is None:
        return
    yield _one("queue_length", "Tasks that wait for a worker.", waiting)
    yield _counter("provider_calls", "Calls to providers.", counted, "calls", "service", "method", "outcome")
    yield _counter("token_refreshes", "Refreshes of access tokens.", counted, "refreshes", "provider", "outcome")
    yield _call_seconds(counted)


def _counter(name: str, words: str, counted: Mapping[str, float], kind: str, *labels: str) -> Metric:
    family = CounterMetricFamily(f"zinnect_{name}", words, labels=labels)
    for key, number in sorted(counted.items()):
        first, *values = key.split("|")
        if first == kind:
            family.add_metric(values, number)
    return family


def _call_seconds(counted: Mapping[str, float]) -> Metric:
    family = HistogramMetricFamily(
        "zinnect_provider_call_seconds", "Time until an answer was read.", labels=["service"]
    )
    for service in sorted(key.removeprefix("seconds|") for key in counted if key.startswith("seconds|")):
        so_far, buckets = 0.0, []
        for bound in [*map(str, counters.SECONDS), "+Inf"]:
            so_far += counted.get(f"within|{service}|{bound}", 0)
            buckets.append((bound, so_far))
        family.add_metric([service], buckets, counted[f"seconds|{service}"])
    return family
