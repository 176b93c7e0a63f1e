"""A booking changed by hand: a page of its own, since Django's would ask the calendar inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings import services
from bookings.forms_public import AddressField, LineField, NameField
from bookings.models import Booking

if TYPE_CHECKING:
    from bookings.admin.booking import BookingAdmin


class ByHandForm(forms.Form):
    """What the outside can follow."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    title = LineField(label=gettext_lazy("Title"), max_length=120)
    invitee_name = NameField(label=gettext_lazy("Invitee's name"), max_length=100)
    invitee_email = AddressField(
        label=gettext_lazy("Invitee's e-mail"),
        max_length=254,
        help_text=gettext_lazy("Another address gets a new manage link; the earlier one leads nowhere then."),
    )
    location_detail = LineField(label=gettext_lazy("Number or address"), max_length=300, required=False)
    start = forms.DateTimeField(
        label=gettext_lazy("Start (UTC)"),
        widget=forms.DateTimeInput(format="%Y-%m-%d %H:%M"),
        help_text=gettext_lazy("A time that the event type offers, such as 2026-12-03 09:00."),
    )

    def details(self) -> services.Details:
        """What was typed, once it is valid."""
        return services.Details(**{name: value for name, value in self.cleaned_data.items() if name != "seen"})


def by_hand(admin: BookingAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form, or change the booking and go back to its page."""
    if not admin.has_arrange_permission(request):
        raise PermissionDenied
    rows = Booking.objects.select_related("organizer__user", "event_type__organizer", "event_type__schedule")
    booking = get_object_or_404(rows, pk=pk)
    names = [name for name in ByHandForm.base_fields if name != "seen"]
    now = {name: getattr(booking, name) for name in names} | {"seen": booking.revision}
    form = ByHandForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST" and form.is_valid() and _changed(admin, request, booking, form):
        return redirect("admin:bookings_booking_change", pk)
    context = admin.admin_site.each_context(request) | {
        "title": _("Change by hand"),
        "opts": admin.opts,
        "original": booking,
        "form": form,
    }
    return render(request, "bookings/admin/by_hand.html", context, status=422 if form.errors else 200)


def _changed(admin: BookingAdmin, request: HttpRequest, booking: Booking, form: ByHandForm) -> bool:
    """Whether it could be changed; if not, the form says why at the field."""
    try:
        after = services.correct(booking=booking, seen=form.cleaned_data["seen"], details=form.details())
    except services.SlotTaken:
        form.add_error("start", _("This time is not offered, or somebody else has it."))
    except services.BusyUnknown:
        form.add_error("start", _("Google Calendar does not say right now whether this time is free. Try again later."))
    except services.NotChangeable as error:
        form.add_error(None, str(error))
    else:
        if after.revision == form.cleaned_data["seen"]:
            messages.info(request, _("Nothing was changed."))
            return True
        admin.log_change(request, after, f"Change by hand: {', '.join(_fields(form))}")
        messages.success(request, _("Changed. Calendar, meeting and mail follow."))
        return True
    return False


def _fields(form: ByHandForm) -> list[str]:
    """Their names, and never what they hold."""
    return [name for name in form.changed_data if name != "seen"]
