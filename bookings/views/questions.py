"""What an event type asks of its invitees."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bookings.forms_questions import Questions, stored_questions
from bookings.models import EventType
from bookings.questions import ask
from bookings.views.event_types import mine
from bookings.views.organizer import OrganizerRequest, organizer_required, page


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def questions(request: OrganizerRequest, pk: int) -> HttpResponse:
    """All of them on one page. The button ``add`` only changes what is on the page; saving is a click of its own."""
    event_type = mine(request, pk)
    if request.method != "POST":
        return _show(request, event_type, stored_questions(event_type))
    sent = Questions(request.POST)
    if "add" in request.POST:
        return _show(request, event_type, sent.one_more(), unsaved=True)
    if not sent.is_valid():
        return _show(request, event_type, sent, status=422)
    ask(event_type, sent.typed)
    messages.success(request, _("The questions of “%(title)s” are saved.") % {"title": event_type.title})
    return redirect("organizer:questions", pk=event_type.pk)


def _show(
    request: OrganizerRequest, event_type: EventType, shown: Questions, *, unsaved: bool = False, status: int = 200
) -> HttpResponse:
    context = {"event_type": event_type, "questions": shown, "unsaved": unsaved}
    return page(request, "questions.html", context, status=status)
