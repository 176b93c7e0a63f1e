"""The verbs of the domain, one transaction each."""

from bookings.availability import BusyUnknown
from bookings.services.booking import Invitee, book, cancel, reschedule, retry
from bookings.services.changes import NotChangeable, record, why_ended
from bookings.services.confirmation import confirm, decline, release_all_lapsed
from bookings.services.correction import Details, correct
from bookings.services.mails import send_again
from bookings.services.organizers import create_organizer, set_up_organizer
from bookings.services.times import SlotTaken

__all__ = [
    "BusyUnknown",
    "Details",
    "Invitee",
    "NotChangeable",
    "SlotTaken",
    "book",
    "cancel",
    "confirm",
    "correct",
    "create_organizer",
    "decline",
    "record",
    "release_all_lapsed",
    "reschedule",
    "retry",
    "send_again",
    "set_up_organizer",
    "why_ended",
]
