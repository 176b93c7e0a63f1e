"""Other hours on single dates, and days off in a row."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bookings.forms_hours import DateForm
from bookings.forms_schedules import DaysOffForm
from bookings.views.availability import back_to, chosen, show, today_of
from bookings.views.organizer import OrganizerRequest, organizer_required
from bookings.working_hours import clear_date, set_date, take_days_off, work_again


@require_POST
@organizer_required
def add_date(request: OrganizerRequest, schedule: int) -> HttpResponse:
    """Other hours, or none, on one date."""
    mine = chosen(request, schedule)
    form = DateForm(request.POST, today=today_of(mine))
    if not form.is_valid():
        return show(request, mine, dates=form, status=422)
    day = form.cleaned_data["date"]
    set_date(schedule=mine, day=day, ranges=form.hours.ranges)
    messages.success(request, _("%(date)s is saved.") % {"date": date_format(day)})
    return back_to(mine)


@require_POST
@organizer_required
def remove_date(request: OrganizerRequest, schedule: int, day: date) -> HttpResponse:
    """Take back what was said of that date."""
    mine = chosen(request, schedule)
    if clear_date(schedule=mine, day=day):
        messages.success(request, _("%(date)s has no hours of its own any more.") % {"date": date_format(day)})
    return back_to(mine)


@require_POST
@organizer_required
def add_days_off(request: OrganizerRequest, schedule: int) -> HttpResponse:
    """No times from one day to another."""
    mine = chosen(request, schedule)
    form = DaysOffForm(request.POST, today=today_of(mine))
    if not form.is_valid():
        return show(request, mine, days_off=form, status=422)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    take_days_off(schedule=mine, first=first, last=last)
    words = _("You cannot be booked from %(first)s to %(last)s. What is booked already stays.")
    messages.success(request, words % {"first": date_format(first), "last": date_format(last)})
    return back_to(mine)


@require_POST
@organizer_required
def remove_days_off(request: OrganizerRequest, schedule: int, pk: int) -> HttpResponse:
    """The days of a holiday follow the week again."""
    mine = chosen(request, schedule)
    days_off = get_object_or_404(mine.overrides, pk=pk, last_date__isnull=False)
    work_again(schedule=mine, days_off=days_off)
    words = _("%(first)s to %(last)s are working days again.")
    messages.success(request, words % {"first": date_format(days_off.date), "last": date_format(days_off.last)})
    return back_to(mine)
