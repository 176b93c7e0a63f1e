"""The organizer's pages."""

from __future__ import annotations

from datetime import date

from django.urls import path, register_converter

from bookings.views import (
    account,
    answer,
    availability,
    availability_dates,
    booking_page,
    bookings_list,
    event_types,
    questions,
    schedules,
    settings,
)


class DayConverter:
    """A date as ``2026-12-03``; anything else is not found."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """Raises ValueError, which is a 404, for a date that does not exist."""
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """As it stands in the path."""
        return value.isoformat()


register_converter(DayConverter, "day")

app_name = "organizer"

urlpatterns = [
    path("bookings/", bookings_list.bookings, name="bookings"),
    path("bookings/<uuid:uid>/", booking_page.booking, name="booking"),
    path("bookings/<uuid:uid>/reschedule/", booking_page.reschedule, name="booking_reschedule"),
    path("bookings/<uuid:uid>/answer/", answer.answer, name="booking_answer"),
    path("bookings/<uuid:uid>/cancel/", booking_page.cancel, name="booking_cancel"),
    path("bookings/<uuid:uid>/retry/", booking_page.retry, name="booking_retry"),
    path("event-types/", event_types.event_types, name="event_types"),
    path("event-types/new/", event_types.new, name="event_type_new"),
    path("event-types/<int:pk>/", event_types.edit, name="event_type"),
    path("event-types/<int:pk>/questions/", questions.questions, name="questions"),
    path("event-types/<int:pk>/toggle/", event_types.toggle, name="event_type_toggle"),
    path("event-types/<int:pk>/delete/", event_types.delete, name="event_type_delete"),
    path("availability/", availability.availability, name="availability"),
    path("availability/new/", schedules.new, name="schedule_new"),
    path("availability/<int:schedule>/", availability.availability, name="schedule"),
    path("availability/<int:schedule>/name/", schedules.rename, name="schedule_rename"),
    path("availability/<int:schedule>/default/", schedules.make_default, name="schedule_default"),
    path("availability/<int:schedule>/delete/", schedules.delete, name="schedule_delete"),
    path("availability/<int:schedule>/dates/", availability_dates.add_date, name="availability_date_add"),
    path(
        "availability/<int:schedule>/dates/<day:day>/remove/",
        availability_dates.remove_date,
        name="availability_date_remove",
    ),
    path("availability/<int:schedule>/days-off/", availability_dates.add_days_off, name="availability_days_off_add"),
    path(
        "availability/<int:schedule>/days-off/<int:pk>/remove/",
        availability_dates.remove_days_off,
        name="availability_days_off_remove",
    ),
    path("settings/", settings.settings, name="settings"),
    path("settings/delete-account/", account.delete, name="account_delete"),
    path("start/", settings.start, name="start"),
]
