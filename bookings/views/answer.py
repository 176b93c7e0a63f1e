"""A booking that waits for its organizer: the page that the mail leads to, and the answer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bookings import services
from bookings.answers import answers_of
from bookings.forms import AnswerForm
from bookings.models import Booking
from bookings.views.organizer import OrganizerRequest, organizer_required, own_booking, page, submitted


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def answer(request: OrganizerRequest, uid: UUID) -> HttpResponse:
    """Ask for an answer; only the POST gives it, as programs that look at mail follow its links."""
    mine = own_booking(request, uid)
    form = AnswerForm(submitted(request))
    if request.method != "POST":
        return _ask(request, mine, form)
    if not form.is_valid():
        return _ask(request, mine, form, status=422)
    try:
        words = _give(mine, form)
    except services.NotChangeable as error:
        mine.refresh_from_db()
        return _ask(request, mine, form, refusal=str(error), status=409)
    messages.success(request, words % {"name": mine.invitee_name})
    return redirect("organizer:booking", uid=mine.uid)


def _give(mine: Booking, form: AnswerForm) -> str:
    """Confirm or decline; what to say of it. Raises NotChangeable."""
    if form.cleaned_data["answer"] == AnswerForm.CONFIRM:
        services.confirm(booking=mine, seen=form.cleaned_data["seen"])
        return _("Confirmed. %(name)s is told.")
    services.decline(booking=mine, seen=form.cleaned_data["seen"], reason=form.cleaned_data["reason"])
    return _("Declined. %(name)s is told.")


def _ask(
    request: OrganizerRequest, mine: Booking, form: AnswerForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    context = {
        "booking": mine,
        "form": form,
        "refusal": refusal,
        "waits": mine.waits(now),
        "ended": services.why_ended(mine, now),
        "guests": mine.guests.all(),
        "answers": answers_of(mine),
    }
    return page(request, "answer.html", context, status=status)
