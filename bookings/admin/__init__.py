"""What happened to a booking, and what to do about it. What the outside follows changes by services alone."""

from bookings.admin.booking import BookingAdmin
from bookings.admin.catalogue import EventTypeAdmin, MessageAdmin, OrganizerAdmin, ScheduleAdmin
from bookings.admin.outside import CalendarEntryAdmin, MeetingAdmin

__all__ = [
    "BookingAdmin",
    "CalendarEntryAdmin",
    "EventTypeAdmin",
    "MeetingAdmin",
    "MessageAdmin",
    "OrganizerAdmin",
    "ScheduleAdmin",
]
