"""When the organizer can be booked: the week, single dates, the time zone."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bookings.forms_hours import DateForm, WeekForm, clock
from bookings.models import DateOverride, Schedule
from bookings.models.availability import MINUTES_OF_A_DAY
from bookings.views.organizer import OrganizerRequest, organizer_required, page
from bookings.working_hours import clear_date, schedule_of, set_date, set_hours


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def availability(request: OrganizerRequest) -> HttpResponse:
    """The week. The buttons ``add`` and ``remove`` only change what is on the page; saving is a click of its own."""
    schedule = schedule_of(request.organizer)
    if request.method != "POST":
        return _show(request, schedule, WeekForm(schedule=schedule))
    form = WeekForm(request.POST, schedule=schedule)
    if "add" in request.POST or "remove" in request.POST:
        form.edit_rows(add=request.POST.get("add", ""), remove=request.POST.get("remove", ""))
        return _show(request, schedule, form, unsaved=True)
    if not form.is_valid():
        return _show(request, schedule, form, status=422)
    set_hours(schedule=schedule, timezone=form.zone, weekly=form.weekly)
    messages.success(request, _("Your hours are saved."))
    return redirect("organizer:availability")


@require_POST
@organizer_required
def add_date(request: OrganizerRequest) -> HttpResponse:
    """Other hours, or none, on one date."""
    schedule = schedule_of(request.organizer)
    form = DateForm(request.POST, today=_today(schedule))
    if not form.is_valid():
        return _show(request, schedule, WeekForm(schedule=schedule), dates=form, status=422)
    day = form.cleaned_data["date"]
    set_date(schedule=schedule, day=day, ranges=form.hours.ranges)
    messages.success(request, _("%(date)s is saved.") % {"date": date_format(day)})
    return redirect("organizer:availability")


@require_POST
@organizer_required
def remove_date(request: OrganizerRequest, day: date) -> HttpResponse:
    """Back to the weekly hours on that date."""
    if clear_date(schedule=schedule_of(request.organizer), day=day):
        messages.success(request, _("%(date)s has its weekly hours back.") % {"date": date_format(day)})
    return redirect("organizer:availability")


def _show(
    request: OrganizerRequest,
    schedule: Schedule,
    form: WeekForm,
    *,
    dates: DateForm | None = None,
    unsaved: bool = False,
    status: int = 200,
) -> HttpResponse:
    today = _today(schedule)
    context = {
        "form": form,
        "date_form": dates or DateForm(today=today),
        "overrides": _overrides(schedule, today),
        "schedule": schedule,
        "unsaved": unsaved,
        "shared_by": schedule.event_types.count(),
    }
    return page(request, "availability.html", context, status=status)


def _today(schedule: Schedule) -> date:
    return timezone.now().astimezone(schedule.timezone).date()


def _overrides(schedule: Schedule, today: date) -> list[tuple[date, list[str]]]:
    """The dates to come with hours of their own, in words; no words for a day off."""
    coming = schedule.overrides.filter(date__gte=today)
    return [(day, [_words(item) for item in items if not item.is_day_off]) for day, items in groupby(coming, _date)]


def _date(override: DateOverride) -> date:
    return override.date


def _words(override: DateOverride) -> str:
    closes = "24:00" if override.to_minute == MINUTES_OF_A_DAY else clock(override.to_minute)
    return f"{clock(override.from_minute)}–{closes}"
