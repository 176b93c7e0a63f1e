"""The invitee's pages. Whoever holds the token may see, move and cancel the booking: it is all the right there is.

So it is kept to itself: no search engine, no cache, and no Referer header that would carry it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from bookings import limits, services
from bookings.answers import answers_of
from bookings.availability import BusyUnknown
from bookings.forms_public import CancelForm, MoveForm
from bookings.invitations import ics_for
from bookings.models import Booking
from bookings.status import current_link, page_status
from bookings.views import _add_to_calendar, _choosing
from bookings.views._clock import Clock, counts_to_twelve
from bookings.views._framed import embeddable
from bookings.views._offers import Offers, slot_text, times
from bookings.views._zones import zone_options
from bookings.views.public import SeeOther, when
from bookings.words import message_of, service_name
from integrations import providers
from integrations.models import Connection

P = ParamSpec("P")
CALENDAR = "google"  # the one provider of calendars


def by_token(
    view: Callable[Concatenate[HttpRequest, Booking, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Give the view the token's booking, or answer 404; keep the address to the page."""

    @embeddable
    @wraps(view)
    def inner(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        rows = Booking.objects.select_related("organizer", "event_type__organizer", "event_type__schedule")
        response = view(request, get_object_or_404(rows, token=token), *args, **kwargs)
        add_never_cache_headers(response)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return inner


@require_safe
@by_token
def booking(request: HttpRequest, booking: Booking) -> HttpResponse:
    """What was booked and how far it is; while it is being arranged the page asks for itself again."""
    status, now = page_status(booking), timezone.now()
    provider, join_url = current_link(booking)
    clock = Clock(zone=booking.invitee_timezone, twelve=counts_to_twelve(request))
    context = _context(request, booking, clock) | {
        "status": status,
        "join_url": join_url,
        "provider": provider,
        "provider_name": service_name(provider),
        "expected_service": _expected_service(booking) if status == "arranging" and not join_url else "",
        "held_until": f"{clock.date(held)}, {clock.time(held)}" if (held := booking.hold_until) else "",
        "unanswered": booking.went_unanswered(now),
        "can_change": not services.why_ended(booking, now),
        "message": message_of(booking),
        "moved": booking.change == Booking.Change.MOVED,
        "add_links": _add_to_calendar.links(booking, join_url=join_url),
        "guests": [guest.email for guest in booking.guests.all()],
        "answers": answers_of(booking),
    }
    return render(request, "bookings/invitee/booking.html", context)


@csrf_exempt  # no cookie gives a right here, the token does; the form carries a signed key: _form_keys.py
@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def reschedule(request: HttpRequest, booking: Booking) -> HttpResponse:
    """Choose another day and time, then confirm."""
    if words := services.why_ended(booking, timezone.now()):
        return _refused(request, booking, words)
    if request.method == "POST":
        return _move(request, booking)
    choosing = _choosing.read(request, home=booking.invitee_timezone)
    offers = Offers(booking.event_type, timezone.now(), moving=booking)
    slot = choosing.slot
    context = _context(request, booking, choosing.clock)
    if slot is not None:
        try:
            if offers.is_near(slot) and slot in offers.between(slot, slot + timedelta(seconds=1)):
                return _show_move(request, booking, _move_form(booking), clock=choosing.clock, slot=slot)
        except BusyUnknown:
            slot = None  # the picker finds the same and says so
    context |= {
        "choosing": choosing,
        "picker": choosing.picker(offers),
        "zones": zone_options(),
        "gone": slot is not None,
    }
    return render(request, "bookings/invitee/reschedule.html", context)


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def cancel(request: HttpRequest, booking: Booking) -> HttpResponse:
    """Ask whether it is meant, then cancel. A booking that is cancelled already is shown as such."""
    if booking.status == Booking.Status.CANCELLED:
        return SeeOther(_page(booking))
    if request.method == "POST":
        limits.spend_changes(request)
    if words := services.why_ended(booking, timezone.now()):
        return _refused(request, booking, words)
    purpose = f"cancel:{booking.pk}"
    form = CancelForm(request.POST, purpose=purpose) if request.method == "POST" else CancelForm(purpose=purpose)
    if form.is_bound and form.is_valid():
        try:
            services.cancel(booking=booking, by="invitee", reason=form.cleaned_data["reason"])
        except services.NotChangeable as error:
            return _refused(request, booking, str(error), status=409)
        return SeeOther(_page(booking))
    context = _context(request, booking) | {"form": form}
    return render(request, "bookings/invitee/cancel.html", context, status=422 if form.is_bound else 200)


@require_safe
@by_token
def ics(request: HttpRequest, booking: Booking) -> HttpResponse:
    """The meeting as a file for any calendar (RFC 5545)."""
    if not booking.is_live:
        raise Http404
    response = HttpResponse(ics_for(booking), content_type="text/calendar; charset=utf-8; method=PUBLISH")
    response["Content-Disposition"] = 'attachment; filename="invite.ics"'
    return response


def _move(request: HttpRequest, booking: Booking) -> HttpResponse:
    limits.spend_changes(request)
    form = _move_form(booking, request.POST)
    clock = Clock(zone=booking.invitee_timezone, twelve=counts_to_twelve(request))
    valid = form.is_valid()
    slot: datetime | None = form.cleaned_data.get("slot")
    if not valid or slot is None:
        return _show_move(request, booking, form, clock=clock, slot=slot, status=422)
    try:
        if not Offers(booking.event_type, timezone.now()).is_near(slot):
            raise services.SlotTaken
        limits.require_moves_left(booking)
        services.reschedule(booking=booking, start=slot, by="invitee", reason=form.cleaned_data["reason"])
    except services.SlotTaken:
        return _show_move(request, booking, form, clock=clock, slot=slot, status=409)
    except BusyUnknown:
        return _show_move(request, booking, form, clock=clock, slot=slot, status=503)
    except services.NotChangeable as error:
        return _refused(request, booking, str(error), status=409)
    return SeeOther(_page(booking))


def _move_form(booking: Booking, data: Any = None) -> MoveForm:
    return MoveForm(data, purpose=f"move:{booking.pk}")


def _show_move(
    request: HttpRequest, booking: Booking, form: MoveForm, *, clock: Clock, slot: datetime | None, status: int = 200
) -> HttpResponse:
    """The confirmation of a new time; where that has gone, with other times to choose among."""
    context = _context(request, booking, clock) | {"form": form, "status": status}
    now = timezone.now()
    if status == 409 or slot is None:
        offers = Offers(booking.event_type, now, moving=booking)
        context["alternatives"] = times([near for near in offers.nearest(slot or now) if near != booking.start], clock)
    if slot is not None:
        context |= {"slot": slot_text(slot), "new": when(clock, slot, slot + booking.event_type.duration)}
    return render(request, "bookings/invitee/reschedule_confirm.html", context, status=status)


def _refused(request: HttpRequest, booking: Booking, words: str, *, status: int = 200) -> HttpResponse:
    context = _context(request, booking) | {"words": words}
    if request.method == "POST":
        status = 409
    return render(request, "bookings/invitee/refused.html", context, status=status)


def _context(request: HttpRequest, booking: Booking, clock: Clock | None = None) -> dict[str, Any]:
    clock = clock or Clock(zone=booking.invitee_timezone, twelve=counts_to_twelve(request))
    return {
        "booking": booking,
        "organizer": booking.organizer,
        "event_type": booking.event_type,
        "is_over": booking.is_over(timezone.now()),
        **when(clock, booking.start, booking.end),
    }


def _page(booking: Booking) -> str:
    return reverse("invitee:booking", args=[booking.token])


def _expected_service(booking: Booking) -> str:
    """Whose link will come unless something fails: calendar and video service are connected (product.md, rule 6)."""
    if not booking.is_video:
        return ""
    rows = Connection.objects.filter(user_id=booking.organizer.user_id, status=Connection.Status.CONNECTED)
    connected = set(rows.values_list("provider", flat=True))
    services_there = [provider.name for provider in providers.meeting_providers() if provider.slug in connected]
    return services_there[0] if services_there and CALENDAR in connected else ""
