"""The verbs of the domain, one transaction each."""

from bookings.availability import BusyUnknown
from bookings.services.booking import Invitee, SlotTaken, book, cancel, reschedule, retry
from bookings.services.changes import NotChangeable, record, why_ended
from bookings.services.confirmation import confirm, decline, release_all_lapsed
from bookings.services.organizers import create_organizer, set_up_organizer

__all__ = [
    "BusyUnknown",
    "Invitee",
    "NotChangeable",
    "SlotTaken",
    "book",
    "cancel",
    "confirm",
    "create_organizer",
    "decline",
    "record",
    "release_all_lapsed",
    "reschedule",
    "retry",
    "set_up_organizer",
    "why_ended",
]
