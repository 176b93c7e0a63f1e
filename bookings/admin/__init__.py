"""What happened to a booking, and what to do about it. What the outside follows changes by services alone."""

from bookings.admin.booking import BookingAdmin
from bookings.admin.catalogue import EventTypeAdmin, MessageAdmin, OrganizerAdmin, ScheduleAdmin

__all__ = ["BookingAdmin", "EventTypeAdmin", "MessageAdmin", "OrganizerAdmin", "ScheduleAdmin"]
