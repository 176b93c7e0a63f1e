"""The organizer's bookings: waiting for an answer, upcoming, past, cancelled; searched and paged."""

from __future__ import annotations

from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bookings.models import Booking, Organizer
from bookings.views.booking_state import held_link, state, with_link
from bookings.views.organizer import OrganizerRequest, organizer_required, page

PAGE_SIZE = 20
LONGEST_QUERY = 100


@require_safe
@organizer_required
def bookings(request: OrganizerRequest) -> HttpResponse:
    """``?show=waiting|upcoming|past|cancelled``, ``?q=`` over invitee and title, ``?page=``."""
    shows = {"waiting": _("Waiting for you"), "upcoming": _("Upcoming"), "past": _("Past"), "cancelled": _("Cancelled")}
    show = request.GET.get("show", "")
    show = show if show in shows else "upcoming"
    query = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    now = timezone.now()
    found = matching(shown(request.organizer, show=show, now=now), query)
    paged = Paginator(with_link(found), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"booking": booking, "state": state(booking, link=held_link(booking), now=now)} for booking in paged]
    waiting = shown(request.organizer, show="waiting", now=now).count()
    if not waiting and show != "waiting":
        del shows["waiting"]  # most organizers never confirm anything
    context = {"show": show, "shows": shows, "waiting": waiting, "query": query, "paged": paged, "rows": rows}
    return page(request, "bookings.html", context)


def shown(organizer: Organizer, *, show: str, now: datetime) -> QuerySet[Booking]:
    """The organizer's bookings that are ``waiting``, ``upcoming``, ``past`` or ``cancelled``, the nearest first."""
    mine = Booking.objects.filter(organizer=organizer)
    if show == "cancelled":
        return mine.exclude(status__in=Booking.HOLDING).order_by("-start", "-id")
    if show == "waiting":
        return mine.filter(status=Booking.Status.PENDING, hold_until__gt=now).order_by("start", "id")
    held = mine.filter(status__in=Booking.HOLDING)
    if show == "past":
        return held.filter(end__lte=now).order_by("-start", "-id")
    return held.filter(end__gt=now).order_by("start", "id")


def matching(found: QuerySet[Booking], query: str) -> QuerySet[Booking]:
    """Those in which ``query`` stands in the title, or in the invitee's name or address."""
    if not query:
        return found
    return found.filter(
        Q(title__icontains=query) | Q(invitee_name__icontains=query) | Q(invitee_email__icontains=query)
    )
