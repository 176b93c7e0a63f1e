"""The verbs of the domain, one transaction each."""

from bookings.availability import BusyUnknown
from bookings.services.booking import (
    Invitee,
    NotChangeable,
    SlotTaken,
    book,
    cancel,
    record,
    reschedule,
    retry,
)
from bookings.services.organizers import create_organizer, set_up_organizer

__all__ = [
    "BusyUnknown",
    "Invitee",
    "NotChangeable",
    "SlotTaken",
    "book",
    "cancel",
    "create_organizer",
    "record",
    "reschedule",
    "retry",
    "set_up_organizer",
]
