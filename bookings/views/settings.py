"""Who the organizer is, and the first steps."""

from __future__ import annotations

from typing import cast

from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings import language
from bookings.forms import OrganizerForm
from bookings.models import Organizer
from bookings.services import set_up_organizer
from bookings.views.organizer import OrganizerRequest, organizer_of, organizer_required, page, steps, submitted


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def settings(request: OrganizerRequest) -> HttpResponse:
    """Name, address of the page, time zone."""
    # A row of its own: a refused form writes what was typed into its instance, and the page speaks of what is stored.
    form = OrganizerForm(submitted(request), instance=organizer_of(request.user))
    if request.method == "POST" and form.is_valid() and _save(form):
        language.choose(request, form.cleaned_data["language"])
        messages.success(request, _("Your settings are saved."))
        return redirect("organizer:settings")
    context = {"form": form, "base_url": django_settings.BASE_URL}
    return page(request, "settings.html", context, status=422 if form.errors else 200)


def _save(form: OrganizerForm) -> bool:
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError:
        _say_taken(form)
        return False
    return True


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The first steps: who you are, Google Calendar, Zoom. For any signed-in user."""
    user = cast(User, request.user)
    organizer = organizer_of(user)
    if organizer is not None and request.method == "POST":
        return redirect("organizer:start")
    form = OrganizerForm(submitted(request), initial=_first_guess(request, user))
    if request.method == "POST" and form.is_valid() and _set_up(form, user):
        language.choose(request, form.cleaned_data["language"])
        messages.success(request, _("Your page is there. You can be booked Monday to Friday from 9:00 to 17:00."))
        return redirect("organizer:start")
    context = {
        "form": form,
        "organizer": organizer,
        "steps": (todo := steps(user.pk)),
        "next_step": next((step for step in todo if step.configured and not step.connected), None),
        "base_url": django_settings.BASE_URL,
    }
    return render(request, "bookings/organizer/start.html", context, status=422 if form.errors else 200)


def _first_guess(request: HttpRequest, user: User) -> dict[str, str]:
    return {"name": user.get_full_name(), "timezone": "UTC", "language": request.LANGUAGE_CODE}


def _set_up(form: OrganizerForm, user: User) -> bool:
    """Make the user an organizer; False, with the message at the field, when somebody was faster with the handle."""
    typed = form.cleaned_data
    try:
        set_up_organizer(
            user=user,
            handle=typed["handle"],
            timezone=str(typed["timezone"]),
            name=typed["name"],
            language=typed["language"],
        )
    except IntegrityError:
        if Organizer.objects.filter(user=user).exists():
            return True  # the same form came twice
        _say_taken(form)
        return False
    return True


def _say_taken(form: OrganizerForm) -> None:
    form.add_error("handle", _("Somebody else has this address already. Choose another one."))
