"""What happened to a booking, and the two things to do about it. What the outside follows is read-only here."""

from bookings.admin.booking import BookingAdmin
from bookings.admin.catalogue import EventTypeAdmin, MessageAdmin, OrganizerAdmin, ScheduleAdmin

__all__ = ["BookingAdmin", "EventTypeAdmin", "MessageAdmin", "OrganizerAdmin", "ScheduleAdmin"]
