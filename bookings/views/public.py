"""The public pages: anybody may see them and book. They need no cookie and no JavaScript (contract.md, Pages)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from bookings import limits, services
from bookings.answers import Answer
from bookings.availability import BusyUnknown
from bookings.forms_answers import answered, fields_for, filled_in
from bookings.forms_public import BookingForm
from bookings.models import EventType, Organizer
from bookings.questions import Question, questions_of
from bookings.views import _choosing, _prefilled
from bookings.views._choosing import Choosing
from bookings.views._clock import Clock, counts_to_twelve
from bookings.views._framed import embeddable
from bookings.views._offers import Offers, Place, slot_text, times
from bookings.views._picker import midnight, parse_day
from bookings.views._zones import find_zone, zone_options

MAX_DAYS = 62


class SeeOther(HttpResponseRedirect):
    """To a page that shows what a form did (RFC 9110, 15.4.4)."""

    status_code = 303


@embeddable
@require_safe
@cache_control(private=True, no_cache=True)
@gzip_page
def organizer(request: HttpRequest, handle: str) -> HttpResponse:
    """What an organizer offers."""
    shown = get_object_or_404(Organizer, handle=handle, user__is_active=True)
    event_types = shown.event_types.filter(active=True, private=False)
    return render(request, "bookings/public/organizer.html", {"organizer": shown, "event_types": event_types})


@csrf_exempt  # a signed form key stands in for the cookie: _form_keys.py
@embeddable
@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)
@gzip_page
def event_type(request: HttpRequest, handle: str, slug: str) -> HttpResponse:
    """Choose a day and a time, fill in the form, book."""
    found = _event_type(handle, slug)
    return _unlisted(found, _book(request, found) if request.method == "POST" else _choose(request, found))


def _unlisted(found: EventType, response: HttpResponse) -> HttpResponse:
    """Only its link leads to a private event type: search engines leave it out."""
    if found.private:
        response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _choose(request: HttpRequest, found: EventType) -> HttpResponse:
    """The step that the address asks for: the month and its times, or the form of a time."""
    choosing = _choosing.read(request, home=found.organizer.timezone, prefilled=_prefilled.read(request))
    offers = Offers(found, timezone.now())
    if choosing.slot is not None and offers.is_near(choosing.slot):
        return _form_page(request, found, choosing, offers, choosing.slot)
    return _picker_page(request, found, choosing, offers, gone=bool(request.GET.get("slot")))


@require_safe
@cache_control(private=True, no_cache=True)
def slots_json(request: HttpRequest, handle: str, slug: str) -> HttpResponse:
    """``{"slots": ["2026-12-03T09:00:00Z", …]}`` for the dates ``start`` to ``end`` (both included) in ``tz``.

    422 with ``{"error": "…"}`` for dates or a zone that make no sense, 503 while the times cannot be known.
    """
    found = _event_type(handle, slug)
    try:
        start, end = _range(request, found)
        slots = Offers(found, timezone.now()).between(start, end)
    except ValueError as error:
        return JsonResponse({"error": str(error)}, status=422)
    except BusyUnknown:
        return JsonResponse({"error": _("Times cannot be shown right now.")}, status=503)
    return _unlisted(found, JsonResponse({"slots": [slot_text(slot) for slot in slots]}))


def _event_type(handle: str, slug: str) -> EventType:
    shown = EventType.objects.filter(active=True, organizer__user__is_active=True)
    return get_object_or_404(shown.select_related("organizer", "schedule"), organizer__handle=handle, slug=slug)


def _range(request: HttpRequest, found: EventType) -> tuple[datetime, datetime]:
    """The instants between which the asked dates lie. Raises ValueError with words to show."""
    asked = request.GET.get("tz", "")
    zone = find_zone(asked) if asked else found.organizer.timezone
    if zone is None:
        raise ValueError(_("“tz” is no time zone that we know."))
    now = timezone.now()
    first, last = (parse_day(request.GET.get(name, ""), now) for name in ("start", "end"))
    if first is None or last is None:
        raise ValueError(_("“start” and “end” have to be dates of these years, such as 2026-12-03."))
    if first > last or last - first >= timedelta(days=MAX_DAYS):
        raise ValueError(_("“end” has to lie up to %(days)d days after “start”.") % {"days": MAX_DAYS - 1})
    return midnight(first, zone), midnight(last + timedelta(days=1), zone)


def _picker_page(
    request: HttpRequest, found: EventType, choosing: Choosing, offers: Offers, *, gone: bool = False
) -> HttpResponse:
    context = {"event_type": found, "organizer": found.organizer, "choosing": choosing, "gone": gone}
    context |= {"picker": choosing.picker(offers), "zones": zone_options()}
    return render(request, "bookings/public/event_type.html", context)


def _form_page(
    request: HttpRequest, found: EventType, choosing: Choosing, offers: Offers, slot: datetime
) -> HttpResponse:
    """The form for a time, or the month again when the time has gone."""
    try:
        is_offered = slot in offers.between(slot, slot + timedelta(seconds=1))
    except BusyUnknown:
        return _picker_page(request, found, choosing, offers)
    if not is_offered:
        return _picker_page(request, found, choosing, offers, gone=True)
    initial = {**choosing.prefilled, "slot": slot_text(slot), "tz": choosing.clock.zone.key}
    form, _questions = _booking_form(found, initial=initial)
    return _show_form(request, found, form, clock=choosing.clock, slot=slot, prefilled=choosing.prefilled)


def _booking_form(
    found: EventType, data: QueryDict | None = None, *, initial: dict[str, str] | None = None
) -> tuple[BookingForm, list[Question]]:
    """The form with the event type's own questions, and these; ``initial`` is by the fields' names."""
    questions = questions_of(found)
    begin: dict[str, Any] = {**(initial or {}), **filled_in(questions, initial or {})}
    form = BookingForm(data, purpose=f"book:{found.pk}", asked=fields_for(questions), initial=begin)
    return form, questions


def _book(request: HttpRequest, found: EventType) -> HttpResponse:
    limits.spend_changes(request)
    form, questions = _booking_form(found, request.POST)
    valid = form.is_valid()
    zone: ZoneInfo = form.cleaned_data.get("tz") or found.organizer.timezone
    clock = Clock(zone=zone, twelve=counts_to_twelve(request))
    slot: datetime | None = form.cleaned_data.get("slot")
    if not valid or slot is None:
        return _show_form(request, found, form, clock=clock, slot=slot, status=422)
    try:
        if not Offers(found, timezone.now()).is_near(slot):
            raise services.SlotTaken
        invitee = _invitee(form.cleaned_data, answered(questions, form.cleaned_data))
        _within_limits(found, invitee, form_key=form.nonce)
        booking = services.book(event_type=found, start=slot, invitee=invitee, form_key=form.nonce)
    except services.SlotTaken:
        return _show_form(request, found, form, clock=clock, slot=slot, status=409)
    except BusyUnknown:
        return _show_form(request, found, form, clock=clock, slot=slot, status=503)
    return SeeOther(reverse("invitee:booking", args=[booking.token]))


def _within_limits(found: EventType, invitee: services.Invitee, *, form_key: str) -> None:
    """Raise TooMany for a booking too many; a form that comes again is no new booking."""
    if not limits.enforced() or found.bookings.filter(form_key=form_key).exists():
        return
    limits.require_room(found.organizer, email=invitee.email)
    limits.spend_told([invitee.email, *invitee.guests])


def _invitee(cleaned: dict[str, Any], answers: tuple[Answer, ...]) -> services.Invitee:
    return services.Invitee(
        name=cleaned["name"],
        email=cleaned["email"],
        timezone=cleaned["tz"],
        language=get_language() or "en",
        notes=cleaned["notes"],
        guests=cleaned["guests"],
        answers=answers,
    )


def _show_form(
    request: HttpRequest,
    found: EventType,
    form: BookingForm,
    *,
    clock: Clock,
    slot: datetime | None,
    prefilled: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form for a slot; where that has gone (409) or was none (422), with other times to choose among."""
    context: dict[str, Any] = {"event_type": found, "organizer": found.organizer, "form": form, "status": status}
    chosen = {"tz": clock.zone.key, "clock": "12" if clock.twelve else "24"}
    context |= {"clock": chosen["clock"], "zones": zone_options() if form["tz"].errors else ""}
    # What was typed stays out of addresses; what came in one stays in it.
    context["times_url"] = Place(request.path, chosen | dict(prefilled or {})).to()
    now = timezone.now()
    if status == 409 or slot is None:
        context["alternatives"] = times(Offers(found, now).nearest(slot or now), clock)
    if slot is not None:
        context |= when(clock, slot, slot + found.duration)
    context["zone_words"] = clock.zone_at(slot or now)
    context["zone_key"] = clock.zone.key
    return render(request, "bookings/public/form.html", context, status=status)


def when(clock: Clock, start: datetime, end: datetime) -> dict[str, str]:
    """A meeting's time in words, for a page."""
    return {"date": clock.date(start), "span": clock.span(start, end), "zone_words": clock.zone_at(start)}
