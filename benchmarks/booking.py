"""Goal 3: from POST to answer, beyond the one busy question, and how many queries that takes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.house import ORGANIZERS, House
from benchmarks.measure import Client, Verdict, percentile, timed
from benchmarks.pages import next_month, serving
from zinnect.demo.product import run

BOOKINGS, LATENCY_MS, P95_MS, GROWTH = 60, 200, 100.0, 1.5


@dataclass(frozen=True)
class Booked:
    """Milliseconds beyond the busy question (half of the bookings, p95), calls to providers, queries."""

    median: float
    p95: float
    calls: dict[str, int]
    queries: int


class Invitee:
    """Books by the page's own form, whoever the organizer."""

    def __init__(self, port: int) -> None:
        self.client = Client(port)
        self.asked: dict[str, list[str]] = {}

    def form(self, number: int) -> tuple[str, str]:
        """An organizer's form for the next free time, filled in: its path and its body."""
        path, (first, last) = f"/bench-{number % ORGANIZERS}/intro/", next_month()
        slots = json.loads(self.client.get(f"{path}slots.json?start={first}&end={last}"))["slots"]
        page = self.client.send("GET", f"{path}?slot={slots[number % len(slots)]}", **{"Accept-Encoding": "identity"})
        fields = {"slot": slots[number % len(slots)], "tz": "Europe/Berlin", "name": "Ida Invitee", "website": ""}
        fields |= {"email": f"ida-{number}@example.org", "form_key": form_key(page[2])}
        return path, urlencode(fields)

    def send(self, path: str, body: str) -> str:
        """Where the answer leads: the booking's page."""
        kind = "application/x-www-form-urlencoded"
        status, headers, page = self.client.send("POST", path, body, **{"Content-Type": kind})
        assert status == 303, (status, page[:2000])
        return str(headers["Location"])


def form_key(page: bytes) -> str:
    """The signed key that the page's form carries."""
    found = re.search(rb'name="form_key" value="([^"]+)"', page)
    assert found is not None, page
    return found[1].decode()


def measure(house: House) -> Booked:
    """Bookings one after the other, at all organizers in turn; nobody arranges them."""
    with serving(house, "zinnect.wsgi") as (_child, port):
        invitee = Invitee(port)
        invitee.send(*invitee.form(0))
        forms = [invitee.form(number) for number in range(1, BOOKINGS + 1)]
        house.ask_standins(f"/latency/{LATENCY_MS}")
        house.ask_standins("/counts")
        times = [timed(lambda form=form: invitee.send(*form)) - LATENCY_MS for form in forms]
        calls = house.ask_standins("/counts")
        house.ask_standins("/latency/0")
    house.forget_tasks()
    queries = int(run("-m", "benchmarks.queries", env=house.env).split()[-1])
    return Booked(percentile(times, 0.5), percentile(times, 0.95), calls, queries)


def verdicts(booked: Booked, *, rows: str, before: Booked | None = None) -> list[Verdict]:
    """``before``: the same with few bookings."""
    per_booking = sum(booked.calls.values()) / BOOKINGS
    figures = (
        f"p95 {booked.p95:.0f} ms, median {booked.median:.0f} ms beyond the busy question (goal ≤ {P95_MS:g});"
        f" {per_booking:g} question, {booked.queries} queries"
    )
    met = booked.p95 <= P95_MS and per_booking == 1
    if before is not None:
        grown = booked.median / before.median
        figures += f"; with few bookings {before.queries} queries, {before.median:.0f} ms: {grown:.2f} ×"
        met = met and booked.queries == before.queries and grown <= GROWTH
    return [Verdict(3, f"booking, {rows}", figures, met)]
