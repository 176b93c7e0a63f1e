"""The domain: who offers times, what can be booked, what was booked, and how far its arranging has come."""

from bookings.models.arranging import Announcement, CalendarEntry, Meeting
from bookings.models.availability import DateOverride, Schedule, WeeklyHours
from bookings.models.booking import Booking, BookingQuerySet, Guest
from bookings.models.departure import Departure
from bookings.models.event_types import EventType
from bookings.models.organizer import Organizer
from bookings.models.records import Message, TimelineEntry

__all__ = [
    "Announcement",
    "Booking",
    "BookingQuerySet",
    "CalendarEntry",
    "DateOverride",
    "Departure",
    "EventType",
    "Guest",
    "Meeting",
    "Message",
    "Organizer",
    "Schedule",
    "TimelineEntry",
    "WeeklyHours",
]
