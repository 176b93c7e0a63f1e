"""Brings calendar, meeting and mail in line with the booking (architecture.md, "The way of a booking").

Level-triggered: every pass looks at what should be true and at what is recorded as done, and does the difference.

==============  ======================================================================
``rounds``      one booking: lease, rounds until the revision stands still, when to try again
``lease``       one worker at a time; every write names its owner
``situation``   what is wanted, what is recorded, and the deadline
``content``     the words of the calendar event and of the meeting
``together``    the insert and the create, side by side
``event``       the calendar event: insert, announce, move, delete
``meeting``     the video meeting: find or create, move, delete
``link``        which link, told by whom: decided once for a revision
``messages``    our mails, once each
``trouble``     the one mail about what gave up or needs a person
``live``        the steps of a confirmed booking, in order
``waiting``     of one that waits for confirmation, or was declined: mail only
``ended``       the steps of a cancelled one
``due``         the unfinished work whose time has come
==============  ======================================================================
"""

from bookings.arrange.due import AT_MOST, arrange_due, claim_due
from bookings.arrange.rounds import arrange

__all__ = ["AT_MOST", "arrange", "arrange_due", "claim_due"]
