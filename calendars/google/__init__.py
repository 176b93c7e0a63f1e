"""Google Calendar, as far as we use it: plain typed functions over Google's own client library.

Reference: https://developers.google.com/workspace/calendar/api/v3/reference.
"""

from calendars.google.events import Event, delete_event, get_event, insert_event, patch_event
from calendars.google.lists import BusyEvent, CalendarInfo, free_busy, list_busy_events, list_calendars

PROVIDER = "google"

__all__ = [
    "PROVIDER",
    "BusyEvent",
    "CalendarInfo",
    "Event",
    "delete_event",
    "free_busy",
    "get_event",
    "insert_event",
    "list_busy_events",
    "list_calendars",
    "patch_event",
]
