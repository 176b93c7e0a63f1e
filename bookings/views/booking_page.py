"""One booking as its organizer sees it, and the verbs: try again, reschedule, cancel."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings import services, slots
from bookings.answers import answers_of
from bookings.availability import BusyUnknown, offered
from bookings.forms import CancelForm, RescheduleForm
from bookings.models import Booking
from bookings.problems import problems
from bookings.status import current_link, page_status, unmanaged_meetings
from bookings.views.booking_state import service_name, state
from bookings.views.organizer import OrganizerRequest, organizer_required, own_booking, page, submitted

# How many days of times the reschedule page shows at once.
SHOWN_DAYS = 7


@require_safe
@organizer_required
def booking(request: OrganizerRequest, uid: UUID) -> HttpResponse:
    """Facts, link, problems and timeline."""
    mine = own_booking(request, uid)
    now = timezone.now()
    link = current_link(mine)
    trouble = problems(mine)
    linkless = mine.is_live and mine.is_video and not mine.is_over(now) and not any(link)
    context = {
        "booking": mine,
        "state": state(mine, link=link, now=now),
        "status": page_status(mine),
        "problems": trouble,
        "can_retry": bool(trouble) or mine.is_behind or linkless,
        "waits": mine.waits(now),
        "can_change": not services.why_ended(mine, now),
        "unanswered": mine.went_unanswered(now),
        "unmanaged": [(meeting, service_name(meeting.provider)) for meeting in unmanaged_meetings(mine)],
        "guests": mine.guests.all(),
        "answers": answers_of(mine),
        "timeline": mine.timeline.all(),
    }
    return page(request, "booking.html", context)


@require_POST
@organizer_required
def retry(request: OrganizerRequest, uid: UUID) -> HttpResponse:
    """Make what is unfinished due now."""
    mine = own_booking(request, uid)
    services.retry(booking=mine, by="organizer")
    messages.info(request, _("Trying again now. What comes of it shows in the history below."))
    return redirect("organizer:booking", uid=mine.uid)


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def cancel(request: OrganizerRequest, uid: UUID) -> HttpResponse:
    """Ask for a reason, then cancel."""
    mine = own_booking(request, uid)
    form = CancelForm(submitted(request))
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel(booking=mine, by="organizer", reason=form.cleaned_data["reason"])
        except services.NotChangeable as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Cancelled. %(name)s is told.") % {"name": mine.invitee_name})
        return redirect("organizer:booking", uid=mine.uid)
    context = {"booking": mine, "form": form, "unmanaged": unmanaged_meetings(mine)}
    return page(request, "cancel.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def reschedule(request: OrganizerRequest, uid: UUID) -> HttpResponse:
    """Pick another of the offered times; ``?from=2026-12-03`` shows those of the week that begins on that date."""
    mine = own_booking(request, uid)
    form = RescheduleForm(submitted(request))
    if request.method == "POST" and form.is_valid():
        start, reason = form.cleaned_data["slot"], form.cleaned_data["reason"]
        try:
            services.reschedule(booking=mine, start=start, by="organizer", reason=reason)
        except services.SlotTaken:
            form.add_error("slot", _("That time has just been taken. Pick another one."))
            return _pick(request, mine, form, status=409)
        except services.BusyUnknown:
            form.add_error(None, _("Your calendar does not answer right now, so nothing was moved. Try again shortly."))
            return _pick(request, mine, form, status=503)
        except services.NotChangeable as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Moved. %(name)s is told.") % {"name": mine.invitee_name})
        return redirect("organizer:booking", uid=mine.uid)
    return _pick(request, mine, form, status=422 if form.errors else 200)


def _pick(request: OrganizerRequest, mine: Booking, form: RescheduleForm, *, status: int) -> HttpResponse:
    """The page of times to move to."""
    zone = request.organizer.timezone
    now = timezone.now()
    today = now.astimezone(zone).date()
    first = max(_day(request.GET.get("from", "")) or today, today)
    after = first + timedelta(days=SHOWN_DAYS)
    start, end = slots.wall(zone, first, 0), slots.wall(zone, after, 0)
    unknown = False
    found: list[datetime] = []
    try:
        found = offered(mine.event_type, start=start, end=end, now=now, moving=mine)
    except BusyUnknown:
        unknown = True
    local = [moment.astimezone(zone) for moment in found if moment != mine.start]
    context = {
        "booking": mine,
        "form": form,
        "days": [(day, _labelled(list(times))) for day, times in groupby(local, key=datetime.date)],
        "busy_unknown": unknown,
        "first": first,
        "last": after - timedelta(days=1),
        "earlier": max(first - timedelta(days=SHOWN_DAYS), today) if first > today else None,
        "later": after if after <= today + timedelta(days=mine.event_type.window_days) else None,
    }
    return page(request, "reschedule.html", context, status=status)


def _labelled(times: list[datetime]) -> list[tuple[str, str]]:
    """(words, stamp) of each local time of a day; one that the clock shows twice that day is told apart by its zone."""
    shown = Counter(f"{moment:%H:%M}" for moment in times)
    return [
        (f"{moment:%H:%M %Z}" if shown[f"{moment:%H:%M}"] > 1 else f"{moment:%H:%M}", _stamp(moment))
        for moment in times
    ]


def _day(text: str) -> date | None:
    """A date as ``2026-12-03``, or None; years far away are nobody's next week."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if abs(day.year - timezone.now().year) <= 2 else None


def _stamp(moment: datetime) -> str:
    """As the forms carry it: ``2026-12-03T09:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
