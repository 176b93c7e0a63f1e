"""When the organizer can be booked: the week of one schedule, with its dates and the other schedules beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bookings.forms_hours import DateForm, WeekForm, clock
from bookings.forms_schedules import DaysOffForm, ScheduleNameForm
from bookings.models import DateOverride, Schedule
from bookings.models.availability import MINUTES_OF_A_DAY
from bookings.views.organizer import OrganizerRequest, organizer_required, page
from bookings.working_hours import schedule_of, set_hours


def chosen(request: OrganizerRequest, pk: int | None) -> Schedule:
    """The organizer's own schedule, or 404; without a number the default."""
    return schedule_of(request.organizer) if pk is None else get_object_or_404(request.organizer.schedules, pk=pk)


def back_to(schedule: Schedule) -> HttpResponseRedirect:
    """The page of a schedule; the default's has the plain address."""
    if schedule.is_default:
        return redirect("organizer:availability")
    return redirect("organizer:schedule", schedule=schedule.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def availability(request: OrganizerRequest, schedule: int | None = None) -> HttpResponse:
    """The week. The buttons ``add`` and ``remove`` only change what is on the page; saving is a click of its own."""
    mine = chosen(request, schedule)
    if request.method != "POST":
        return show(request, mine)
    form = WeekForm(request.POST, schedule=mine)
    if "add" in request.POST or "remove" in request.POST:
        form.edit_rows(add=request.POST.get("add", ""), remove=request.POST.get("remove", ""))
        return show(request, mine, week=form, unsaved=True)
    if not form.is_valid():
        return show(request, mine, week=form, status=422)
    set_hours(schedule=mine, timezone=form.zone, weekly=form.weekly)
    messages.success(request, _("Your hours are saved."))
    return back_to(mine)


@dataclass(frozen=True)
class OtherDays:
    """A date with hours of its own, in words (none: a day off), or days off in a row; how to take it back."""

    first: date
    last: date
    hours: list[str]
    remove_url: str


def show(
    request: OrganizerRequest,
    schedule: Schedule,
    *,
    week: WeekForm | None = None,
    dates: DateForm | None = None,
    days_off: DaysOffForm | None = None,
    name: ScheduleNameForm | None = None,
    new: ScheduleNameForm | None = None,
    unsaved: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The page of a schedule, with the form that was sent in its place."""
    today = today_of(schedule)
    context = {
        "form": week or WeekForm(schedule=schedule),
        "date_form": dates or DateForm(today=today),
        "days_off_form": days_off or DaysOffForm(today=today),
        "name_form": name or ScheduleNameForm(initial={"name": schedule.name}, auto_id="name_%s"),
        "new_form": new or ScheduleNameForm(auto_id="new_%s"),
        "other_days": _other_days(schedule, today),
        "schedule": schedule,
        "schedules": request.organizer.schedules.annotate(used_by=Count("event_types")),
        "unsaved": unsaved,
    }
    return page(request, "availability.html", context, status=status)


def today_of(schedule: Schedule) -> date:
    """The date that a clock of the schedule shows."""
    return timezone.now().astimezone(schedule.timezone).date()


def _other_days(schedule: Schedule, today: date) -> list[OtherDays]:
    """What is still to come: each date once, and each holiday once, by their first day."""
    coming = schedule.overrides.filter(Q(date__gte=today) | Q(last_date__gte=today))
    holidays = [
        OtherDays(row.date, row.last, [], _url("availability_days_off_remove", schedule.pk, row.pk))
        for row in coming
        if row.last_date
    ]
    single = groupby((row for row in coming if not row.last_date), lambda row: row.date)
    dates = [
        OtherDays(
            day,
            day,
            [_words(row) for row in rows if not row.is_day_off],
            _url("availability_date_remove", schedule.pk, day),
        )
        for day, rows in single
    ]
    return sorted(holidays + dates, key=lambda other: (other.first, other.last))


def _url(name: str, *args: object) -> str:
    return reverse(f"organizer:{name}", args=args)


def _words(override: DateOverride) -> str:
    closes = "24:00" if override.to_minute == MINUTES_OF_A_DAY else clock(override.to_minute)
    return f"{clock(override.from_minute)}–{closes}"
