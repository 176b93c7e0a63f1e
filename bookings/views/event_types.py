"""What the organizer offers: cards, the form, on and off, delete."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, RestrictedError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings.forms import EventTypeForm
from bookings.models import EventType
from bookings.views.organizer import OrganizerRequest, organizer_required, page, submitted
from bookings.working_hours import schedule_of


def mine(request: OrganizerRequest, pk: int) -> EventType:
    """The organizer's own event type, or 404."""
    return get_object_or_404(EventType, pk=pk, organizer=request.organizer)


def _address(request: OrganizerRequest, event_type: EventType) -> str:
    """The link that the organizer passes on."""
    return str(settings.BASE_URL) + reverse("public:event_type", args=[request.organizer.handle, event_type.slug])


@require_safe
@organizer_required
def event_types(request: OrganizerRequest) -> HttpResponse:
    """A card for each."""
    offered = request.organizer.event_types.annotate(booked=Count("bookings"))
    cards = [(event_type, _address(request, event_type)) for event_type in offered]
    everything = settings.BASE_URL + reverse("public:organizer", args=[request.organizer.handle])
    return page(request, "event_types.html", {"cards": cards, "page_address": everything})


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def new(request: OrganizerRequest) -> HttpResponse:
    """A new event type."""
    schedule = schedule_of(request.organizer)
    return _form(request, EventType(organizer=request.organizer, schedule=schedule))


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def edit(request: OrganizerRequest, pk: int) -> HttpResponse:
    """Change one; what is booked keeps its time, place and length."""
    return _form(request, mine(request, pk))


def _form(request: OrganizerRequest, event_type: EventType) -> HttpResponse:
    known = EventType.objects.get(pk=event_type.pk) if event_type.pk else None
    form = EventTypeForm(submitted(request), instance=event_type, organizer=request.organizer)
    if request.method == "POST" and form.is_valid() and form.save_unless_taken():
        messages.success(request, _("“%(title)s” is saved.") % {"title": event_type.title})
        return redirect("organizer:event_types")
    context = {
        "form": form,
        "event_type": known,
        "address": _address(request, known) if known else "",
        "booked": known.bookings.exists() if known else False,
    }
    return page(request, "event_type.html", context, status=422 if form.errors else 200)


@require_POST
@organizer_required
def toggle(request: OrganizerRequest, pk: int) -> HttpResponse:
    """``active=1`` switches it on, anything else off: the same click twice changes nothing more."""
    event_type = mine(request, pk)
    event_type.active = request.POST.get("active") == "1"
    event_type.save(update_fields=["active"])
    words = _("“%(title)s” can be booked.") if event_type.active else _("“%(title)s” is switched off.")
    messages.success(request, words % {"title": event_type.title})
    return redirect("organizer:event_types")


@require_POST
@organizer_required
def delete(request: OrganizerRequest, pk: int) -> HttpResponse:
    """Only what was never booked can be deleted: bookings keep their history."""
    event_type = mine(request, pk)
    try:
        event_type.delete()
    except RestrictedError:
        words = _("“%(title)s” has bookings, so it stays. Switch it off instead.")
        messages.error(request, words % {"title": event_type.title})
    else:
        messages.success(request, _("“%(title)s” is deleted.") % {"title": event_type.title})
    return redirect("organizer:event_types")
