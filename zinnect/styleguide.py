"""``/styleguide/``: every component of the stylesheet on one page, for developers (``DEBUG``) only."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bookings.views._offers import Time
from bookings.views._picker import Day


class SampleForm(forms.Form):
    """A field of each kind; the second is wrong."""

    name = forms.CharField(label="Your name", initial="Ines Ibarra")
    email = forms.EmailField(label="E-mail address", help_text="We write to it once.")
    notes = forms.CharField(label="Anything we should know?", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    zone = forms.ChoiceField(label="Time zone", choices=[("b", "Europe/Berlin"), ("n", "America/New_York")])


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """All components; 404 where it runs for others."""
    if not settings.DEBUG:
        raise Http404
    context = {
        "form": SampleForm({"name": "Ines Ibarra", "email": "ines@example", "zone": "b"}),
        "organizer": {"name": "Sarah Sample"},
        "picker": _picker(),
        "choosing": {"other_clock": ("12", "?clock=12"), "place": {"chosen": {}}},
        "states": [
            {"tone": "ok", "icon": "check-circle", "words": "Ready"},
            {"tone": "warn", "icon": "exclamation-triangle", "words": "Problem: trying again"},
            {"tone": "bad", "icon": "x-circle", "words": "Gave up: needs you"},
            {"tone": "off", "icon": "minus-circle", "words": "Cancelled"},
        ],
        "timeline": [(datetime(2026, 12, 3, 9, minute, tzinfo=UTC), text, bad) for minute, text, bad in _HISTORY],
    }
    return render(request, "pages/styleguide.html", context)


_HISTORY = (
    (0, "Booked by Ines Ibarra.", False),
    (1, "Zoom answered with an error (503). It is tried again by itself.", True),
    (2, "The invitation went out with the Zoom link.", False),
)


def _picker() -> SimpleNamespace:
    """A month as the picker's template takes it: December 2026, the third chosen."""
    days = [None] + [_day(number) for number in range(1, 32)]
    days += [None] * (-len(days) % 7)
    return SimpleNamespace(
        name="December 2026",
        next_url="#month",
        weekdays=[(name[:3], name) for name in "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()],
        weeks=[days[first : first + 7] for first in range(0, len(days), 7)],
        by_day=True,
        chosen_words="Thursday, 3 December 2026",
        zone="Europe/Berlin (UTC+1)",
        times=[
            Time(f"2026-12-03T{hour:02}:00:00Z", f"{hour:02}:00", "night" * (hour > 20), "#times") for hour in _HOURS
        ],
    )


_HOURS = (9, 10, 11, 14, 15, 21)


def _day(number: int) -> Day:
    """The first of December 2026 is a Tuesday."""
    is_free = (number % 7) not in (5, 6) and number > 1
    url = "#times" if is_free else ""
    return Day(number, f"{number} December 2026, 6 times", url, chosen=number == 3, today=number == 1)
