"""Schedules as a whole: another one, its name, the default, away with it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bookings import schedules
from bookings.forms_schedules import ScheduleNameForm
from bookings.views.availability import back_to, chosen, show
from bookings.views.organizer import OrganizerRequest, organizer_required


@require_POST
@organizer_required
def new(request: OrganizerRequest) -> HttpResponse:
    """A schedule more, with the default's hours to begin with."""
    form = ScheduleNameForm(request.POST, auto_id="new_%s")
    if form.is_valid():
        try:
            made = schedules.new_schedule(organizer=request.organizer, name=form.cleaned_data["name"])
        except schedules.NotDone as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("“%(name)s” is there, with the hours of your default.") % {"name": made.name})
            return back_to(made)
    return show(request, chosen(request, None), new=form, status=422)


@require_POST
@organizer_required
def rename(request: OrganizerRequest, schedule: int) -> HttpResponse:
    """Another name."""
    mine = chosen(request, schedule)
    form = ScheduleNameForm(request.POST, auto_id="name_%s")
    if not form.is_valid():
        return show(request, mine, name=form, status=422)
    schedules.rename(schedule=mine, name=form.cleaned_data["name"])
    messages.success(request, _("The name is saved."))
    return back_to(mine)


@require_POST
@organizer_required
def make_default(request: OrganizerRequest, schedule: int) -> HttpResponse:
    """New event types begin with it."""
    mine = chosen(request, schedule)
    schedules.make_default(schedule=mine)
    messages.success(request, _("“%(name)s” is your default: new event types begin with it.") % {"name": mine.name})
    return redirect("organizer:availability")


@require_POST
@organizer_required
def delete(request: OrganizerRequest, schedule: int) -> HttpResponse:
    """Only what no event type uses, and not the default."""
    mine = chosen(request, schedule)
    try:
        schedules.delete(schedule=mine)
    except schedules.NotDone as error:
        messages.error(request, str(error))
        return back_to(mine)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": mine.name})
    return redirect("organizer:availability")
