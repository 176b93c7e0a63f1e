"""The one mail to the organizer about what gave up or needs a person: a row first, once for a revision.

It is sent at once when no further try will help, and after a while when tries go on and on. It is not sent

- when the organizer's own mail of this revision says it: why people got another link, or our mail in place of Google's;
- when all that is needed is a lost connection, which has a mail of its own (integrations/notices.py);
- when the meeting is over, and nobody needs anything mended any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from bookings import trouble_mail
from bookings.arrange import messages, retry
from bookings.arrange.situation import Situation
from bookings.models import Message
from bookings.problems import problems

# Most outages of providers are over within the hour, and by then tries are ten minutes apart. Where the meeting is
# near, half of the time that is left belongs to the organizer; a minute has half a dozen tries in it.
LONG, SHORT = timedelta(hours=1), timedelta(minutes=1)


def tell(s: Situation, *, gave_up: bool = False) -> None:
    """Send the mail if it is called for and was not sent; what cannot be sent now is unfinished."""
    if s.booking.is_over(timezone.now()):
        return
    mine = (message for message in s.messages if message.revision == s.revision)
    message = next((message for message in mine if message.kind == Message.Kind.TROUBLE), None)
    if message is not None and message.state in (Message.State.SENT, Message.State.FAILED):
        return
    if not (gave_up or _is_called_for(s)):
        if message is not None:  # mended before it could be sent
            s.write(message, state=Message.State.DROPPED)
        return
    if message is None:
        message = _row(s)
    if s.is_due(message):
        known = trouble_mail.in_hand(s.booking)
        messages.send(s, [(message, trouble_mail.mail(message, problems(s.booking), known=known, gave_up=gave_up))])


def _row(s: Situation) -> Message:
    s.lease.require(s.revision)
    message = Message.objects.create(
        booking=s.booking,
        revision=s.revision,
        kind=Message.Kind.TROUBLE,
        role=Message.Role.ORGANIZER,
        to_email=s.booking.organizer.email,
    )
    s.messages.append(message)
    return message


def _is_called_for(s: Situation) -> bool:
    return _needs_a_person(s) or _goes_on_and_on(s)


def _needs_a_person(s: Situation) -> bool:
    """Whether something will not mend itself, of which the organizer's own mail says nothing."""
    if s.booking.is_live and s.announcement is None:
        return False  # decided by the deadline at the latest, with a mail that says why
    noted = s.booking.timeline.filter(is_problem=True, at__gte=s.booking.revised_at)
    if not s.unfinished and not noted.exists():
        return False
    said = s.announcement.why if s.announcement else ""
    return any(problem.needs_person and problem.text not in said for problem in problems(s.booking))


def _goes_on_and_on(s: Situation) -> bool:
    """Whether tries fail one after the other, and have done so for long; if not yet, it is looked at then.

    What waits for a time that the provider named, tomorrow say, is not tried in vain meanwhile.
    """
    soon = min(timezone.now() + retry.AT_MOST, s.last_moment)
    if not any(words and due < soon for due, words in s.unfinished.values()):
        return False
    patience = _patience(s)
    if timezone.now() >= patience:
        return True
    s.later("trouble", patience)
    return False


def _patience(s: Situation) -> datetime:
    """Until when failing tries are nobody's business but ours."""
    left = max(s.booking.start - s.deadline, timedelta())
    return s.deadline + max(min(LONG, left / 2), SHORT)
