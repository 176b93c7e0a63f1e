"""The calendar event: inserted without telling anybody, then announced once, moved, and deleted."""

from bookings.arrange.event.announce import announce
from bookings.arrange.event.entry import intend, refresh_conference
from bookings.arrange.event.insert import insert_job
from bookings.arrange.event.remove import remove

__all__ = ["announce", "insert_job", "intend", "refresh_conference", "remove"]
