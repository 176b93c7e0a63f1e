"""What an admin does about bookings, each a service's work, said in words and written into the log."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bookings import services
from bookings.admin.inlines import ModelAdmin
from bookings.arrange import arrange
from bookings.models import Booking
from bookings.services import invitees

Deed = Callable[[Booking], object]
GRAVE = ("cancel_everywhere", "erase_invitee")
"""What cannot be taken back stands apart on a booking's page."""


class BookingActions(ModelAdmin):
    """The actions of bookings' lists, and of a booking's own page."""

    actions: tuple[str, ...] = (
        "arrange_now",
        "arrange_here",
        "send_mail_again",
        "cancel_everywhere",
        "export_invitee",
        "erase_invitee",
    )

    def has_arrange_permission(self, request: HttpRequest) -> bool:
        """Who could change bookings, were they not read-only."""
        return request.user.has_perm("bookings.change_booking")

    @admin.action(description=gettext_lazy("Arrange now"), permissions=["arrange"])
    def arrange_now(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        """Make what is unfinished due now; the worker does it."""
        done = self._each(request, queryset, "Arrange now", lambda booking: services.retry(booking=booking, by="admin"))
        self._say(
            request,
            ngettext("%(count)d booking is being arranged.", "%(count)d bookings are being arranged.", done)
            % {"count": done},
        )

    @admin.action(description=gettext_lazy("Arrange here, without a worker"), permissions=["arrange"])
    def arrange_here(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        """Arrange one booking in this very request, which takes as long as its providers do."""
        booking = self._only(request, queryset)
        if booking is None:
            return
        outcome = "failed"
        try:
            services.retry(booking=booking, by="admin")
            arrange(booking.pk)
            booking.refresh_from_db()
            outcome = "unfinished" if booking.is_behind else "done"
        finally:
            self._log(request, booking, "Arrange here", outcome)
        if not booking.is_behind:
            self._say(request, _("It is arranged: calendar, meeting and mail follow the booking."))
            return
        words = booking.last_error or _("Somebody else is at it, or it waits for its time.")
        self._say(request, _("It is not finished: %s") % words, level=messages.WARNING)

    @admin.action(description=gettext_lazy("Send mail again"), permissions=["arrange"])
    def send_mail_again(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        """The mails of the present revision once more, under their Message-IDs."""
        done = self._each(request, queryset, "Send mail again", lambda booking: services.send_again(booking=booking))
        words = ngettext(
            "The mails of %(count)d booking are sent again.", "The mails of %(count)d bookings are sent again.", done
        )
        self._say(request, words % {"count": done})

    @admin.action(description=gettext_lazy("Cancel everywhere"), permissions=["arrange"])
    def cancel_everywhere(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        """Cancel: event and meeting are removed, everybody is told."""
        deed: Deed = lambda booking: services.cancel(booking=booking, by="admin")  # noqa: E731
        done = self._each(request, queryset, "Cancel everywhere", deed)
        self._say(
            request,
            ngettext("%(count)d booking is cancelled.", "%(count)d bookings are cancelled.", done) % {"count": done},
        )

    @admin.action(description=gettext_lazy("Export the invitee's data"), permissions=["arrange"])
    def export_invitee(self, request: HttpRequest, queryset: QuerySet[Booking]) -> HttpResponse | None:
        """All that is known of the invitee of one booking, as a file."""
        booking = self._named(request, queryset)
        if booking is None:
            return None
        self._log(request, booking, "Export the invitee's data")
        answer = JsonResponse(invitees.export(booking.invitee_email), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = f'attachment; filename="invitee-{booking.pk}.json"'
        return answer

    @admin.action(description=gettext_lazy("Erase the invitee's data"), permissions=["arrange"])
    def erase_invitee(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        """Forget the invitee of one booking in all of theirs that are over or cancelled."""
        booking = self._named(request, queryset)
        if booking is None:
            return
        found = invitees.forget(booking.invitee_email)
        outcome = f"erased in {found.bookings} bookings, left in {found.left}"
        self._log(request, booking, "Erase the invitee's data", outcome)
        words = ngettext(
            "%(count)d booking names nobody any more.", "%(count)d bookings name nobody any more.", found.bookings
        )
        self._say(request, words % {"count": found.bookings})
        if found.left:
            words = ngettext(
                "%(count)d booking to come, or still being worked at, was left: cancel it first.",
                "%(count)d bookings to come, or still being worked at, were left: cancel them first.",
                found.left,
            )
            self._say(request, words % {"count": found.left}, level=messages.WARNING)

    def _each(self, request: HttpRequest, queryset: QuerySet[Booking], name: str, deed: Deed) -> int:
        """Do it to each; how many it could be done to. A refusal is shown and logged."""
        done = 0
        for booking in queryset:
            try:
                deed(booking)
            except services.NotChangeable as error:
                self._log(request, booking, name, f"refused. {error}")
                self.message_user(request, f"{booking}: {error}", messages.WARNING)
            else:
                self._log(request, booking, name)
                done += 1
        return done

    def _only(self, request: HttpRequest, queryset: QuerySet[Booking]) -> Booking | None:
        """The one booking that was chosen; None, and a sentence, where there are several."""
        chosen = list(queryset[:2])
        if len(chosen) == 1:
            return chosen[0]
        self._say(request, _("Choose one booking for this."), level=messages.WARNING)
        return None

    def _named(self, request: HttpRequest, queryset: QuerySet[Booking]) -> Booking | None:
        """The one booking, with an invitee who is not forgotten yet."""
        booking = self._only(request, queryset)
        if booking is not None and not booking.invitee_email:
            self._say(request, _("Its invitee was erased already."), level=messages.WARNING)
            return None
        return booking

    def _log(self, request: HttpRequest, booking: Booking, name: str, outcome: str = "done") -> None:
        """``<action>: <how it went>``, as zinnect/audit.py takes it apart."""
        self.log_change(request, booking, f"{name}: {outcome}")

    def _say(self, request: HttpRequest, words: str, *, level: int = messages.SUCCESS) -> None:
        self.message_user(request, words, level)
