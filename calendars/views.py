"""Apps → Integrations → Google Calendar → Calendars: which block time, and which one receives bookings."""

from __future__ import annotations

import re

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from calendars import google
from calendars.choosing import CalendarGone, calendars_of, choose, refresh
from integrations.errors import ProviderError
from integrations.models import Connection

# As a page of ours writes a row's number: no other digits, and no more than a database holds.
_NUMBER = re.compile(r"[0-9]{1,18}")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def calendars(request: HttpRequest) -> HttpResponse:
    """The account's calendars, each with what it is for."""
    connection = _mine(request)
    if connection is None:
        return _not_connected(request)
    if request.method != "POST":
        return _show(request, connection)
    blocking, receiving = _numbers(request, "blocks"), _numbers(request, "receives")
    if len(receiving) != 1:
        return _show(request, connection, error=_("Choose one calendar that receives your bookings."))
    try:
        choose(connection, blocking=blocking, receiving=receiving[0])
    except CalendarGone:
        return _show(request, connection, error=_("One of these calendars cannot be chosen. Look at them again."))
    messages.success(request, _("Your calendars are saved. Events of earlier bookings stay where they are."))
    return redirect("calendars:calendars")


@login_required
@require_POST
@never_cache
def read_again(request: HttpRequest) -> HttpResponse:
    """Read the list at Google anew, for calendars that are new or gone."""
    connection = _mine(request)
    if connection is None:
        return _not_connected(request)
    try:
        refresh(connection)
    except ProviderError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The list is up to date."))
    return redirect("calendars:calendars")


def _mine(request: HttpRequest) -> Connection | None:
    """The signed-in user's own connected calendar account."""
    connection = Connection.objects.filter(user_id=request.user.pk or 0, provider=google.PROVIDER).first()
    return connection if connection is not None and connection.attached else None


def _not_connected(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Google Calendar is not connected."))
    return redirect("integrations:detail", google.PROVIDER)


def _numbers(request: HttpRequest, name: str) -> list[int]:
    """The rows named; 0, which is none of ours, for what is no number."""
    return [int(text) if _NUMBER.fullmatch(text) else 0 for text in request.POST.getlist(name)[:1000]]


def _show(request: HttpRequest, connection: Connection, *, error: str = "") -> HttpResponse:
    """The page; with an error, as it was typed."""
    shown = list(calendars_of(connection))
    if error:
        blocking, receiving = _numbers(request, "blocks"), _numbers(request, "receives")
        for calendar in shown:
            calendar.blocks_time = calendar.pk in blocking
            calendar.receives_bookings = calendar.can_write and calendar.pk in receiving
    context = {"connection": connection, "calendars": shown, "error": error}
    return render(request, "calendars/calendars.html", context, status=422 if error else 200)
